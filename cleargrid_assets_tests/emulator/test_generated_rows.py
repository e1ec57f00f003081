"""The emulator's rows of D23 resemble those of a call centre, are repeatable, and change over time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from cleargrid_assets.emulator import GeneratedRows
from cleargrid_assets.emulator.generated_d23_rows import make_manual_log
from cleargrid_assets_tests.emulator.http_client import MAY

START, END = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
SOON, MUCH_LATER = END + timedelta(hours=1), END + timedelta(days=120)


@pytest.fixture(scope="module")
def soon():
    """May, requested an hour after its end."""
    return {row["public_id"]: row for row in GeneratedRows(make_manual_log).rows(START, END, SOON)}


@pytest.fixture(scope="module")
def much_later():
    """May, requested four months later."""
    return {row["public_id"]: row for row in GeneratedRows(make_manual_log).rows(START, END, MUCH_LATER)}


def test_rows_are_a_pure_function_of_seed_range_and_instant(soon):
    assert list(soon.values()) == GeneratedRows(make_manual_log).rows(START, END, SOON)
    assert list(soon.values()) != GeneratedRows(make_manual_log, seed=8).rows(START, END, SOON)


def test_a_range_read_in_parts_is_the_range(soon):
    rows = GeneratedRows(make_manual_log)
    days = [START + timedelta(days=number) for number in range(32)]
    parts = [row for day in days[:-1] for row in rows.rows(day, day + timedelta(days=1), SOON)]
    assert parts == list(soon.values())


def test_the_server_serves_the_floor(caller):
    now = caller.emulator.now
    assert caller.rows(**MAY) == caller.emulator.manual_logs.rows(START, END, now)


def test_rows_logged_late_appear_after_the_month(soon, much_later):
    late = much_later.keys() - soon.keys()
    assert late
    assert not soon.keys() - much_later.keys()
    assert all(much_later[key]["created_at"] >= "2026-06-01T01" for key in late)


def test_promises_break_weeks_later(soon, much_later):
    broken = [key for key, row in soon.items() if not row["is_ptp_broken"] and much_later[key]["is_ptp_broken"]]
    assert len(broken) > 50
    assert all(much_later[key]["updated_at"] > soon[key]["updated_at"] for key in broken)
    assert {soon[key]["outcome_option"] for key in broken} <= {"PTP", "Promise to Pay", "promise_to_pay"}


def test_entries_are_deactivated_later(soon, much_later):
    assert any(row["is_active"] and not much_later[key]["is_active"] for key, row in soon.items())


def test_an_entry_that_nothing_happened_to_reads_the_same_months_later(soon, much_later):
    same = [key for key, row in soon.items() if row == much_later[key]]
    assert len(same) > 0.8 * len(soon)


def test_nobody_sees_a_row_before_it_was_created(soon):
    assert all(row["created_at"] <= "2026-06-01T01:00:00.000Z" for row in soon.values())
    assert all(row["communicated_at"] <= row["created_at"] <= row["updated_at"] for row in soon.values())


def test_agents_work_in_working_hours_and_less_at_weekends(soon):
    hours = Counter(int(row["communicated_at"][11:13]) for row in soon.values())
    days = Counter(datetime.fromisoformat(row["communicated_at"]).isoweekday() for row in soon.values())
    assert sum(hours[hour] for hour in range(6, 19)) > 0.9 * len(soon)
    assert days[6] < days[3]


def test_outcomes_come_in_several_spellings_and_some_that_no_map_knows(soon):
    spellings = {row["outcome_option"] for row in soon.values()}
    assert {"NO_ANSWER", "No answer", "no-answer"} <= spellings
    assert {"BPTP", "Follow up"} <= spellings


def test_channels_and_sources_are_several(soon):
    assert {"CALL", "WHATSAPP"} < {row["communication_type"] for row in soon.values()}
    assert {"AGENT", "SUPERVISOR"} < {row["interaction_source"] for row in soon.values()}


def test_ids_are_24_hexadecimal_digits_and_unique(soon):
    assert all(len(key) == 24 and int(key, 16) >= 0 for key in soon)
    assert len(soon) == len(GeneratedRows(make_manual_log).rows(START, END, SOON))


def test_a_dense_day_has_that_many_times_as_many_rows():
    dense = GeneratedRows(make_manual_log, dense_days={START.date() + timedelta(days=4): 10.0})
    day = START + timedelta(days=4)
    usual = len(GeneratedRows(make_manual_log).rows(day, day + timedelta(days=1), MUCH_LATER))
    assert 8 * usual < len(dense.rows(day, day + timedelta(days=1), MUCH_LATER)) < 12 * usual


def test_a_count_does_not_depend_on_what_was_served_before(soon):
    rows = GeneratedRows(make_manual_log)
    bounds = [int(moment.timestamp() * 1000) for moment in (START, END, SOON)]
    assert rows.count(*bounds) == len(soon)
    rows.rows(START, END, SOON)
    assert rows.count(*bounds) == len(soon)
