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
    from cleargrid_assets.landing.write import Landed
    from cleargrid_assets.sql_checks import SqlCheck


def report_other_months(
    context: dg.AssetExecutionContext,
    asset: dg.AssetKey,
    checks: Sequence[SqlCheck],
    warehouse: WarehouseConnection,
    landed: Landed,
) -> Iterator[dg.AssetMaterialization]:
    """Yield a materialization of `asset` for each month that `landed` took rows from, and log its check results."""
    for month, rows in landed.taken.items():
        key = f"{month:%Y-%m-%d}"
        yield dg.AssetMaterialization(
            asset,
            partition=key,
            description=f"{rows} rows moved to {context.partition_key[:7]}.",
            metadata={"rows_moved_away": rows, "load_number": landed.entry.load_number},
            tags={DATA_VERSION_TAG: landed.entry.version},
        )
        log_results(context, asset, check_raw_month(checks, warehouse, month), month)
