"""Keeps the results of the checks that a run planned but does not evaluate, because it lands nothing.

Dagster counts such a check as skipped, which would hide the month's result. So the run repeats the month's latest
results, including those of the steps that it skips.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import dagster as dg

from cleargrid_assets.run_history import last_evaluation

if TYPE_CHECKING:
    from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned

PLANNED = dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED


def repeat_check_results(context: dg.AssetExecutionContext) -> None:
    """Log the latest result of each check that this run had planned."""
    for record in context.instance.get_records_for_run(context.run.run_id, of_type=PLANNED).records:
        planned = cast("AssetCheckEvaluationPlanned", record.event_log_entry.get_dagster_event().event_specific_data)
        month = context.partition_key if planned.partitions_subset else None
        latest = last_evaluation(context.instance, planned.asset_check_key, month)
        if latest and latest.evaluation:
            context.log_event(latest.evaluation)
