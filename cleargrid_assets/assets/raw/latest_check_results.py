"""Keeps the results of the checks that a run planned but does not evaluate, because it lands nothing.

Dagster counts such a check as skipped, which would hide the month's result. So the run repeats the month's latest
results, including those of the steps that it skips.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import dagster as dg
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned

PLANNED = dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED


def repeat_check_results(context: dg.AssetExecutionContext) -> None:
    """Log the latest result of each check that this run had planned."""
    for evaluation in _latest_results(context):
        context.log_event(evaluation)


def _latest_results(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckEvaluation]:
    """The latest result of each check that this run had planned."""
    for record in context.instance.get_records_for_run(context.run.run_id, of_type=PLANNED).records:
        planned = cast("AssetCheckEvaluationPlanned", record.event_log_entry.get_dagster_event().event_specific_data)
        earlier = context.instance.event_log_storage.get_asset_check_execution_history(
            planned.asset_check_key,
            limit=1,
            status=COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES,
            partition_filter=PartitionKeyFilter(key=context.partition_key if planned.partitions_subset else None),
        )
        yield from (result.evaluation for result in earlier if result.evaluation)
