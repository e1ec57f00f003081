"""In every time zone, months, local dates and local hours follow one clock, or nothing is loaded."""

from __future__ import annotations

import importlib.resources
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleargrid_assets import time_zone_data
from cleargrid_assets.client import SettingsError
from cleargrid_assets.partitions import build_months, window_of
from cleargrid_assets.settings import Settings
from cleargrid_assets.time_zone_data import first_difference, time_zone, verify_time_zone
from cleargrid_assets_tests.platform_under_test import MAY, failure_of_step

pytestmark = pytest.mark.slow

ZONES = importlib.resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
MONTHS = [date(year, month, 1) for year in range(2020, 2031) for month in range(1, 13)]
YEARS = datetime(2019, 12, 31, tzinfo=UTC), datetime(2031, 1, 2, tzinfo=UTC)
AROUND_BORDERS = """
SELECT
  border,
  bool_and((border + step) AT TIME ZONE 'UTC' AT TIME ZONE $zone >= first) FILTER (WHERE step >= INTERVAL 0 MINUTE),
  bool_and((border + step) AT TIME ZONE 'UTC' AT TIME ZONE $zone < first) FILTER (WHERE step < INTERVAL 0 MINUTE)
FROM (SELECT unnest($borders::TIMESTAMP[]) AS border, unnest($firsts::TIMESTAMP[]) AS first)
CROSS JOIN (SELECT INTERVAL 15 MINUTE * unnest(range(-12, 12)) AS step)
GROUP BY border
"""
LOCAL_TIME = "SELECT $instant::TIMESTAMP AT TIME ZONE 'UTC' AT TIME ZONE $zone"


@pytest.fixture(scope="module")
def connection():
    """A DuckDB connection, whose time zones are compared."""
    with duckdb.connect() as opened:
        yield opened


def borders_of(zone):
    """The first instant of every month, naive UTC."""
    months = build_months(Settings({"CLEARGRID_TIMEZONE": zone, "CLEARGRID_START_MONTH": "2020-01"}))
    windows = [window_of(months, month.isoformat()) for month in MONTHS]
    assert all(one.until == other.since for one, other in pairwise(windows))
    return [window.since.replace(tzinfo=None) for window in windows]


def test_in_every_zone_that_is_not_refused_each_month_begins_and_ends_where_its_local_dates_do(connection):
    firsts = [datetime.combine(month, datetime.min.time()) for month in MONTHS]
    refused = {zone for zone in ZONES if first_difference(connection, zone, *YEARS)}
    wrong = {}
    for zone in set(ZONES) - refused:
        variables = {"zone": zone, "borders": borders_of(zone), "firsts": firsts}
        rows = connection.execute(AROUND_BORDERS, variables).fetchall()
        if len(rows) != len(MONTHS) or not all(after and before for _, after, before in rows):
            wrong[zone] = rows
    assert wrong == {}
    assert len(refused) < len(ZONES) / 20


@settings(max_examples=300)
@given(zone=st.sampled_from(ZONES), instant=st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31)))  # noqa: DTZ001 # naive UTC
def test_at_any_instant_both_clocks_of_a_zone_agree_or_it_is_refused(connection, zone, instant):
    ((local,),) = connection.execute(LOCAL_TIME, {"instant": instant, "zone": zone}).fetchall()
    expected = instant.replace(tzinfo=UTC).astimezone(time_zone(zone)).replace(tzinfo=None)
    assert local == expected or first_difference(connection, zone, *YEARS)


def pretend_zone(monkeypatch, zone, other):
    """Give `zone` the hours of `other`, so that DuckDB disagrees."""
    monkeypatch.setattr(time_zone_data, "time_zone", lambda name: zoneinfo.ZoneInfo(other if name == zone else name))


def refusal(zone, first=2024, last=2026):
    """The message that refuses `zone` for these years; empty if the zone is accepted."""
    try:
        verify_time_zone(zone, datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC))
    except SettingsError as error:
        return str(error)
    return ""


def test_a_zone_whose_clocks_disagree_is_refused_before_anything_is_asked_for(start_platform, monkeypatch):
    platform = start_platform(variables={"CLEARGRID_TIMEZONE": "Asia/Dubai"})
    pretend_zone(monkeypatch, "Asia/Dubai", "Asia/Karachi")
    failure = failure_of_step(platform.load())
    assert failure["error"] == "SettingsError"
    assert [word for word in ("'Asia/Dubai'", "tzdata", "DuckDB", "pip") if word not in failure["description"]] == []
    assert platform.emulator.requests == []


@pytest.mark.parametrize(
    ("pretended", "is_refused"),
    [
        ("Europe/London", False),
        ("Europe/Jersey", False),  # another name
        ("Africa/Lagos", True),  # summer time for ever
        ("Africa/Abidjan", True),  # winter time for ever
        ("America/New_York", True),
    ],
)
def test_another_zone_in_place_of_one_is_refused_unless_it_has_the_same_hours(monkeypatch, pretended, is_refused):
    pretend_zone(monkeypatch, "Europe/London", pretended)
    assert bool(refusal("Europe/London")) is is_refused


def test_a_clock_that_is_changed_an_hour_later_on_the_same_day_is_refused(monkeypatch):
    class HourLate(zoneinfo.ZoneInfo):
        def fromutc(self, moment):
            return super().fromutc(moment - timedelta(hours=1)) + timedelta(hours=1)

    monkeypatch.setattr(time_zone_data, "time_zone", HourLate)
    assert "2024-03-31" in refusal("Europe/Paris")


def test_a_month_is_loaded_whatever_the_clocks_of_other_months_say(start_platform, monkeypatch):
    platform = start_platform(variables={"CLEARGRID_TIMEZONE": "Europe/London"})
    pretend_zone(monkeypatch, "Europe/London", "Africa/Abidjan")  # the same hours in winter
    assert platform.load("2026-02-01").success
    assert platform.landed("2026-02-01") == platform.truth("2026-02-01")
    assert failure_of_step(platform.load("2026-03-01"))["error"] == "SettingsError"


def test_a_zone_that_only_one_side_knows_is_refused(monkeypatch):
    assert "tzdata" in refusal("Nowhere/Land")
    pretend_zone(monkeypatch, "Nowhere/Land", "Asia/Dubai")
    assert "does not know" in refusal("Nowhere/Land")
    assert "duckdb" in refusal("Nowhere/Land")


def test_a_host_whose_zone_files_are_wrong_cuts_no_month_otherwise(start_platform, tmp_path):
    karachi = importlib.resources.files("tzdata").joinpath("zoneinfo", "Asia", "Karachi")
    (tmp_path / "zones" / "Asia").mkdir(parents=True)
    (tmp_path / "zones" / "Asia" / "Dubai").write_bytes(karachi.read_bytes())
    platform = start_platform(variables={"CLEARGRID_TIMEZONE": "Asia/Dubai"})
    output, _ = (process := platform.start_load(PYTHONTZPATH=str(tmp_path / "zones"))).communicate()
    assert process.returncode == 0, output
    assert str(platform.window(MAY)) == "[2026-04-30T20:00:00.000Z, 2026-05-31T20:00:00.000Z)"
    assert platform.landed() == platform.truth()
