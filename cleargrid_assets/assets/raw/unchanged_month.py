"""Ends a load that found nothing changed: it writes the figures that depend on its time, and nothing else is computed.

The load leaves the tables that follow from rows and rules alone as they are, and Dagster skips them. Whether they are
up to date is decided in `staleness`; what depends on a load's time is listed in `assets.analytics`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg
import duckdb
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.storage.tags import BACKFILL_ID_TAG

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.month_checks import log_results, run_checks
from cleargrid_assets.assets.month_run import (
    check_variables,
    month_tables_of,
    read_month_checks,
    red_datasets,
    store_month,
)
from cleargrid_assets.client import SettingsError
from cleargrid_assets.outcome_map import OutcomeMapError
from cleargrid_assets.partitions import month_of
from cleargrid_assets.run_history import last_materialization
from cleargrid_assets.staleness import DataVersions
from cleargrid_assets.tables.d23 import D23

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date

    from cleargrid_assets.assets.raw.load_month import MonthLanded
    from cleargrid_assets.assets.table_run import ComputedTable
    from cleargrid_assets.connections import WarehouseConnection
    from cleargrid_assets.marts import Marts
    from cleargrid_assets.sql_checks import SqlCheck
    from cleargrid_assets.tables.table import Table

OUTDATED = """
SELECT count(*) = 0 OR bool_or(held.rules_version <> $rules OR held.load_number <> version.load_number)
FROM {table} AS held
INNER JOIN raw.month_versions AS version ON held.month = version.month
WHERE held.month = $month
"""
"""True if a table holds the month from other rows or under other rules, or not at all."""

MART_ROWS = "SELECT count(*) FROM {table} WHERE month = $month AND rules_version = $rules"
"""A lender's mart may have no row for a month; it holds the month if it has as many as were written."""

UNCHANGED = "The load found the month's rows unchanged."


@dataclass(frozen=True)
class UnchangedMonth:
    """A month whose tables hold what its rows and the rules give.

    `rules`: their version. `marts`: the lender's own, without those that have to wait for another dataset. `results`:
    what the checks on tables that no load writes have found.
    """

    context: dg.AssetExecutionContext
    warehouse: WarehouseConnection
    rules: str
    marts: Marts
    results: Mapping[SqlCheck, dg.AssetCheckResult]

    @cached_property
    def keys(self) -> AssetKeys:
        """The keys of the assets."""
        return AssetKeys.of(self.warehouse.settings)

    @property
    def month(self) -> date:
        """The run's month."""
        return month_of(self.context.partition_key)

    def rows(self, landed: MonthLanded) -> dg.AssetMaterialization:
        """The event that records the load of the rows. Without the step's output, Dagster skips what depends on it."""
        tags = {DATA_VERSION_TAG: landed.landed.version}
        return self._materialization(self.keys.table(D23.rows), UNCHANGED, landed.result.metadata or {}, tags)

    def derived_tables(self) -> Iterator[dg.AssetMaterialization]:
        """Write the tables that depend on the load's time; record them, and the results of all checks."""
        written = written_by_a_load(self.marts)
        self.context.log.info(
            "The month's rows have not changed, and its tables follow from them under the current rules. This run "
            "writes %s, which depend on the load's time, and computes nothing else.",
            " and ".join(computed.table.qualified_name for computed in written),
        )
        with self.warehouse.warehouse().transactions() as transaction:
            for computed in written:
                rules = self.marts.rules_of(computed.table, self.rules)
                metadata = store_month(self.context, transaction, computed, self.warehouse.settings, rules)
                yield self._again(computed.table, f"{UNCHANGED} The figures are as of this load.", metadata)
            with transaction() as connection:
                found = _check([computed.table for computed in written], self.marts, connection, self._variables)
        for table in self._tables_of_backfill:
            yield self._again(table, f"{UNCHANGED} The table was not computed again.", {})
        results = {**self.results, **found}
        for table in (computed.table for computed in month_tables_of(self.marts)):
            of_table = {check: result for check, result in results.items() if check.table == table}
            log_results(self.context, self.keys.table(table), of_table, self.month)

    @cached_property
    def _tables_of_backfill(self) -> list[Table]:
        """The skipped tables, if a backfill of assets waits for them: it counts a table without an event as failed."""
        backfill_id = self.context.run.tags.get(BACKFILL_ID_TAG)
        backfill = self.context.instance.get_backfill(backfill_id) if backfill_id else None
        if backfill is None or not backfill.is_asset_backfill:
            return []
        selected = self.context.run.asset_selection or frozenset()
        return [table for table in skipped_by_a_load(self.marts) if self.keys.table(table) in selected]

    @property
    def _variables(self) -> Mapping[str, object]:
        return check_variables(self.warehouse.settings, self.rules, self.month)

    def _again(self, table: Table, description: str, metadata: Mapping[str, Any]) -> dg.AssetMaterialization:
        """The table's latest materialization once more: it has the same versions of data, code and inputs."""
        key = self.keys.table(table)
        record = last_materialization(self.context.instance, key, self.context.partition_key)
        event = record.asset_materialization if record else None
        assert event is not None  # the month is computed
        return self._materialization(key, description, {**event.metadata, **metadata}, event.tags or {})

    def _materialization(
        self, key: dg.AssetKey, description: str, metadata: Mapping[str, Any], tags: Mapping[str, str]
    ) -> dg.AssetMaterialization:
        return dg.AssetMaterialization(
            key, partition=self.context.partition_key, description=description, metadata=metadata, tags=tags
        )


def find_unchanged(
    context: dg.AssetExecutionContext, landed: MonthLanded, warehouse: WarehouseConnection
) -> UnchangedMonth | None:
    """The month, if its tables were computed from the rows that the load found, and their checks hold.

    None if anything has to be computed. Raises `WarehouseError`.
    """
    try:
        versions = DataVersions.of(context.instance, warehouse)
    except (SettingsError, OutcomeMapError):
        return None  # what computes the tables says what is wrong
    marts = versions.marts.without(red_datasets(versions, context.partition_key))  # the others stay as they are
    rules, versions = versions.rules, replace(versions, marts=marts)
    if not versions.is_computed(context.partition_key, landed.landed.version):
        return None
    month = month_of(context.partition_key)
    try:
        with warehouse.warehouse().reading() as connection:
            if landed.landed.rows_of_month and _is_outdated(connection, versions, month):
                context.log.warning(
                    "The rows have not changed, but the warehouse does not hold the tables made of them."
                )
                return None
            variables = check_variables(warehouse.settings, rules, month)
            results = _check(skipped_by_a_load(marts), marts, connection, variables)
    except duckdb.Error as error:
        context.log.warning("The rows have not changed, but a table cannot be checked: %s", error)
        return None
    failed = [check.name for check, result in results.items() if _is_error(result)]
    if failed:
        context.log.warning("The rows have not changed, but checks of the tables fail: %s.", ", ".join(failed))
        return None
    return UnchangedMonth(context, warehouse, rules, marts, results)


def written_by_a_load(marts: Marts) -> list[ComputedTable]:
    """The tables that depend on the time of a load, each after its sources."""
    return [computed for computed in month_tables_of(marts) if computed.is_as_of_the_load]


def skipped_by_a_load(marts: Marts) -> list[Table]:
    """The tables that stay as they are when a load has found nothing changed."""
    return [computed.table for computed in month_tables_of(marts) if not computed.is_as_of_the_load]


def _is_outdated(connection: duckdb.DuckDBPyConnection, versions: DataVersions, month: date) -> bool:
    """True if a skipped table does not hold the month as it would be computed now.

    The event log alone does not prove that: the warehouse may have been restored, or a table changed by hand.
    """
    return any(
        _is_mart_outdated(connection, versions, table, month)
        if table in versions.marts.tables
        else _value(connection, OUTDATED, table, versions.rules, month)
        for table in skipped_by_a_load(versions.marts)
    )


def _is_mart_outdated(connection: duckdb.DuckDBPyConnection, versions: DataVersions, mart: Table, month: date) -> bool:
    held = _value(connection, MART_ROWS, mart, versions.marts.rules_of(mart, versions.rules), month)
    return held != versions.rows_written(mart, f"{month:%Y-%m-%d}")


def _value(connection: duckdb.DuckDBPyConnection, sql: str, table: Table, rules: str, month: date) -> object:
    parameters = {"rules": rules, "month": month}
    ((value,),) = connection.execute(sql.format(table=table.qualified_name), parameters).fetchall()
    return value


def _check(
    tables: Collection[Table],
    marts: Marts,
    connection: duckdb.DuckDBPyConnection,
    variables: Mapping[str, object],
) -> Mapping[SqlCheck, dg.AssetCheckResult]:
    """The results of all checks on the month in `tables`. Raises `duckdb.Error`."""
    checks = [check for check in read_month_checks(marts) if check.table in tables]
    return run_checks(checks, connection, variables)


def _is_error(result: dg.AssetCheckResult) -> bool:
    return not result.passed and result.severity is dg.AssetCheckSeverity.ERROR
