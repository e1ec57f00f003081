"""Computes and checks a lender's marts over all months within the step that publishes them.

In a step of its own, one mart that fails would keep every reader from the rest of the publication.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.assets.sql_asset import reporting_variables
from cleargrid_assets.assets.table_run import TableRun
from cleargrid_assets.staleness import rules_of
from cleargrid_assets.warehouse.conflicts import retry_conflicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cleargrid_assets.assets.mart_tables import MartTable
    from cleargrid_assets.warehouse.warehouse import Transactions


@dataclass(kw_only=True)
class MartRun(TableRun):
    """The marts of a run over all months. `version`: of all months, got before their rows are read."""

    version: dg.DataVersion

    def begin(self, transaction: Transactions) -> None:
        """Do nothing: `summary_version`, which made the version, has verified the warehouse."""

    # A mart's `store` needs no month; a run of marts holds nothing else.
    def store(self, computed: MartTable, transaction: Transactions) -> dg.MaterializeResult[None]:  # type: ignore[override]
        """Replace the whole table in a transaction, repeated after a conflict."""

        def store() -> None:
            with transaction() as connection:
                computed.store(connection, self.warehouse.settings, self._rules)

        retry_conflicts(store, self.context.log)
        return dg.MaterializeResult(asset_key=self.keys.table(computed.table), data_version=self.version)

    @cached_property
    def variables(self) -> Mapping[str, object]:
        """What the checks read with `getvariable`."""
        return {**reporting_variables(self.warehouse.settings), "rules_version": self._rules}

    @property
    def _rules(self) -> str:
        return rules_of(self.version.value)
