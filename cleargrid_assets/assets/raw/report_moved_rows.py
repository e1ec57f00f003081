"""Reports to Dagster the months that lost rows to another month's load because ClearGrid moved the rows.

Such a month is recorded as materialized again, so that its derived tables are recomputed, and its checks run again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as Target,
)
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from cleargrid_assets.assets.raw.month_checks import check_month

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

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
        for evaluation in _evaluations(context, asset, checks, warehouse, month):
            context.log_event(evaluation)


def _evaluations(
    context: dg.AssetExecutionContext,
    asset: dg.AssetKey,
    checks: Sequence[SqlCheck],
    warehouse: WarehouseConnection,
    month: date,
) -> Iterator[dg.AssetCheckEvaluation]:
    """The month's check results, recorded for a month other than the run's own; none of them fails the run."""
    key = f"{month:%Y-%m-%d}"
    newest = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[key])
    (materialization,) = context.instance.fetch_materializations(newest, limit=1).records
    target = Target(
        storage_id=materialization.storage_id, run_id=materialization.run_id, timestamp=materialization.timestamp
    )
    blocking = {check.name for check in checks if check.is_blocking}
    for result in check_month(checks, warehouse, month):
        yield dg.AssetCheckEvaluation(
            asset_key=asset,
            check_name=str(result.check_name),
            passed=result.passed,
            metadata=result.metadata,
            target_materialization_data=target,
            severity=result.severity,
            description=result.description,
            blocking=result.check_name in blocking,
            partition=key,
        )
