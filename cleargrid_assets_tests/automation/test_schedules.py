"""The months that each schedule requests, on ordinary days and on every unusual day of a year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.schedules import DAILY
from cleargrid_assets.settings import Settings


def requests(schedule: str, at: datetime, **variables: str) -> list[dg.RunRequest]:
    """The runs that a schedule requests at a tick."""
    definitions = build_definitions(Settings({"CLEARGRID_START_MONTH": "2024-01", **variables}))
    repository = definitions.get_repository_def()
    tick = dg.build_schedule_context(scheduled_execution_time=at, repository_def=repository)
    return list(repository.get_schedule_def(schedule).evaluate_tick(tick).run_requests or [])


def requested_months(schedule: str, at: datetime, **variables: str) -> list[str]:
    """The months that a schedule requests at a tick."""
    return [str(request.partition_key)[:7] for request in requests(schedule, at, **variables)]


def run_keys(at: datetime) -> set[str | None]:
    return {request.run_key for request in requests("refresh_recent_months", at)}


def at_three(day: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(f"{day}T03:00").replace(tzinfo=ZoneInfo(zone))


def test_the_daily_schedule_asks_for_the_open_month_and_the_trailing_ones() -> None:
    assert requested_months("refresh_recent_months", at_three("2026-05-15")) == [
        "2026-02",
        "2026-03",
        "2026-04",
        "2026-05",
    ]


def test_the_daily_runs_overtake_a_waiting_backfill_the_open_month_first() -> None:
    daily = requests("refresh_recent_months", at_three("2026-05-15"))
    priorities = {str(request.partition_key)[:7]: int(request.tags["dagster/priority"]) for request in daily}
    assert priorities == {"2026-02": 1, "2026-03": 2, "2026-04": 3, "2026-05": 4}
    weekly = requests("refresh_earlier_months", at_three("2026-05-17"))
    assert {request.tags.get("dagster/priority", "0") for request in weekly} == {"0"}


def test_on_the_last_day_of_a_month_it_is_still_the_open_one() -> None:
    assert requested_months("refresh_recent_months", at_three("2026-05-31"))[-1] == "2026-05"


def test_on_the_first_day_of_a_month_the_one_that_just_ended_is_read_once_more_as_a_closed_one() -> None:
    assert requested_months("refresh_recent_months", at_three("2026-06-01")) == [
        "2026-03",
        "2026-04",
        "2026-05",
        "2026-06",
    ]


def test_a_leap_day_belongs_to_february() -> None:
    assert requested_months("refresh_recent_months", at_three("2024-02-29")) == ["2024-01", "2024-02"]
    assert requested_months("refresh_recent_months", at_three("2024-03-01"))[-2:] == ["2024-02", "2024-03"]


def test_months_before_the_first_one_are_never_asked_for() -> None:
    variables = {"CLEARGRID_START_MONTH": "2026-05", "CLEARGRID_TRAILING_MONTHS": "6"}
    assert requested_months("refresh_recent_months", at_three("2026-06-10"), **variables) == ["2026-05", "2026-06"]
    assert requested_months("refresh_earlier_months", at_three("2026-06-14"), **variables) == []


def test_without_trailing_months_only_the_open_one_is_read() -> None:
    assert requested_months("refresh_recent_months", at_three("2026-05-15"), CLEARGRID_TRAILING_MONTHS="0") == [
        "2026-05"
    ]


def test_the_weekly_schedule_asks_for_the_twelve_months_before_those_of_the_daily_one() -> None:
    sunday = at_three("2026-05-17")
    weekly, daily = (
        requested_months("refresh_earlier_months", sunday),
        requested_months("refresh_recent_months", sunday),
    )
    assert weekly == [f"2025-{month:02}" for month in range(2, 13)] + ["2026-01"]
    assert daily[0] == "2026-02"


def test_the_month_that_is_open_is_the_one_on_the_configured_zones_clock() -> None:
    dubai = {"CLEARGRID_TIMEZONE": "Asia/Dubai", "CLEARGRID_TRAILING_MONTHS": "0"}
    tick = at_three("2026-06-01", "Asia/Dubai")
    assert tick.astimezone(UTC).month == 5
    assert requested_months("refresh_recent_months", tick, **dubai) == ["2026-06"]


def test_a_missed_day_is_caught_up_because_the_next_one_asks_for_the_same_months_again() -> None:
    assert requested_months("refresh_recent_months", at_three("2026-05-16")) == requested_months(
        "refresh_recent_months", at_three("2026-05-15")
    )


def test_a_repeated_tick_asks_for_no_second_run_and_the_next_day_for_new_ones() -> None:
    assert run_keys(at_three("2026-05-15")) == run_keys(at_three("2026-05-15"))
    assert not run_keys(at_three("2026-05-15")) & run_keys(at_three("2026-05-16"))


@pytest.mark.parametrize("changeover", ["2026-03-29", "2026-10-25"])
def test_a_clock_change_at_three_neither_skips_nor_repeats_the_day(changeover: str) -> None:
    """In Athens, three o'clock does not exist on one day of the year and occurs twice on another."""
    athens = ZoneInfo("Europe/Athens")
    day = datetime.fromisoformat(changeover).replace(tzinfo=athens)
    first, end = day - timedelta(days=1), day + timedelta(days=2)
    ticks = schedule_execution_time_iterator(first.timestamp(), DAILY, "Europe/Athens")
    dates = [tick.astimezone(athens).date() for tick in takewhile(lambda tick: tick < end, ticks)]
    assert dates == [(first + timedelta(days=offset)).date() for offset in range(3)]


def test_every_schedule_and_each_sensor_that_starts_runs_is_on_from_the_first_start() -> None:
    repository = build_definitions(Settings({"CLEARGRID_TIMEZONE": "Asia/Dubai"})).get_repository_def()
    for schedule in repository.schedule_defs:
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
        assert schedule.execution_timezone == "Asia/Dubai"
    for sensor in ("derived_tables_follow", "interrupted_months_resume", "changed_months_refresh"):
        assert repository.get_sensor_def(sensor).default_status is dg.DefaultSensorStatus.RUNNING


def test_what_spans_all_months_is_refreshed_every_day_after_the_months() -> None:
    definitions = build_definitions(Settings({}))
    summary = definitions.get_repository_def().get_schedule_def("refresh_summary_daily")
    assert summary.job_name == "refresh_summary"
    assert summary.cron_schedule == "0 6 * * *"
    spans_all, monthly = (
        definitions.resolve_job_def(job).asset_layer.selected_asset_keys for job in ("refresh_summary", "refresh_month")
    )
    assert dg.AssetKey(["reports", "published_tables"]) in spans_all
    assert spans_all | monthly == definitions.resolve_asset_graph().materializable_asset_keys


def test_a_bad_number_of_trailing_months_stops_the_tick_with_a_sentence_and_not_the_definitions() -> None:
    with pytest.raises(dg.DagsterError) as raised:
        requested_months("refresh_recent_months", at_three("2026-05-15"), CLEARGRID_TRAILING_MONTHS="three")
    assert "CLEARGRID_TRAILING_MONTHS is 'three'" in str(raised.value.__cause__)
