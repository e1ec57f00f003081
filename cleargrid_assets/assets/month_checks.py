"""Runs checks of a month within the step that writes their tables, and records the results.

Change when they run here, and how a result becomes an event; the checks themselves are in `sql_checks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as Target,
)

from cleargrid_assets.run_history import last_materialization
from cleargrid_assets.sql_checks import check_result, read_raw_checks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    import duckdb

    from cleargrid_assets.connections import WarehouseConnection
    from cleargrid_assets.sql_checks import SqlCheck
    from cleargrid_assets.tables.dataset import RawDataset

    Results = Mapping[SqlCheck, dg.AssetCheckResult]


def check_spec(
    check: SqlCheck,
    months: dg.PartitionsDefinition | None,
    asset: dg.AssetKey,
    other_assets: Iterable[dg.AssetKey] = (),
) -> dg.AssetCheckSpec:
    """The spec of a check; a blocking one that fails keeps what depends on `asset` from being computed.

    `months`: those of a monthly check. `other_assets`: those that it reads as well.
    """
    return dg.AssetCheckSpec(
        check.name,
        asset=asset,
        additional_deps=[*other_assets],
        partitions_def=months,
        blocking=check.is_blocking,
        description=check.description,
    )


def blocking_checks(dataset: RawDataset) -> frozenset[str]:
    """The names of the checks that a month must pass before anything is computed from it."""
    return frozenset(check.name for check in read_raw_checks(dataset) if check.is_blocking)


def check_raw_month(checks: Sequence[SqlCheck], resource: WarehouseConnection, month: date) -> Results:
    """The results of checks on a month's landed rows. Raises `WarehouseError`."""
    variables = {"month": month, "quarantine_limit": resource.settings.quarantine_limit}
    with resource.warehouse().reading() as connection:
        return run_checks(checks, connection, variables)


def run_checks(
    checks: Iterable[SqlCheck], connection: duckdb.DuckDBPyConnection, variables: Mapping[str, object]
) -> Results:
    """The results of checks in an open warehouse, with `variables` for their SQL."""
    return {check: check_result(check, check.find_violations(connection, variables)) for check in checks}


def evaluations(
    context: dg.AssetExecutionContext, asset: dg.AssetKey, results: Results, month: date | None
) -> Iterator[dg.AssetCheckEvaluation]:
    """The results as events about the latest materialization of `asset`, or of its month."""
    key = f"{month:%Y-%m-%d}" if month else None
    target = _latest_materialization(context, asset, key) if results else None
    for check, result in results.items():
        yield dg.AssetCheckEvaluation(
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


def step_results(
    context: dg.AssetExecutionContext, asset: dg.AssetKey, results: Results, month: date | None
) -> Iterator[dg.Output[None] | dg.AssetCheckEvaluation]:
    """The results of a step's own checks, those of blocking ones with the output that other steps wait for.

    An `AssetCheckResult` becomes an output in any case, and looks the materialization up twice for each check.
    """
    for evaluation in evaluations(context, asset, results, month):
        if evaluation.blocking:
            yield dg.Output(None, context.job_def.asset_layer.get_op_output_name(evaluation.asset_check_key))
        yield evaluation


def log_results(context: dg.AssetExecutionContext, asset: dg.AssetKey, results: Results, month: date) -> None:
    """Record results that the step does not yield, because they are another month's or another asset's."""
    for evaluation in evaluations(context, asset, results, month):
        context.log_event(evaluation)


def _latest_materialization(context: dg.AssetExecutionContext, asset: dg.AssetKey, key: str | None) -> Target | None:
    record = last_materialization(context.instance, asset, key)
    return record and Target(storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp)


def failure_of_checks(results: Results) -> dg.Failure | None:
    """The failure of a landed month that must not be used; None if every blocking check passed."""
    sentences = [
        str(result.description) for check, result in results.items() if check.is_blocking and not result.passed
    ]
    if not sentences:
        return None
    step = "The month has landed, but nothing is computed from it until these checks pass."
    return dg.Failure(description=" ".join([*sentences, step]), allow_retries=False)
