"""When months are read again, and why: what ClearGrid changes after the fact, only a re-read finds.

Here: which months each schedule asks for at a tick. Not here: what a run does (`jobs`). A missed tick is caught up
by the next one, because each asks for all its months again.
"""

from collections.abc import Iterator

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from cleargrid_assets.partitions import recent_months
from cleargrid_assets.settings import Settings

DAILY = "0 3 * * *"
WEEKLY = "30 4 * * 0"
MONTHS_BEFORE = 12


def build_refresh_schedules(
    settings: Settings, months: dg.MonthlyPartitionsDefinition, job: UnresolvedAssetJobDefinition
) -> list[dg.ScheduleDefinition]:
    """The daily and the weekly schedule, both running from the first start, on the configured zone's clock."""
    trailing = settings.trailing_months

    @dg.schedule(
        job=job,
        name="refresh_recent_months",
        cron_schedule=DAILY,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Every day: the open month and the {trailing} before it.",
    )
    def refresh_recent_months(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        yield from _requests(context, recent_months(months, context.scheduled_execution_time, trailing + 1))

    @dg.schedule(
        job=job,
        name="refresh_earlier_months",
        cron_schedule=WEEKLY,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Every Sunday: the {MONTHS_BEFORE} months before those that the daily schedule reads.",
    )
    def refresh_earlier_months(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        known = recent_months(months, context.scheduled_execution_time, trailing + 1 + MONTHS_BEFORE)
        yield from _requests(context, known[: -(trailing + 1)])

    return [refresh_recent_months, refresh_earlier_months]


def _requests(context: dg.ScheduleEvaluationContext, keys: list[str]) -> Iterator[dg.RunRequest]:
    """One run per month; the run key makes a repeated tick ask for nothing twice."""
    for key in keys:
        run_key = f"{context.scheduled_execution_time:%Y-%m-%d}/{key}"
        yield dg.RunRequest(run_key=run_key, partition_key=key)
