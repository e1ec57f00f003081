"""A month lands only if ClearGrid's own count agrees with the rows it sent; the ledger records the count."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest

from cleargrid_assets.client import RetryPolicy
from cleargrid_assets.connections import ClearGridConnection
from cleargrid_assets.emulator.faults import Fault, error, plain
from cleargrid_assets.landing.errors import ReconciliationError
from cleargrid_assets.landing.read_month import LoadLimits, read_month
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import LOADS, MAY, NOW, failure_of_step

pytestmark = pytest.mark.slow

LIMITS = LoadLimits(concurrency=4, page_size=100, load_seconds=60, stall_seconds=30)
OPEN_JUNE = date(2026, 6, 1)


def wrong_totals(*totals):
    """A fault that returns `totals` one after the other as counts, and then repeats the last one."""
    remaining = list(totals)

    def alter(envelope, ask):
        if is_count(ask):
            envelope["body"]["pagination"]["total"] = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        return envelope

    return Fault("counts wrongly", alter=alter)


def fail_second_count(total, answer):
    """A fault that returns `total` for the first count, and `answer` for every later one."""
    remaining = [total]

    def alter(envelope, ask):
        if is_count(ask) and remaining:
            envelope["body"]["pagination"]["total"] = remaining.pop()
        elif is_count(ask):
            envelope["body"]["pagination"].update(total=None, totalExact=False, totalNote="timeout")
        return envelope

    def refuse(ask):
        return answer(ask) if answer and is_count(ask) and not remaining else None

    return Fault("does not count twice", refuse=refuse, alter=alter)


def is_count(ask):
    """True if only a count is requested."""
    return ask.params.get("limit") == "1"


NO_SECOND_COUNT = {
    "timed out": None,
    "500": lambda ask: error(500, "Oops", ask.number),
    "504": lambda ask: error(504, "Oops", ask.number),
    "429": lambda ask: error(429, "Slow down", ask.number, {"Retry-After": "3600"}),
    "nonsense": lambda _ask: plain(200, b"<html>"),
}


@pytest.fixture
def no_waits(monkeypatch):
    """Remove the waits between attempts."""
    monkeypatch.setattr(RetryPolicy, "wait_seconds", lambda *_arguments: 0.0)


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("answer", NO_SECOND_COUNT.values(), ids=list(NO_SECOND_COUNT))
def test_a_second_count_that_fails_is_no_disagreement_where_rows_came_on_top(platform, answer):
    received = len(platform.truth())
    platform.emulator.api.faults = [fail_second_count(received - 1, answer)]
    assert platform.load().success
    assert platform.landed() == platform.truth()
    load = platform.last_load()
    assert (load["expected_total"], load["total_exact"]) == (received - 1, False)


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("name", ["timed out", "500", "504"])
def test_a_second_count_that_fails_where_rows_are_missing_is_tried_again_and_is_no_disagreement(platform, name):
    platform.emulator.api.faults = [fail_second_count(len(platform.truth()) + 1, NO_SECOND_COUNT[name])]
    run = platform.load()
    assert run.success
    assert [event for event in run.all_events if event.is_step_up_for_retry]
    assert platform.landed() == platform.truth()


def test_missing_rows_and_no_second_count_in_any_attempt_end_in_a_transient_error_that_names_the_count(platform):
    received = len(platform.truth())
    platform.emulator.api.faults = [wrong_totals(*[received + 1, None] * 3)]
    failure = failure_of_step(platform.load())
    assert failure["error"] == "RecountError"
    assert f"{received + 1}" in failure["description"]


def test_another_total_fails_the_load_and_the_month_stays_as_it_was_to_the_byte(start_after):
    platform = start_after(load_months, MAY)
    before = platform.version()
    platform.emulator.api.faults = [wrong_totals(12_345)]
    run = platform.load()
    assert failure_of_step(run)["error"] == "ReconciliationError"
    assert platform.version() == before


def test_a_wrong_total_is_not_worth_trying_again(platform):
    platform.emulator.api.faults = [wrong_totals(12_345)]
    assert not [event for event in platform.load().all_events if event.is_step_up_for_retry]


def test_the_failure_names_both_counts_and_says_what_to_do(platform):
    platform.emulator.api.faults = [wrong_totals(12_345)]
    failure = failure_of_step(platform.load())
    assert f"ClearGrid sent {len(platform.truth())} rows" in failure["description"]
    assert "12345" in failure["description"]
    assert "ask" in failure["next_step"].lower() or "send" in failure["next_step"].lower()


@pytest.mark.parametrize("fault", ["total-capped", "total-times-out"])
def test_a_total_that_is_not_exact_stops_nothing(start_platform, fault):
    platform = start_platform(faults=[fault])
    assert platform.load().success
    assert platform.landed() == platform.truth()
    assert platform.last_load()["total_exact"] is not True


def test_a_month_that_cannot_be_counted_whole_is_reconciled_day_by_day(start_platform):
    platform = start_platform(faults=["long-totals-time-out"])
    assert platform.load().success
    assert platform.landed() == platform.truth()
    load = platform.last_load()
    assert (load["expected_total"], load["total_exact"]) == (load["rows_received"], True)


def test_a_day_whose_rows_are_not_those_counted_fails_the_load_of_a_month_counted_by_the_day(start_platform):
    platform = start_platform(faults=["long-totals-time-out", "total-too-high"])
    failure = failure_of_step(platform.load())
    assert failure["error"] == "ReconciliationError"
    assert "rows of [2026-05-01T00:00:00.000Z, 2026-05-02T00:00:00.000Z), but counted" in failure["description"]


def test_a_month_whose_days_cannot_be_counted_either_is_asked_for_one_day_only(start_platform):
    platform = start_platform(faults=["total-times-out"])
    platform.load()
    counts_asked = [request for request in platform.emulator.requests if request.params.get("limit") == "1"]
    assert len(counts_asked) == 2


def test_an_absent_total_stops_nothing(platform):
    def alter(envelope, _ask):
        for name in ("total", "totalExact", "totalNote"):
            envelope["body"]["pagination"].pop(name, None)
        return envelope

    platform.emulator.api.faults = [Fault("never counts", alter=alter)]
    assert platform.load().success
    assert platform.landed() == platform.truth()
    assert platform.last_load()["expected_total"] is None


def test_rows_that_arrive_between_the_count_and_the_walk_are_within_the_tolerance(platform):
    received = len(platform.truth())
    platform.emulator.api.faults = [wrong_totals(received - 3, received + 2)]
    assert platform.load().success


def test_rows_that_neither_count_knows_are_not(platform):
    received = len(platform.truth())
    platform.emulator.api.faults = [wrong_totals(received - 3, received - 1)]
    assert failure_of_step(platform.load())["error"] == "ReconciliationError"


def test_a_row_deleted_and_another_logged_during_one_walk_have_the_month_read_once_more(platform):
    received = len(platform.truth())
    platform.emulator.api.faults = [wrong_totals(received - 1, received - 1, received)]
    run = platform.load()
    assert run.success
    assert not [event for event in run.all_events if event.is_step_up_for_retry]
    assert platform.landed() == platform.truth()
    load = platform.last_load()
    assert (load["expected_total"], load["total_exact"]) == (received, True)
    assert load["requests"] == sum(request.method == "GET" for request in platform.emulator.requests)


def test_a_disagreement_that_stays_is_called_one_after_the_second_reading(platform):
    platform.emulator.api.faults = [wrong_totals(12_345)]
    platform.load()
    assert sum(request.params.get("limit") == "1" for request in platform.emulator.requests) == 4


def test_a_month_that_took_half_its_time_is_not_read_once_more(platform):
    platform.emulator.api.faults = [wrong_totals(12_345)]
    client = ClearGridConnection(platform.settings).client()
    minutes = count()
    with pytest.raises(ReconciliationError):
        read_month(
            client, D23, date(2026, 5, 1), platform.window(), LIMITS, now=lambda: NOW + timedelta(minutes=next(minutes))
        )
    assert sum(request.params.get("limit") == "1" for request in platform.emulator.requests) == 2


def test_the_open_month_is_read_up_to_now_and_called_open(platform):
    now = datetime(2026, 6, 20, 12, tzinfo=UTC)
    client = ClearGridConnection(platform.settings).client()
    load = read_month(client, D23, OPEN_JUNE, platform.window("2026-06-01"), LIMITS, now=lambda: now)
    assert load.is_open
    assert load.rows.num_rows == len(platform.truth("2026-06-01"))


def test_the_ledger_tells_of_every_load(platform):
    platform.load()
    load = platform.last_load()
    requests = [request for request in platform.emulator.requests if request.method == "GET"]
    assert load["requests"] == len(requests)
    assert (load["since"], load["until"]) == (datetime(2026, 5, 1), datetime(2026, 6, 1))  # noqa: DTZ001 - naive UTC columns
    assert load["rows_received"] == load["rows_landed"] == load["expected_total"] == len(platform.truth())
    assert (load["total_exact"], load["rows_quarantined"], load["duplicates_collapsed"]) == (True, 0, 0)
    assert (load["rows_added"], load["rows_changed"], load["rows_vanished"]) == (load["rows_landed"], 0, 0)
    assert load["pages"] > load["empty_pages"] > 0
    assert load["page_size_used"] == 100
    assert load["seconds"] > 0


def test_faults_on_the_way_are_in_the_ledger(start_platform):
    platform = start_platform(faults=["unavailable"])
    platform.load()
    assert platform.last_load()["retries"] > 0
    assert platform.landed() == platform.truth()


def test_the_windows_of_a_load_cover_its_month_without_gap_or_overlap(platform):
    platform.load()
    requests = {
        (request.params["since"], request.params["until"])
        for request in platform.emulator.requests
        if request.method == "GET" and request.params["limit"] != "1"
    }
    starts, ends = ({borders[number] for borders in requests} for number in (0, 1))
    assert len(starts) == len(requests)  # a window that was shortened keeps the end it was asked with
    assert min(starts) == "2026-05-01T00:00:00.000Z"
    assert max(ends) == "2026-06-01T00:00:00.000Z"
    assert ends - {max(ends)} <= starts
    assert platform.last_load()["rows_received"] == len(platform.truth())
    assert platform.landed() == platform.truth()


def test_a_load_starts_at_twice_the_page_size_that_the_last_one_ended_with(start_platform):
    platform = start_platform(faults=["large-pages-time-out"], variables={"CLEARGRID_PAGE_SIZE": "800"})
    platform.load()
    assert platform.last_load()["page_size_used"] == 100
    platform.emulator.requests.clear()
    platform.load()
    assert max(page_sizes(platform)) == 200
    assert platform.last_load()["page_size_used"] == 100
    assert platform.query(f"SELECT count(*) FROM {LOADS}") == [(2,)]


def test_pages_are_as_large_as_set_again_a_few_loads_after_a_slow_night(start_platform):
    platform = start_platform(faults=["large-pages-time-out"], variables={"CLEARGRID_PAGE_SIZE": "500"})
    platform.load()
    platform.emulator.api.faults = []
    used = []
    for _ in range(4):
        platform.emulator.requests.clear()
        platform.load()
        used.append(max(page_sizes(platform)))
    assert used == [124, 248, 496, 500]


def page_sizes(platform):
    """The page sizes that were requested."""
    return {int(request.params["limit"]) for request in platform.emulator.requests if request.method == "GET"}
