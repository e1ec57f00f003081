"""Runs checks of a month within the step of its load: those on its rows, and those on tables that the load leaves.

Change when they run here, and how a result becomes an event; the checks themselves are in `sql_checks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as Target,
)

from cleargrid_assets.sql_checks import check_result, read_raw_checks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from cleargrid_assets.connections import WarehouseConnection
    from cleargrid_assets.sql_checks import SqlCheck
    from cleargrid_assets.tables.dataset import RawDataset


def check_specs(
    checks: Sequence[SqlCheck], months: dg.PartitionsDefinition, asset: dg.AssetKey
) -> list[dg.AssetCheckSpec]:
    """One spec per check and month; a blocking check that fails keeps derived tables from being computed."""
    return [
        dg.AssetCheckSpec(
            check.name,
            asset=asset,
            partitions_def=months,
            blocking=check.is_blocking,
            description=check.description,
        )
        for check in checks
    ]


def blocking_checks(dataset: RawDataset) -> frozenset[str]:
    """The names of the checks that a month must pass before anything is computed from it."""
    return frozenset(check.name for check in read_raw_checks(dataset) if check.is_blocking)


def check_month(
    checks: Sequence[SqlCheck], resource: WarehouseConnection, month: date, **variables: object
) -> list[dg.AssetCheckResult]:
    """Run `checks` on a month's current rows, with `variables` for the SQL. Raises `WarehouseError`."""
    variables |= {"month": month, "quarantine_limit": resource.settings.quarantine_limit}
    with resource.warehouse().reading() as connection:
        return [check_result(check, check.find_violations(connection, variables)) for check in checks]


def log_results(
    context: dg.AssetExecutionContext,
    asset: dg.AssetKey,
    results: Mapping[SqlCheck, dg.AssetCheckResult],
    month: date,
) -> None:
    """Record results that the step does not yield, because they are another month's or another asset's."""
    key = f"{month:%Y-%m-%d}"
    target = _latest_materialization(context, asset, key)
    for check, result in results.items():
        context.log_event(
            dg.AssetCheckEvaluation(
                asset_key=asset,
                check_name=check.name,
                passed=result.passed,
                metadata=result.metadata,
                target_materialization_data=target,
                severity=result.severity,
                description=result.description,
                blocking=check.is_blocking,
                partition=key,
            )
        )


def _latest_materialization(context: dg.AssetExecutionContext, asset: dg.AssetKey, key: str) -> Target:
    newest = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[key])
    (materialization,) = context.instance.fetch_materializations(newest, limit=1).records
    return Target(
        storage_id=materialization.storage_id, run_id=materialization.run_id, timestamp=materialization.timestamp
    )


def failure_of_checks(checks: Sequence[SqlCheck], results: Sequence[dg.AssetCheckResult]) -> dg.Failure | None:
    """The failure of a landed month that must not be used; None if every blocking check passed."""
    blocking = {check.name for check in checks if check.is_blocking}
    sentences = [str(result.description) for result in results if not result.passed and result.check_name in blocking]
    if not sentences:
        return None
    step = "The month has landed, but nothing is computed from it until these checks pass."
    return dg.Failure(description=" ".join([*sentences, step]), allow_retries=False)
