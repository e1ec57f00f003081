"""Computes and checks the tables of a month within a run: one step, one opening of the warehouse.

Change what a month's tables and their versions are here; `table_run` goes from table to table. The assets are in
`month_tables`, what a table is made of in `core` and `analytics`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.assets import analytics, core
from cleargrid_assets.assets.mart_tables import MartTable
from cleargrid_assets.assets.materialization_metadata import month_metadata
from cleargrid_assets.assets.month_checks import blocking_checks
from cleargrid_assets.assets.sql_asset import reporting_variables, where_month
from cleargrid_assets.assets.table_run import ComputedTable, TableRun
from cleargrid_assets.landing.warehouse_identity import verify_settings
from cleargrid_assets.load_history import is_usable
from cleargrid_assets.marts import NO_MARTS
from cleargrid_assets.partitions import month_of
from cleargrid_assets.sql_checks import SqlCheck, read_checks, read_mart_checks, read_raw_checks
from cleargrid_assets.staleness import DataVersions, rules_of, tag_run
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.warehouse.conflicts import retry_conflicts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from cleargrid_assets.asset_keys import AssetKeys
    from cleargrid_assets.marts import Marts
    from cleargrid_assets.settings import Settings
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.tables.table import Table
    from cleargrid_assets.warehouse.warehouse import Transactions


MONTH_TABLES: tuple[ComputedTable, ...] = (*core.BY_MONTH, *analytics.BY_MONTH)
"""Ours, in the order of computation: each after its sources."""

OF_A_LOAD = (D23.loads, D23.changes, D23.quarantine)
"""What every load writes, whether or not the rows have changed."""


def month_tables_of(marts: Marts) -> tuple[ComputedTable, ...]:
    """Our monthly tables, then a lender's own; a mart of figures that depend on a load's time depends on it, too."""
    as_of_the_load = {*OF_A_LOAD, *(computed.table for computed in MONTH_TABLES if computed.is_as_of_the_load)}
    tables: list[ComputedTable] = [*MONTH_TABLES]
    for mart in marts.by_month:
        computed = MartTable(mart, is_as_of_the_load=not as_of_the_load.isdisjoint(mart.inputs))
        if computed.is_as_of_the_load:
            as_of_the_load.add(mart.table)
        tables.append(computed)
    return tuple(tables)


def store_month(
    context: dg.AssetExecutionContext,
    transaction: Transactions,
    computed: ComputedTable,
    settings: Settings,
    rules: str,
) -> Mapping[str, Any]:
    """Replace the run's month of a table in a transaction, repeated after a conflict; return its metadata.

    Raises `OutcomeMapError` or `WarehouseError`.
    """
    month = month_of(context.partition_key)

    def store() -> Mapping[str, Any]:
        with transaction() as connection:
            own = computed.store(connection, settings, rules, month)
            return {**own, **month_metadata(connection, computed.table.qualified_name, where_month(month))}

    return retry_conflicts(store, context.log)


def red_datasets(versions: DataVersions, month: str) -> set[RawDataset]:
    """The datasets besides D23 that marts read and whose rows of the month failed a blocking check."""
    return {
        dataset
        for dataset in versions.marts.datasets
        if not is_usable(versions.instance, versions.keys.table(dataset.rows), month, blocking_checks(dataset))
    }


def read_month_checks(marts: Marts = NO_MARTS) -> list[SqlCheck]:
    """The checks of the monthly tables."""
    checks = (*read_checks("core"), *read_checks("analytics"), *read_mart_checks(marts))
    return [check for check in checks if check.table.is_partitioned]


def blocking_check_keys(dataset: RawDataset, keys: AssetKeys, marts: Marts = NO_MARTS) -> list[dg.AssetCheckKey]:
    """The checks that a month's rows of the dataset must pass, and the tables that are computed from them."""
    checks = [*read_raw_checks(dataset), *(read_month_checks(marts) if dataset == D23 else [])]
    return [dg.AssetCheckKey(keys.table(check.table), check.name) for check in checks if check.is_blocking]


def check_variables(settings: Settings, rules: str, month: date) -> Mapping[str, object]:
    """What the checks of monthly tables read with `getvariable`."""
    return {**reporting_variables(settings), "rules_version": rules, "month": month}


@dataclass
class MonthRun(TableRun):
    """The step of a run of a month."""

    def begin(self, transaction: Transactions) -> None:
        """Verify that the warehouse is that of the settings, tag the run, set aside what failed a blocking check."""
        with transaction() as connection:
            verify_settings(connection, self.warehouse.settings, self.warehouse.warehouse().display_name)
        if self.context.selected_asset_keys:
            tag_run(self.context, self._versions.of_month(self.context.partition_key))
        for dataset in red_datasets(self._versions, self.context.partition_key):
            self.unusable.update(dataset.tables)

    def store(self, computed: ComputedTable, transaction: Transactions) -> dg.MaterializeResult[None]:
        """Replace the table's month."""
        version = self._version_of(computed)
        # The rules of its sources, which are older than the current ones if a source is stale.
        metadata = store_month(self.context, transaction, computed, self.warehouse.settings, rules_of(version))
        return dg.MaterializeResult(
            asset_key=self.keys.table(computed.table), metadata=metadata, data_version=dg.DataVersion(version)
        )

    def _version_of(self, computed: ComputedTable) -> str:
        """The version of the table's inputs, recorded before their rows are read, so that it is never too new.

        A month that is computed from a stale table is as stale as that table.
        """
        month, monthly = self.context.partition_key, self._versions.tables
        known = ((source, self._known_version(source)) for source in computed.sources if source in monthly)
        stale = (version for source, version in known if version != self._versions.current(source, month))
        version = next(stale, self._versions.current(computed.table, month))
        self._known[computed.table] = version
        return version

    def _known_version(self, table: Table) -> str:
        """The version of a table that this step has computed, or of its last computation."""
        if table not in self._known:
            self._known[table] = self._versions.of_table(table, self.context.partition_key)
        return self._known[table]

    @cached_property
    def _known(self) -> dict[Table, str]:
        return {}

    @cached_property
    def _versions(self) -> DataVersions:
        return DataVersions.of(self.context.instance, self.warehouse)

    @cached_property
    def variables(self) -> Mapping[str, object]:
        """What the checks read with `getvariable`."""
        return check_variables(self.warehouse.settings, self._versions.rules, month_of(self.context.partition_key))
