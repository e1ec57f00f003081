"""Reports to Dagster the months that lost rows to another month's load because ClearGrid moved the rows.

Such a month is recorded as materialized again, so that its derived tables are recomputed, and its checks run again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from cleargrid_assets.assets.month_checks import check_raw_month, log_results

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cleargrid_assets.connections import WarehouseConnection
    from cleargrid_assets.landing.ledger import MonthVersion
    from cleargrid_assets.landing.write import Landed
    from cleargrid_assets.sql_checks import SqlCheck


def report_other_months(
    context: dg.AssetExecutionContext,
    asset: dg.AssetKey,
    checks: Sequence[SqlCheck],
    warehouse: WarehouseConnection,
    landed: Landed,
) -> Iterator[dg.AssetMaterialization]:
    """Yield a materialization of `asset` for each month that lost rows to another one, and log its check results.

    Most lost them to this load; others to a load that died after its commit, before it could report them.
    """
    for version in _unreported_versions(context, asset, landed):
        rows = landed.taken.get(version.month)
        yield dg.AssetMaterialization(
            asset,
            partition=f"{version.month:%Y-%m-%d}",
            description=f"{'Some' if rows is None else rows} rows moved to {version.loaded_month:%Y-%m}.",
            metadata={"load_number": version.load_number, **({"rows_moved_away": rows} if rows else {})},
            tags={DATA_VERSION_TAG: str(version)},
        )
        log_results(context, asset, check_raw_month(checks, warehouse, version.month), version.month)


def _unreported_versions(
    context: dg.AssetExecutionContext, asset: dg.AssetKey, landed: Landed
) -> Iterator[MonthVersion]:
    """The versions of the months that lost rows and that Dagster knows in an older version.

    One that it does not know at all was loaded by another instance, unless this load took its rows.
    """
    if not landed.reduced:
        return
    storage, kind = context.instance.event_log_storage, dg.DagsterEventType.ASSET_MATERIALIZATION
    months = [f"{version.month:%Y-%m-%d}" for version in landed.reduced]
    tags = storage.get_latest_tags_by_partition(asset, kind, [DATA_VERSION_TAG], months)
    for month, version in zip(months, landed.reduced, strict=True):
        is_of_this_load = version.load_number == landed.entry.load_number
        if is_of_this_load or (month in tags and tags[month][DATA_VERSION_TAG] != str(version)):
            yield version
