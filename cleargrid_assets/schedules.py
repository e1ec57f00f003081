"""The schedules: months are read again, since only a re-read finds what ClearGrid changed after the fact.

Decide here which months each tick requests, and when the freshness checks and a lake's maintenance run; what a run does
is in `jobs`. The next tick makes up for a missed one, because each requests all its months again.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from cleargrid_assets.partitions import EARLIER_MONTHS, earlier_months, recent_months
from cleargrid_assets.settings import Settings

OBSERVATION = "0 2 * * *"
DAILY = "0 3 * * *"
WEEKLY = "30 4 * * 0"
SUMMARY = "0 6 * * *"
FRESHNESS = "0 7 * * *"
MAINTENANCE = "30 1 * * 0"

PRIORITY_TAG = "dagster/priority"


def build_refresh_schedules(
    settings: Settings, months: dg.MonthlyPartitionsDefinition, job: UnresolvedAssetJobDefinition
) -> list[dg.ScheduleDefinition]:
    """The daily and the weekly schedule; both run from the first start, in the configured time zone."""

    @dg.schedule(
        job=job,
        name="refresh_recent_months",
        cron_schedule=DAILY,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every day: read the open month and the CLEARGRID_TRAILING_MONTHS closed ones before it again.",
    )
    def refresh_recent_months(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        now = context.scheduled_execution_time
        yield from _requests(context, recent_months(months, now, settings.trailing_months + 1), is_urgent=True)

    @dg.schedule(
        job=job,
        name="refresh_earlier_months",
        cron_schedule=WEEKLY,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Every Sunday: read the {EARLIER_MONTHS} months before those of the daily schedule again.",
    )
    def refresh_earlier_months(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
        now = context.scheduled_execution_time
        yield from _requests(context, earlier_months(months, now, settings.trailing_months))

    return [refresh_recent_months, refresh_earlier_months]


def build_schedules_without_month(
    settings: Settings,
    observation: UnresolvedAssetJobDefinition,
    summary: UnresolvedAssetJobDefinition,
    freshness: UnresolvedAssetJobDefinition,
    maintenance: dg.JobDefinition,
) -> list[dg.ScheduleDefinition]:
    """Every day the observation, then the tables over all months, then the checks; every week a lake's maintenance.

    They run from the first start. The sensor usually refreshes the tables sooner; the schedule guarantees it, even if
    the sensor is stopped.
    """
    schedules: list[tuple[str, Any, str, str]] = [
        (
            "observe_cleargrid_daily",
            observation,
            OBSERVATION,
            "Every day: ask ClearGrid for its count of each month.",
        ),
        ("refresh_summary_daily", summary, SUMMARY, "Every day: compute the tables and files over all months."),
        ("check_months_daily", freshness, FRESHNESS, "Every day: check that the months are present and recent."),
    ]
    if settings.is_lake:
        text = "Every Sunday: drop old snapshots and replaced files of the lake, and merge small files."
        schedules.append(("maintain_lake_weekly", maintenance, MAINTENANCE, text))
    return [
        dg.ScheduleDefinition(
            name=name,
            job=job,
            cron_schedule=cron,
            execution_timezone=settings.timezone,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description=description,
        )
        for name, job, cron, description in schedules
    ]


def _requests(
    context: dg.ScheduleEvaluationContext, keys: list[str], *, is_urgent: bool = False
) -> Iterator[dg.RunRequest]:
    """One run request per month; the run key keeps a repeated tick from requesting a month twice.

    Urgent ones overtake the waiting runs of a backfill, the latest month first.
    """
    for priority, key in enumerate(keys, start=1):
        run_key = f"{context.scheduled_execution_time:%Y-%m-%d}/{key}"
        tags = {PRIORITY_TAG: str(priority)} if is_urgent else {}
        yield dg.RunRequest(run_key=run_key, partition_key=key, tags=tags)
