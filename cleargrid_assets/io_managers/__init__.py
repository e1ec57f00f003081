"""The I/O manager of the warehouse. Its errors say what to do next; what it stores and how is in `tables`.

Importing it needs neither pandas nor DuckDB: a month's run has it at hand and stores nothing through it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.failures import RETRIES, dagster_failures
from cleargrid_assets.warehouse.conflicts import retry_conflicts

if TYPE_CHECKING:
    from dagster._core.storage.db_io_manager import DbIOManager

    from cleargrid_assets.connections import WarehouseConnection


class WarehouseIOManager(dg.IOManager):
    """Stores each output in its table of the warehouse; loads a table's rows, or those of a month."""

    def __init__(self, resource: WarehouseConnection, retries: dg.RetryPolicy = RETRIES) -> None:
        self._resource, self._retries = resource, retries

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Store `obj`. Raises `dagster.Failure` if that fails; the table is then unchanged."""
        with dagster_failures(self._retries, retries_so_far=context.step_context.previous_attempt_count):
            retry_conflicts(lambda: self._tables.handle_output(context, obj), context.log)

    def load_input(self, context: dg.InputContext) -> object:
        """The stored rows. Raises `dagster.Failure` if they cannot be read."""
        with dagster_failures():
            return self._tables.load_input(context)

    @cached_property
    def _tables(self) -> DbIOManager:
        """Imported with the first output or input: it brings pandas, a third of a second of start-up."""
        from cleargrid_assets.io_managers.tables import warehouse_tables  # noqa: PLC0415 - see the docstring

        return warehouse_tables(self._resource)
