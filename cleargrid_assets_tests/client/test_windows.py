"""Planning and splitting windows: nothing missing, nothing twice, and an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cleargrid_assets.client import SettingsError, Window, plan_windows
from cleargrid_assets.client.window import MAX_WINDOWS, format_instant

INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 # the strategy adds the zone
LENGTHS = st.timedeltas(timedelta(milliseconds=1), timedelta(days=62))
SECOND = timedelta(seconds=1)


@st.composite
def windows(draw):
    since = draw(INSTANTS)
    return Window(since, since + draw(LENGTHS))


def assert_covers(parts, whole):
    assert parts[0].since == whole.since
    assert parts[-1].until == whole.until
    assert all(one.until == other.since for one, other in pairwise(parts))
    if whole.until - whole.since >= SECOND:
        assert min(part.until - part.since for part in parts) >= SECOND


@given(windows(), st.integers(1, 5_000))
@example(Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 1, 0, 0, 3, tzinfo=UTC)), 5)
def test_parts_cover_a_window_exactly_and_none_is_under_a_second(window, parts):
    split = window.split(parts)
    assert_covers(split, window)
    assert len(split) <= parts


@given(windows())
def test_halving_ends_at_windows_of_a_second(window):
    depth = 0
    while window.is_splittable:
        window = window.split()[0]
        depth += 1
    assert depth <= 24
    assert window.until - window.since < 2 * SECOND


@given(windows(), st.none() | st.integers(0, 10**12), st.integers(0, 5_000), st.none() | INSTANTS)
def test_a_plan_covers_the_window_exactly_whatever_the_total_and_the_time_are(window, total, target_rows, now):
    plan = plan_windows(window, total, target_rows, now)
    assert_covers(plan, window)
    assert len(plan) <= MAX_WINDOWS + 1


def test_a_month_without_a_total_is_planned_by_day():
    may = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
    assert [window.seconds for window in plan_windows(may, None, 2000)] == [86_400.0] * 31


def test_a_month_with_a_total_is_planned_by_rows():
    may = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
    assert len(plan_windows(may, 20_000, 2_000)) == 10
    assert len(plan_windows(may, 0, 2_000)) == 1


def test_the_future_of_an_open_month_is_one_window():
    june = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    plan = plan_windows(june, 20_000, 2_000, now=datetime(2026, 6, 11, tzinfo=UTC))
    assert plan[-1] == Window(datetime(2026, 6, 11, 0, 0, 1, tzinfo=UTC), june.until)
    assert len(plan) == 11


@pytest.mark.parametrize(("seconds", "windows"), [(-1, 1), (0, 2), (8, 2), (9, 1), (10, 1)])
def test_the_future_is_a_window_of_its_own_if_it_and_the_past_last_a_second(seconds, windows):
    since = datetime(2026, 6, 1, tzinfo=UTC)
    assert len(plan_windows(Window(since, since + 10 * SECOND), 0, 2_000, now=since + seconds * SECOND)) == windows


def test_a_window_is_kept_in_utc_whatever_zone_it_was_given_in():
    dubai = timezone(timedelta(hours=4))
    window = Window(datetime(2026, 5, 1, tzinfo=dubai), datetime(2026, 6, 1, tzinfo=dubai))
    assert str(window) == "[2026-04-30T20:00:00.000Z, 2026-05-31T20:00:00.000Z)"


def test_a_window_has_whole_milliseconds_and_the_same_rows_as_a_finer_one():
    since, until = (datetime(2026, 5, 1, 0, 0, second, 123_400, tzinfo=UTC) for second in (0, 5))
    window = Window(since, until)
    assert str(window) == "[2026-05-01T00:00:00.124Z, 2026-05-01T00:00:05.124Z)"
    millisecond = timedelta(milliseconds=1)
    for moment in (window.since - millisecond, window.since, window.until - millisecond, window.until):
        assert (since <= moment < until) == (window.since <= moment < window.until)


def test_a_window_without_a_zone_is_refused():
    with pytest.raises(SettingsError, match="since 2026-05-01T00:00:00 has no time zone"):
        Window(datetime(2026, 5, 1), datetime(2026, 6, 1, tzinfo=UTC))  # noqa: DTZ001 # the point of the test


def test_an_empty_or_backward_window_is_refused():
    for until in (datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)):
        with pytest.raises(SettingsError, match="its end must be after its start"):
            Window(datetime(2026, 5, 1, tzinfo=UTC), until)


def test_instants_are_written_with_milliseconds_and_z():
    assert format_instant(datetime(2026, 5, 1, 4, tzinfo=timezone(timedelta(hours=4)))) == "2026-05-01T00:00:00.000Z"
