"""The three freshness checks, each with a case that passes and one that fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.automation.ledger_builder import land_one_row, record_loads, run_ledger_checks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

ARRIVED = "the_last_closed_month_arrived"
READ_AGAIN = "every_recent_month_was_read_again"
NEWEST = "the_newest_attempt_is_recent"
NOW = datetime(2026, 6, 20, 7, tzinfo=UTC)
RECENT = ("2026-03", "2026-04", "2026-05", "2026-06")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    variables = {"CLEARGRID_ENVIRONMENT": "emulator", "CLEARGRID_START_MONTH": "2026-01"}
    return Settings({**variables, "CLEARGRID_WAREHOUSE": str(tmp_path / "warehouse.duckdb")})


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def hours_ago(hours: float, now: datetime = NOW) -> datetime:
    return now - timedelta(hours=hours)


def is_red(evaluation: Any) -> bool:
    return not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.ERROR


def test_the_last_closed_month_arrived_when_it_was_read_after_its_end(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    record_loads(settings, {"2026-05": datetime(2026, 6, 1, 3, tzinfo=UTC)})
    assert run_ledger_checks(settings, NOW, instance)[ARRIVED].passed


@pytest.mark.parametrize("read_at", [None, datetime(2026, 5, 31, 23, 59, tzinfo=UTC)])
def test_a_closed_month_that_was_never_read_or_only_before_its_end_did_not_arrive(
    settings: Settings, instance: dg.DagsterInstance, read_at: datetime | None
) -> None:
    record_loads(settings, {"2026-05": read_at} if read_at else {})
    check = run_ledger_checks(settings, NOW, instance)[ARRIVED]
    assert is_red(check)
    assert "2026-05 has ended" in check.description
    assert "--partitions 2026-05-01" in check.description


def test_a_month_that_ended_a_few_hours_ago_is_not_asked_for_yet_and_by_morning_it_is(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    record_loads(settings, {"2026-05": datetime(2026, 6, 1, 3, tzinfo=UTC)})
    assert run_ledger_checks(settings, datetime(2026, 7, 1, 2, tzinfo=UTC), instance)[ARRIVED].passed
    assert is_red(run_ledger_checks(settings, datetime(2026, 7, 1, 7, tzinfo=UTC), instance)[ARRIVED])


def test_a_platform_whose_first_month_is_still_open_misses_no_closed_month(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    started_today = Settings({**settings.variables, "CLEARGRID_START_MONTH": "2026-06"})
    assert run_ledger_checks(started_today, NOW, instance)[ARRIVED].passed


def test_the_end_of_a_month_is_the_one_on_the_configured_zones_clock(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    dubai = Settings({**settings.variables, "CLEARGRID_TIMEZONE": "Asia/Dubai"})
    record_loads(dubai, {"2026-05": datetime(2026, 5, 31, 20, 30, tzinfo=UTC)})
    assert run_ledger_checks(dubai, NOW, instance)[ARRIVED].passed


def test_recent_months_that_were_read_this_morning_are_fresh(settings: Settings, instance: dg.DagsterInstance) -> None:
    record_loads(settings, dict.fromkeys(RECENT, hours_ago(4)))
    assert run_ledger_checks(settings, NOW, instance)[READ_AGAIN].passed


def test_a_stale_trailing_month_is_red_although_an_old_month_was_just_backfilled(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    record_loads(settings, dict.fromkeys(RECENT, hours_ago(4)) | {"2026-04": hours_ago(57), "2026-01": hours_ago(0.1)})
    check = run_ledger_checks(settings, NOW, instance)[READ_AGAIN]
    assert is_red(check)
    assert "2026-04 (57 h ago)" in check.description
    assert "2026-05" not in check.description
    assert "--partitions 2026-04-01 --noprompt" in check.description


def test_a_missed_day_is_red_and_the_day_with_25_hours_is_not(settings: Settings, instance: dg.DagsterInstance) -> None:
    record_loads(settings, dict.fromkeys(RECENT, hours_ago(4 + 25)))
    assert run_ledger_checks(settings, NOW, instance)[READ_AGAIN].passed
    assert is_red(run_ledger_checks(settings, NOW + timedelta(hours=2), instance)[READ_AGAIN])


def test_a_month_that_began_an_hour_ago_is_not_expected_yet(settings: Settings, instance: dg.DagsterInstance) -> None:
    midnight = datetime(2026, 7, 1, 1, tzinfo=UTC)
    record_loads(settings, dict.fromkeys(RECENT, hours_ago(22, midnight)))
    assert run_ledger_checks(settings, midnight, instance)[READ_AGAIN].passed
    assert is_red(run_ledger_checks(settings, midnight + timedelta(hours=6), instance)[READ_AGAIN])


def test_the_newest_attempt_may_be_a_weekend_old_and_no_older(settings: Settings, instance: dg.DagsterInstance) -> None:
    land_one_row(settings, hours_ago(71))
    assert run_ledger_checks(settings, NOW, instance)[NEWEST].passed
    assert is_red(run_ledger_checks(settings, NOW + timedelta(hours=2), instance)[NEWEST])


def test_old_rows_point_at_cleargrid_when_the_open_month_was_just_read_and_at_us_when_it_was_not(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    land_one_row(settings, hours_ago(100))
    assert "--partitions 2026-06-01" in run_ledger_checks(settings, NOW, instance)[NEWEST].description
    record_loads(settings, {"2026-06": hours_ago(1)})
    assert "ask ClearGrid whether D23 is delayed" in run_ledger_checks(settings, NOW, instance)[NEWEST].description


def test_an_attempt_dated_in_the_future_does_not_make_the_data_look_recent(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    land_one_row(settings, hours_ago(100))
    land_one_row(settings, hours_ago(-100))
    assert is_red(run_ledger_checks(settings, NOW, instance)[NEWEST])


def test_without_a_warehouse_every_freshness_check_is_red_and_says_what_to_load(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    checks = run_ledger_checks(settings, NOW, instance)
    red = {name for name, check in checks.items() if is_red(check) and "dagster job backfill" in check.description}
    assert red == {ARRIVED, READ_AGAIN, NEWEST, "every_month_is_in_order"}
