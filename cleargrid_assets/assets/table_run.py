"""Computes and checks several tables within one step: a table that fails stops only what is made of it.

Change what happens from table to table here. A month's are in `month_run`, a lender's own over all months in
`mart_run`.

Each table is a transaction and has checks of its own, which read what was committed. While a blocking one fails, or a
table cannot be computed, nothing is computed from that table, and everything else still is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.month_checks import run_checks, step_results
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.partitions import month_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date
    from pathlib import Path

    import duckdb

    from cleargrid_assets.connections import WarehouseConnection
    from cleargrid_assets.settings import Settings
    from cleargrid_assets.sql_checks import SqlCheck
    from cleargrid_assets.tables.table import Table
    from cleargrid_assets.warehouse.warehouse import Transactions

    StepEvents = Iterator[dg.MaterializeResult[None] | dg.Output[None] | dg.AssetCheckEvaluation]


class ComputedTable(Protocol):
    """A table: what it is made of, and how a month of it is computed."""

    @property
    def table(self) -> Table:
        """The table."""

    @property
    def sources(self) -> tuple[Table, ...]:
        """The tables that its rows are made of."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that its rows follow from, besides those that all tables share."""

    @property
    def language(self) -> str:
        """What computes it, for the UI."""

    @property
    def description(self) -> str:
        """The text of its page."""

    @property
    def is_as_of_the_load(self) -> bool:
        """True if its figures depend on the time of the month's last load."""

    def store(
        self, connection: duckdb.DuckDBPyConnection, settings: Settings, rules: str, month: date
    ) -> Mapping[str, Any]:
        """Replace the month in the open transaction; return metadata of its own."""


@dataclass
class TableRun(ABC):
    """The step of a run.

    `unusable`: the tables that could not be computed, or of which a blocking check fails. `failures`: by their place.
    """

    context: dg.AssetExecutionContext
    warehouse: WarehouseConnection
    tables: Sequence[ComputedTable]
    checks: Sequence[SqlCheck]
    retries: dg.RetryPolicy | None = None
    unusable: set[Table] = field(default_factory=set)
    failures: dict[str, dg.Failure] = field(default_factory=dict)

    @abstractmethod
    def begin(self, transaction: Transactions) -> None:
        """Do what precedes the first table."""

    @abstractmethod
    def store(self, computed: ComputedTable, transaction: Transactions) -> dg.MaterializeResult[None]:
        """Store what the run computes of a table."""

    @property
    @abstractmethod
    def variables(self) -> Mapping[str, object]:
        """What the checks read with `getvariable`."""

    def events(self) -> StepEvents:
        """Compute and check what the run selects; then call `raise_failures`."""
        with self._dagster_failures(), self._transactions() as transaction:
            self.begin(transaction)
            for computed in self.tables:
                if self.keys.table(computed.table) in self.context.selected_asset_keys:
                    materialization = self._compute(computed, transaction)
                    if materialization is None:
                        continue
                    yield materialization
                yield from self._check(computed.table, transaction)

    def raise_failures(self) -> None:
        """Raise the failures as one. Dagster adds the failed checks."""
        if self.failures:
            raise _combined(self.failures)

    @cached_property
    def keys(self) -> AssetKeys:
        """The keys of the assets."""
        return AssetKeys.of(self.warehouse.settings)

    def _transactions(self) -> AbstractContextManager[Transactions]:
        """One opening of the warehouse for the whole step; checks alone only read it."""
        warehouse = self.warehouse.warehouse()
        return warehouse.transactions() if self.context.selected_asset_keys else nullcontext(warehouse.reading)

    def _compute(self, computed: ComputedTable, transaction: Transactions) -> dg.MaterializeResult[None] | None:
        """What the run computes of the table; None if it stays as it was."""
        table, unusable = computed.table, [source for source in computed.sources if source in self.unusable]
        if unusable:
            self.unusable.add(table)
            self.context.log.info("%s stays as it was: see %s.", table.qualified_name, unusable[0].qualified_name)
            return None
        with self._collected_failure(table.qualified_name, spoils=table):
            return self.store(computed, transaction)
        return None

    def _check(self, table: Table, transaction: Transactions) -> StepEvents:
        """The results of the table's checks, each of which is run although another one cannot be."""
        asset, selected = self.keys.table(table), self.context.selected_asset_check_keys
        results: dict[SqlCheck, dg.AssetCheckResult] = {}
        for check in self.checks:
            if check.table == table and dg.AssetCheckKey(asset, check.name) in selected:
                place = f"The check {check.name} of {table.qualified_name}"
                spoiled = table if check.is_blocking else None
                with self._collected_failure(place, spoils=spoiled), transaction() as connection:
                    results |= run_checks([check], connection, self.variables)
        if any(check.is_blocking and not result.passed for check, result in results.items()):
            self.unusable.add(table)
        month = month_of(self.context.partition_key) if self.context.has_partition_key else None
        yield from step_results(self.context, asset, results, month)

    @contextmanager
    def _collected_failure(self, place: str, *, spoils: Table | None) -> Iterator[None]:
        """Keep a failure for the end of the step and go on without the table that it spoils.

        An error that may pass ends the step at once, and Dagster runs it again.
        """
        try:
            with self._dagster_failures():
                yield
        except dg.Failure as failure:
            self.failures[place] = failure
            if spoils:
                self.unusable.add(spoils)

    def _dagster_failures(self) -> dagster_failures:
        return dagster_failures(self.retries, retries_so_far=self.context.retry_number)


def _combined(failures: Mapping[str, dg.Failure]) -> dg.Failure:
    """The step's failure: what failed where, with the metadata of the first."""
    first, *_ = failures.values()
    sentences = " ".join(f"{place}: {failure.description}" for place, failure in failures.items())
    combined = dg.Failure(sentences, metadata=first.metadata, allow_retries=False)
    combined.__cause__ = first
    return combined
