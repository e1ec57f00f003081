"""Each week a random day of every older month is compared; a difference has its month read again, and is on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from cleargrid_assets.emulator.faults import ExportRequest, Fault, error
from cleargrid_assets.jobs import REFRESH_MONTH
from cleargrid_assets.landing.sampled_days import random_day
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.d21 import D21
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets_tests.automation.ledger_builder import record_loads, run_ledger_checks
from cleargrid_assets_tests.automation.observing import OVERLOAD, counted_months, observe, summary
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.communication_logs import BOTH
from cleargrid_assets_tests.landing.communication_logs import load as load_d21
from cleargrid_assets_tests.landing.communication_logs import row as row_of_d21
from cleargrid_assets_tests.landing.communication_logs import serve as serve_d21
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_under_test import MAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

CHECK = "sampled_days_are_unchanged"
MONDAY = datetime(2027, 9, 20, 2, tzinfo=UTC)
"""When the schedules read the months from June 2026 on."""

NEXT_MONDAY = MONDAY + timedelta(weeks=1)
DAY = random_day(date(2026, 5, 1), MONDAY.date())
OTHER_DAY = DAY.replace(day=DAY.day % 31 + 1)
SAMPLES = "SELECT month::VARCHAR, day, load_number, rows, rows_different FROM raw.{}_sampled_days ORDER BY sampled_at"


def on(day: date, number: int, **changed: object) -> dict[str, object]:
    """A row of `day`."""
    return row(number, communicated_at=f"{day}T08:00:00.000Z", **changed)


@pytest.fixture
def platform(start_platform: Callable[..., Platform]) -> Platform:
    """Two rows of the day that is sampled, and one of another, have landed long ago."""
    platform = start_platform(variables={"CLEARGRID_START_MONTH": "2026-05"}, now=MONDAY)
    serve(platform, [on(DAY, 1), on(DAY, 2), on(OTHER_DAY, 3)])
    assert platform.load().success
    platform.emulator.requests.clear()
    return platform


def break_a_promise(platform: Platform, day: date = DAY) -> None:
    """Change a flag in place, as ClearGrid does without changing any count."""
    number = 1 if day == DAY else 3
    rows = [on(DAY, 1), on(DAY, 2), on(OTHER_DAY, 3)]
    rows[number - 1] = on(day, number, is_ptp_broken=True)
    serve(platform, rows)


def night(platform: Platform, now: datetime = MONDAY) -> list[dg.RunRequest]:
    """Observe ClearGrid, and return the loads that the sensor then requests."""
    assert observe(platform, now).success
    return list(platform.requested_runs("changed_months_refresh"))


def samples(platform: Platform, code: str = "d23") -> list[tuple[Any, ...]]:
    return platform.query(SAMPLES.format(code))


def days_read(platform: Platform) -> list[str]:
    """The days that were read without asking for a count."""
    return [
        request.params["since"][:10]
        for request in platform.emulator.requests
        if "since" in request.params and not request.params.get("includeTotal")
    ]


def check(platform: Platform, now: datetime) -> Any:
    return run_ledger_checks(platform.settings, now, platform.instance)[CHECK]


def test_a_day_that_is_as_it_landed_is_on_record_and_starts_nothing(platform: Platform) -> None:
    assert night(platform) == []
    assert samples(platform) == [(MAY, DAY, 1, 2, 0)]
    assert days_read(platform) == [f"{DAY}"]
    (event,) = platform.instance.fetch_materializations(dg.AssetKey(D23.sampled_days.key), limit=9).records
    assert (event.partition_key, event.asset_materialization.metadata["day"].value) == (MAY, f"{DAY}")
    result = check(platform, MONDAY)
    assert result.passed
    assert "fewer than 95% of the days before 2026-06 held a change" in result.description


def test_a_flag_that_changed_in_place_is_found_and_its_month_is_read_again_once(platform: Platform) -> None:
    break_a_promise(platform)
    (request,) = night(platform)
    assert request.partition_key == MAY
    assert request.tags["cleargrid/change"] == f"D23: {DAY} differs from load 1, rows: 1"
    assert platform.run_job(REFRESH_MONTH, MAY, request.tags).success
    assert platform.query("SELECT field, new FROM raw.d23_changes") == [("is_ptp_broken", "true")]
    assert night(platform) == []
    assert samples(platform) == [(MAY, DAY, 1, 2, 1)]


def test_a_difference_stays_a_reason_until_a_load_has_read_the_month(platform: Platform) -> None:
    break_a_promise(platform)
    keys = {request.run_key for _ in range(2) for request in night(platform)}
    assert len(keys) == 1
    assert platform.load().success
    assert night(platform) == []


def test_a_change_on_another_day_is_not_found_this_week(platform: Platform) -> None:
    break_a_promise(platform, OTHER_DAY)
    assert night(platform) == []
    assert samples(platform) == [(MAY, DAY, 1, 2, 0)]


@pytest.mark.parametrize(
    ("rows", "different"),
    [
        ([on(DAY, 1), on(OTHER_DAY, 3)], 1),
        ([on(DAY, 1), on(DAY, 2), on(DAY, 4), on(OTHER_DAY, 3)], 1),
        ([on(DAY, 1), on(OTHER_DAY, 2, updated_at="2026-07-01T00:00:00.000Z"), on(OTHER_DAY, 3)], 1),
        ([on(DAY, 1), on(DAY, 2, is_active=7), on(OTHER_DAY, 3)], 1),
        ([on(DAY, 1), on(DAY, 2), on(DAY, 3, updated_at="2026-01-01T00:00:00.000Z"), on(OTHER_DAY, 3)], 0),
    ],
    ids=["removed", "added", "moved to another day", "no longer valid", "an older copy of a row of another day"],
)
def test_what_counts_as_a_difference_is_what_a_load_would_change(
    platform: Platform, rows: list[dict[str, object]], different: int
) -> None:
    serve(platform, rows)
    night(platform)
    assert [sample[-1] for sample in samples(platform)] == [different]


def test_a_row_that_another_month_holds_in_a_later_version_is_no_difference(
    start_platform: Callable[..., Platform],
) -> None:
    platform = start_platform(variables={"CLEARGRID_START_MONTH": "2026-05"}, now=MONDAY)
    serve(platform, [on(DAY, 1), on(DAY, 2)])
    assert platform.load().success
    moved = row(2, communicated_at="2026-06-05T08:00:00.000Z", updated_at="2026-07-01T00:00:00.000Z")
    serve(platform, [on(DAY, 1), on(DAY, 2), moved])
    assert platform.load("2026-06-01").success
    assert night(platform) == []
    assert [sample[-2:] for sample in samples(platform)] == [(2, 0)]


def test_a_month_is_sampled_once_a_week(platform: Platform) -> None:
    for now in (MONDAY, MONDAY + timedelta(days=6, hours=21), NEXT_MONDAY):
        night(platform, now)
    assert [sample[1] for sample in samples(platform)] == [DAY, random_day(date(2026, 5, 1), NEXT_MONDAY.date())]


def test_the_days_of_months_that_the_schedules_read_are_not_sampled(platform: Platform) -> None:
    night(platform, datetime(2027, 8, 31, tzinfo=UTC))
    assert days_read(platform) == []


def test_counts_and_samples_stay_within_one_budget_and_the_month_left_out_follows_the_next_night(
    platform: Platform,
) -> None:
    months = 17
    tight = platform.with_variables(CLEARGRID_OBSERVE_REQUESTS=str(months))
    night(tight)
    assert len(counted_months(platform)) == months
    assert days_read(platform) == []
    assert summary(platform)["days_not_compared"] == {MAY: "no budget left"}
    assert "No day was compared this time for 2026-05 (no budget left)." in summary(platform)["summary"]
    night(platform, MONDAY + timedelta(days=1))
    assert days_read(platform) == [f"{DAY}"]
    assert summary(platform)["requests"] == months + 1


def test_a_day_that_needs_more_requests_than_are_left_is_not_begun(platform: Platform) -> None:
    night(platform.with_variables(CLEARGRID_OBSERVE_REQUESTS="19", CLEARGRID_PAGE_SIZE="1"))
    assert days_read(platform) == []
    assert summary(platform)["days_not_compared"] == {MAY: "no budget left"}


def test_a_day_that_cannot_be_read_is_listed_and_costs_nothing_else(platform: Platform) -> None:
    fails = Fault("days fail", lambda request: error(500, "Oops", 1) if request.query.seconds <= 86_400 else None)
    with platform.inject_fault(fails):
        assert night(platform) == []
    assert summary(platform)["days_not_compared"] == {MAY: "failed"}
    assert summary(platform)["months_not_known"] == {}
    assert samples(platform) == []
    assert not check(platform, MONDAY).passed


def test_a_day_whose_month_a_load_changes_meanwhile_is_left_to_the_next_night(platform: Platform) -> None:
    loads: list[bool] = []

    def load_once(envelope: dict[str, Any], request: ExportRequest) -> dict[str, Any]:
        if not loads and request.query.seconds <= 86_400:
            loads.append(True)
            break_a_promise(platform)
            assert platform.load().success
        return envelope

    with platform.inject_fault(Fault("the month is loaded after the day was read", alter=load_once)):
        assert night(platform) == []
    assert samples(platform) == []
    assert summary(platform)["days_not_compared"] == {MAY: "loaded meanwhile"}
    assert night(platform, MONDAY + timedelta(days=1)) == []
    assert samples(platform) == [(MAY, DAY, 2, 2, 0)]


def test_after_two_days_that_an_overload_refuses_the_others_are_left_out(
    start_platform: Callable[..., Platform],
) -> None:
    months = [f"2026-{month:02}-01" for month in range(2, 6)]
    platform = start_platform(variables={"CLEARGRID_START_MONTH": "2026-02"}, rows_per_day=2, now=MONDAY)
    for month in months:
        assert platform.load(month).success
    only_rows = replace(
        OVERLOAD, refuse=lambda request: None if request.params.get("includeTotal") else OVERLOAD.refuse(request)
    )
    with platform.inject_fault(only_rows):
        night(platform)
    notes = ["rate limited", "rate limited", "overloaded", "overloaded"]
    assert summary(platform)["days_not_compared"] == dict(zip(months, notes, strict=True))


def test_the_second_dataset_is_sampled_likewise(start_platform: Callable[..., Platform]) -> None:
    platform = start_platform(variables={"CLEARGRID_START_MONTH": "2026-05", **BOTH}, now=MONDAY)
    at = {"communicated_at": f"{DAY}T08:00:00.000Z"}
    serve_d21(platform, [row_of_d21(1, **at)])
    assert load_d21(platform).success
    serve_d21(platform, [row_of_d21(1, **at, status="FAILED")])
    (request,) = night(platform)
    assert request.tags["cleargrid/change"] == f"D21: {DAY} differs from load 1, rows: 1"
    assert samples(platform, "d21") == [(MAY, DAY, 1, 1, 1)]
    assert summary(platform, D21)["days_compared"] == 1


def test_the_check_names_the_days_that_differed_and_states_the_bound(platform: Platform) -> None:
    break_a_promise(platform)
    night(platform)
    night(platform, NEXT_MONDAY)
    result = check(platform, NEXT_MONDAY)
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.WARN
    assert f"1 of the 2 days compared in the last 12 weeks held a change: {DAY} (1 row);" in result.description


def test_days_sampled_more_than_twelve_weeks_ago_say_nothing(platform: Platform) -> None:
    night(platform)
    result = check(platform, MONDAY + timedelta(weeks=12, hours=1))
    assert not result.passed
    assert "nothing is known about changes in place" in result.description


def test_the_check_is_yellow_once_no_day_has_been_compared_for_eight_days(platform: Platform) -> None:
    night(platform)
    assert check(platform, MONDAY + timedelta(days=8)).passed
    result = check(platform, MONDAY + timedelta(days=8, hours=1))
    assert not result.passed
    assert "none of them was compared in the last 8 days. The job observe_cleargrid compares them" in result.description


def test_the_check_passes_while_the_schedules_read_every_landed_month(tmp_path: Path) -> None:
    variables = {"CLEARGRID_ENVIRONMENT": "emulator", "CLEARGRID_START_MONTH": "2026-05"}
    settings = Settings({**variables, "CLEARGRID_WAREHOUSE": str(tmp_path / "warehouse.duckdb")})
    record_loads(settings, {"2026-07": MONDAY})
    with dg.DagsterInstance.ephemeral() as instance:
        assert run_ledger_checks(settings, MONDAY, instance)[CHECK].passed
