"""Ends a run whose read was superseded: says so, and keeps the results of all checks of the month.

Dagster counts a check that a run planned but did not evaluate as skipped, which would hide the month's result. So the
run repeats the month's latest results, including those of the steps that it skips.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import dagster as dg
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned

    from cleargrid_assets.landing.ledger import Superseded

SUPERSEDED_BY_TAG = "cleargrid/superseded_by"
PLANNED = dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED


def report_superseded(context: dg.AssetExecutionContext, newer: Superseded) -> None:
    """Log and tag which run landed the month from a later read; repeat the month's check results."""
    context.log.warning(
        "Superseded: run %s began to read %s later than this run (at %s UTC) and has already landed it, as load %s. "
        "This run wrote nothing and computes nothing. There is nothing to do.",
        newer.run_id,
        context.partition_key[:7],
        f"{newer.started_at:%Y-%m-%d %H:%M:%S}",
        newer.load_number,
    )
    context.instance.add_run_tags(context.run.run_id, {SUPERSEDED_BY_TAG: newer.run_id})
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
