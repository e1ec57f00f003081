"""The sensors: what is made of a month that was loaded by hand, and alerts after failures.

Add a sensor here. What makes a table stale is in `staleness`, an alert's text and delivery in `alerts`.
"""

from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus, PartitionBackfill
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from dagster._core.storage.tags import PARTITION_NAME_TAG

from cleargrid_assets.alerts import (
    causes_of,
    environment_of,
    failed_checks_of,
    failed_checks_text,
    failed_run_text,
    send_alert,
)
from cleargrid_assets.jobs import COMPUTE_MONTH, REFRESH_MONTH, REFRESH_SUMMARY
from cleargrid_assets.settings import Settings
from cleargrid_assets.staleness import Lineage, Staleness

UNFINISHED_BACKFILLS = [BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING]
MONTHLY_JOBS = frozenset({REFRESH_MONTH, COMPUTE_MONTH})
WILL_RETRY_TAG = "dagster/will_retry"
OFF = "CLEARGRID_ALERT_WEBHOOK is not set: nobody was told."


def build_follow_sensor(lineage: Lineage, jobs: Sequence[UnresolvedAssetJobDefinition]) -> dg.SensorDefinition:
    """Running from the first start: one run computes a loaded month, one run at the end what spans all months.

    Automation conditions were tried first. A condition decides for each asset at each tick: a blocking check between
    two tables splits a month over several runs, an asset over all months is requested while months are still being
    loaded, and an update in the tick of a request is lost for good. This sensor compares, at each tick, the whole
    state (`staleness`), so nothing stays behind, and it requests whole jobs, so nothing runs twice.
    """

    @dg.sensor(
        name="derived_tables_follow",
        jobs=jobs,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description=(
            "After a month was loaded by hand, one run computes everything made of it. When no month is left to load "
            "or compute, one run computes what spans all months. A month with a failed blocking check waits until it "
            "is loaded again."
        ),
    )
    def derived_tables_follow(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        # Read before the state: a run that ends in between is waited for once more, never overlooked.
        running = _months_with_unfinished_runs(context.instance, lineage)
        is_backfilling = _is_backfilling(context.instance, lineage)
        staleness = Staleness(context.instance, lineage)
        months = staleness.months_to_compute()
        requested = [month for month in months if month not in running]
        yield from (dg.RunRequest(job_name=COMPUTE_MONTH, partition_key=month) for month in requested)
        if requested:
            return
        if running or is_backfilling:
            yield dg.SkipReason("Months are still being loaded or computed.")
        elif staleness.is_summary_stale():
            yield dg.RunRequest(job_name=REFRESH_SUMMARY)
        else:
            yield dg.SkipReason("Everything is computed from the rows as they are.")

    return derived_tables_follow


def _months_with_unfinished_runs(instance: dg.DagsterInstance, lineage: Lineage) -> set[str]:
    runs = instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
    return {run.tags[PARTITION_NAME_TAG] for run in runs if PARTITION_NAME_TAG in run.tags and _is_ours(run, lineage)}


def _is_ours(run: dg.DagsterRun, lineage: Lineage) -> bool:
    return run.job_name in MONTHLY_JOBS or bool(lineage.keys & (run.asset_selection or set()))


def _is_backfilling(instance: dg.DagsterInstance, lineage: Lineage) -> bool:
    """Whether a backfill of our months still has runs to create."""

    def is_ours(backfill: PartitionBackfill) -> bool:
        return backfill.job_name in MONTHLY_JOBS or bool(lineage.keys & set(backfill.asset_selection or ()))

    backfills = instance.get_backfills(filters=BulkActionsFilter(statuses=UNFINISHED_BACKFILLS))
    return any(map(is_ours, backfills))


def build_alert_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """Alerts on failed runs and on failed checks; running when CLEARGRID_ALERT_WEBHOOK is set, else stopped."""
    is_on = settings.is_alerting
    status = dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED
    off = "" if is_on else " Set CLEARGRID_ALERT_WEBHOOK to switch it on."

    @dg.run_failure_sensor(
        name="alert_on_failed_run",
        default_status=status,
        minimum_interval_seconds=30,
        description=f"Posts each failed run's cause and next step to the team's chat.{off}",
    )
    def alert_on_failed_run(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        run = context.dagster_run
        if run.tags.get(WILL_RETRY_TAG) == "true":
            return dg.SkipReason(f"Run {run.run_id} is started once more: too early for an alert.")
        if not settings.is_alerting:
            return dg.SkipReason(OFF)
        causes = causes_of(context.get_step_failure_events()) or [context.failure_event.message or "failed"]
        failed = failed_checks_of(context.instance, run.run_id)
        send_alert(settings, failed_run_text(environment_of(settings), run, causes, failed))
        return None

    @dg.run_status_sensor(
        name="alert_on_failed_check",
        run_status=dg.DagsterRunStatus.SUCCESS,
        default_status=status,
        minimum_interval_seconds=30,
        description=f"Posts checks of severity ERROR that failed in a run that succeeded to the team's chat.{off}",
    )
    def alert_on_failed_check(context: dg.RunStatusSensorContext) -> dg.SkipReason | None:
        failed = failed_checks_of(context.instance, context.dagster_run.run_id)
        if not failed:
            return dg.SkipReason("Every check of severity ERROR passed.")
        if not settings.is_alerting:
            return dg.SkipReason(OFF)
        send_alert(settings, failed_checks_text(environment_of(settings), context.dagster_run, failed))
        return None

    return [alert_on_failed_run, alert_on_failed_check]
