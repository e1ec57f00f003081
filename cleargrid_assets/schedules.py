"""The schedules that read months again, since only a re-read finds what ClearGrid changed after the fact.

Decide here which months each tick requests, and when the freshness checks run; what a run does is in `jobs`. The next
tick makes up for a missed one, because each requests all its months again.
"""

from collections.abc import Iterator

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from cleargrid_assets.partitions import EARLIER_MONTHS, earlier_months, recent_months
from cleargrid_assets.settings import Settings

DAILY = "0 3 * * *"
WEEKLY = "30 4 * * 0"
SUMMARY = "0 6 * * *"
CHECKS_ON_TIME = "0 7 * * *"


def build_refresh_schedules(
    settings: Settings, months: dg.MonthlyPartitionsDefinition, job: UnresolvedAssetJobDefinition
) -> list[dg.ScheduleDefinition]:
    """The daily and the weekly schedule, both running from the first start, on the configured zone's clock."""

    @dg.schedule(
        job=job,
        name="refresh_recent_months",
        cron_schedule=DAILY,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every day: the open month and the closed ones before it that CLEARGRID_TRAILING_MONTHS counts.",
    )
    def refresh_recent_months(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        now = context.scheduled_execution_time
        yield from _requests(context, recent_months(months, now, settings.trailing_months + 1))

    @dg.schedule(
        job=job,
        name="refresh_earlier_months",
        cron_schedule=WEEKLY,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Every Sunday: the {EARLIER_MONTHS} months before those that the daily schedule reads.",
    )
    def refresh_earlier_months(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        now = context.scheduled_execution_time
        yield from _requests(context, earlier_months(months, now, settings.trailing_months))

    return [refresh_recent_months, refresh_earlier_months]


def build_daily_schedules(
    settings: Settings, summary: UnresolvedAssetJobDefinition, checks_on_time: UnresolvedAssetJobDefinition
) -> list[dg.ScheduleDefinition]:
    """What happens once a day whatever else did: the tables that span all months, then the checks on time.

    The sensor refreshes the former sooner; this one makes it certain, also when the sensor is stopped.
    """
    return [
        dg.ScheduleDefinition(
            name=name,
            job=job,
            cron_schedule=cron,
            execution_timezone=settings.timezone,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=description,
        )
        for name, job, cron, description in (
            ("refresh_summary_daily", summary, SUMMARY, "Every day: the tables and files that span all months."),
            ("check_months_daily", checks_on_time, CHECKS_ON_TIME, "Every day: are the months there, and recent?"),
        )
    ]


def _requests(context: dg.ScheduleEvaluationContext, keys: list[str]) -> Iterator[dg.RunRequest]:
    """One run per month; the run key makes a repeated tick ask for nothing twice."""
    for key in keys:
        run_key = f"{context.scheduled_execution_time:%Y-%m-%d}/{key}"
        yield dg.RunRequest(run_key=run_key, partition_key=key)
