"""The checks on the ledger of a dataset, such as `raw/d23_loads`, as Dagster checks, and the state that they look at.

Add to that state here, and list a new check; the checks are in `freshness`, `month_health` and `sampled_days`.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.month_run import blocking_check_keys
from cleargrid_assets.checks.freshness import (
    LedgerState,
    every_recent_month_was_read_again,
    the_last_closed_month_arrived,
    the_newest_attempt_is_recent,
)
from cleargrid_assets.checks.month_health import RunHistory, every_month_is_in_order, find_failures
from cleargrid_assets.checks.sampled_days import build_sampled_days_check
from cleargrid_assets.connections import Clock, WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.landing.ledger import held_versions, last_loads, to_naive_utc
from cleargrid_assets.load_history import landed_versions
from cleargrid_assets.marts import Marts
from cleargrid_assets.staleness import DataVersions
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.tables.dataset import RawDataset
from cleargrid_assets.warehouse import WarehouseMissingError

if TYPE_CHECKING:
    from cleargrid_assets.warehouse.warehouse import Warehouse

NEWEST = "SELECT max({cursor}) FROM {rows} WHERE {cursor} <= ?"

FreshnessCheck = Callable[[LedgerState], dg.AssetCheckResult]
ARRIVED = (
    "The newest month that ended at least six hours ago was read after its end. Red: every figure lacks its rows or "
    "its last days; the result says where to look and how to read it now."
)
READ_AGAIN = (
    "The open month and the CLEARGRID_TRAILING_MONTHS before it were each read within the last 30 hours, whatever else "
    "was backfilled. Red: the figures lack the changes that ClearGrid has made since."
)
NEWEST_IS_RECENT = (
    "The newest landed attempt is less than 72 hours old. Red: nobody called, ClearGrid is late, or nothing was read; "
    "the result says which."
)
IN_ORDER = (
    "No month since CLEARGRID_START_MONTH is missing, failed or stale. Red: the result lists the months, the reasons, "
    "and one command that repairs them all."
)
FRESHNESS_CHECKS: tuple[tuple[FreshnessCheck, str], ...] = (
    (the_last_closed_month_arrived, ARRIVED),
    (every_recent_month_was_read_again, READ_AGAIN),
    (the_newest_attempt_is_recent, NEWEST_IS_RECENT),
)


def build_ledger_checks(
    dataset: RawDataset,
    months: dg.MonthlyPartitionsDefinition,
    keys: AssetKeys,
    marts: Marts,
) -> list[dg.AssetChecksDefinition]:
    """The freshness checks of the dataset, the check that lists its months to repair, and that of the sampled days."""
    freshness = [_freshness_check(dataset, months, check, description, keys) for check, description in FRESHNESS_CHECKS]
    health = _month_health_check(dataset, months, keys, marts)
    return [*freshness, health, build_sampled_days_check(dataset, months, keys)]


def _freshness_check(
    dataset: RawDataset,
    months: dg.MonthlyPartitionsDefinition,
    check: FreshnessCheck,
    description: str,
    keys: AssetKeys,
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=keys.table(dataset.loads),
        name=check.__name__,
        description=description,
        additional_deps=[keys.table(dataset.rows)],
    )
    def freshness(
        warehouse: dg.ResourceParam[WarehouseConnection], clock: dg.ResourceParam[Clock]
    ) -> dg.AssetCheckResult:
        return check(_ledger_state(dataset, months, warehouse, clock.now()))

    return freshness


def _month_health_check(
    dataset: RawDataset,
    months: dg.MonthlyPartitionsDefinition,
    keys: AssetKeys,
    marts: Marts,
) -> dg.AssetChecksDefinition:
    raw, checks = keys.table(dataset.rows), blocking_check_keys(dataset, keys, marts)

    @dg.asset_check(
        asset=keys.table(dataset.loads),
        name=every_month_is_in_order.__name__,
        description=IN_ORDER,
        additional_deps=[raw],
    )
    def month_health(
        context: dg.AssetCheckExecutionContext,
        warehouse: dg.ResourceParam[WarehouseConnection],
        clock: dg.ResourceParam[Clock],
    ) -> dg.AssetCheckResult:
        state = _ledger_state(dataset, months, warehouse, clock.now())
        stale: Mapping[str, Sequence[dg.AssetKey]] = {}
        lost: Mapping[str, Sequence[dg.AssetKey]] = {}
        if dataset == D23:  # every derived table is computed from D23
            with dagster_failures():
                versions = DataVersions.of(context.instance, warehouse)
                lost = _lost_marts(warehouse.warehouse(), versions)
            stale = versions.stale_tables()
        failed = find_failures(context.instance, raw, state.all_keys(), checks)
        known = landed_versions(context.instance, raw)
        with dagster_failures():
            held = held_versions(warehouse.warehouse(), dataset)  # after `known`: a load commits before its event
        return every_month_is_in_order(state, RunHistory(known, held, failed, stale, lost))

    return month_health


def _lost_marts(warehouse: "Warehouse", versions: DataVersions) -> Mapping[str, Sequence[dg.AssetKey]]:
    """The lender's marts, by month, whose rows were computed and are not in the warehouse, however that happened.

    Dagster's history does not tell that somebody dropped a table, or restored an earlier mart.
    """
    from cleargrid_assets.warehouse.schema import months_in  # noqa: PLC0415 - definitions need no DuckDB

    tables = [mart.table for mart in versions.marts.by_month]
    lost: dict[str, list[dg.AssetKey]] = defaultdict(list)
    if not tables or not warehouse.exists:
        return lost
    with warehouse.reading() as connection:
        held = {table: months_in(connection, table) for table in tables}
    for table in tables:
        key = versions.keys.table(table)
        for month in versions.computed[key]:
            if month[:7] not in held[table] and versions.rows_written(table, month):
                lost[month].append(key)
    return lost


def _ledger_state(
    dataset: RawDataset, months: dg.MonthlyPartitionsDefinition, resource: WarehouseConnection, now: datetime
) -> LedgerState:
    """The current state of the warehouse."""
    with dagster_failures():
        warehouse = resource.warehouse()
        trailing = resource.settings.trailing_months
        loads, newest_at = last_loads(warehouse, dataset), _newest_attempt(warehouse, dataset, now)
        return LedgerState(now, dataset, months, trailing, loads, newest_at)


def _newest_attempt(warehouse: "Warehouse", dataset: RawDataset, now: datetime) -> datetime | None:
    """The time of the latest attempt up to `now`, naive UTC; None if there is none."""
    try:
        with warehouse.reading() as connection:
            if not dataset.rows.exists_in(connection):
                return None
            sql, moment = NEWEST.format_map(dataset.sql_names), to_naive_utc(now)
            ((newest,),) = connection.execute(sql, [moment]).fetchall()
    except WarehouseMissingError:
        return None
    return newest if isinstance(newest, datetime) else None
