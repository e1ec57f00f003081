"""504 and time-outs: smaller pages, then smaller windows, never the same request again, and always an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from cleargrid_assets.client import D23, QueryTooLargeError, Window
from cleargrid_assets.client.adaptive_page_size import MIN_PAGE_SIZE, AdaptivePageSize, halve
from cleargrid_assets_tests.client.clients import WINDOW, client_of, load, rows_of
from cleargrid_assets_tests.client.fault_server import FaultServer
from cleargrid_assets_tests.client.faulty_responses import every, status, when
from cleargrid_assets_tests.client.vendor_rows import ROWS_ON_ONE_INSTANT, truth


def seconds_of(record):
    since, until = (datetime.fromisoformat(record.params[name]) for name in ("since", "until"))
    return (until - since).total_seconds()


def test_the_page_is_halved_down_to_50_before_the_window_is_split():
    with FaultServer(status(504)) as server:
        with pytest.raises(QueryTooLargeError):
            list(client_of(server, page_size=500).rows(D23, WINDOW))
        limits = [int(record.params["limit"]) for record in server.requests]
        lengths = [seconds_of(record) for record in server.requests]
    whole = lengths.count(lengths[0])
    assert limits[:whole] == [500, 250, 125, 62, 50]
    assert all(shorter in (longer, longer // 2) for longer, shorter in pairwise(lengths))
    assert (min(limits), min(lengths)) == (50, 1)


def test_a_size_that_works_is_kept_for_the_rest_of_the_load():
    with FaultServer(when(lambda request: request.limit > 60, status(504))) as server:
        # One worker: on a busy machine a second one may send its first request late.
        fetched = load(client_of(server, page_size=500), concurrency=1)
        refused = [record.number for record in server.requests if record.status == 504]
    assert fetched.statistics.page_size_used == 50
    assert max(refused) < len(server.requests) / 3


def test_one_504_is_a_hiccup_and_does_not_shrink_the_pages_of_the_load():
    with FaultServer(when(lambda request: request.record.number == 4, status(504))) as server:
        fetched = load(client_of(server))
    assert fetched.statistics.page_size_used == 100
    assert fetched.statistics.retries == 1


def test_no_window_is_split_under_a_second():
    with FaultServer(when(lambda request: request.seconds > 600, status(504))) as server:
        day = Window(WINDOW.since, WINDOW.since + timedelta(days=1))
        rows = list(client_of(server, page_size=50).rows(D23, day))
        assert rows == [row for row in truth() if row["communicated_at"] < "2026-05-02"]
        assert min(seconds_of(record) for record in server.requests) >= 1


def test_hundreds_of_rows_on_one_instant_are_read_to_their_end():
    instant = WINDOW.since + (WINDOW.until - WINDOW.since) / 2
    second = Window(instant, instant + timedelta(seconds=1))
    with FaultServer(when(lambda request: request.limit > 60, status(504))) as server:
        rows = list(client_of(server).rows(D23, second))
    assert len(rows) > ROWS_ON_ONE_INSTANT / 2
    assert {row["communicated_at"] for row in rows} == {"2026-05-02T12:00:00.000Z"}


def test_a_gateway_that_refuses_every_third_request_whatever_it_asks_for_is_read_to_the_end():
    with FaultServer(every(3, status(504))) as server:
        rows = list(client_of(server, page_size=50).rows(D23, WINDOW))
    assert rows == truth()


@pytest.mark.parametrize(("size", "next_size"), [(1000, 500), (500, 250), (99, 50), (50, 50), (30, 30), (1, 1)])
def test_a_page_size_is_halved_but_not_under_50_or_what_the_user_set(size, next_size):
    assert halve(size) == next_size


def test_a_size_is_given_up_when_it_is_slow_twice_and_more_often_than_fine():
    adaptive_page_size = AdaptivePageSize(500)
    adaptive_page_size.on_success(WINDOW, 500)
    adaptive_page_size.on_success(WINDOW, 500)
    adaptive_page_size.on_timeout(WINDOW, 500)
    adaptive_page_size.on_timeout(WINDOW, 500)
    assert adaptive_page_size.size == 500
    adaptive_page_size.on_timeout(WINDOW, 500)
    assert adaptive_page_size.size == 250


def test_pages_stay_large_when_the_length_of_windows_is_the_trouble():
    with FaultServer(when(lambda request: request.seconds > 3_600, status(504))) as server:
        fetched = load(client_of(server))
    assert sorted(map(str, rows_of(fetched))) == sorted(map(str, truth()))
    assert fetched.statistics.page_size_used == 100


def test_page_sizes_are_tried_again_when_the_length_of_windows_was_the_trouble():
    adaptive_page_size = AdaptivePageSize(100)
    day, hour = (
        Window(WINDOW.since, WINDOW.since + timedelta(days=1)),
        Window(WINDOW.since, WINDOW.since + timedelta(hours=1)),
    )
    for size in (100, 100, 50, 50):
        adaptive_page_size.on_timeout(day, size)
    assert adaptive_page_size.size == 50
    adaptive_page_size.on_window_timeout(day)
    adaptive_page_size.on_window_timeout(day)
    assert max(part.seconds for part in adaptive_page_size.split_if_too_long(day)) < day.seconds
    assert adaptive_page_size.split_if_too_long(hour) == []
    adaptive_page_size.on_success(hour, 50)
    assert adaptive_page_size.size == 100
    for _ in range(5):
        adaptive_page_size.on_timeout(day, 100)
    assert adaptive_page_size.size == 100


def test_a_slow_answer_to_a_larger_page_never_makes_pages_larger_again():
    adaptive_page_size = AdaptivePageSize(MIN_PAGE_SIZE)
    adaptive_page_size.on_timeout(WINDOW, 500)
    adaptive_page_size.on_timeout(WINDOW, 500)
    assert adaptive_page_size.size == MIN_PAGE_SIZE


def test_windows_of_a_second_end_when_even_they_are_too_slow():
    second = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 1, 0, 0, 1, tzinfo=UTC))
    with FaultServer(status(504)) as server:
        with pytest.raises(QueryTooLargeError, match="even 50 rows of one second"):
            list(client_of(server).rows(D23, second))
        assert [record.params["limit"] for record in server.requests] == ["100", "50", "51", "52", "53"]


def lasting(seconds):
    return Window(WINDOW.since, WINDOW.since + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("worked", "timed_out", "parts"),
    [
        ([], [20], 0),
        ([], [20, 20], 2),
        ([], [20, 40, 20], 2),  # the shortest two count
        ([5], [20, 20], 4),
        ([20], [20, 20], 0),
        ([40], [20, 20], 0),
        ([], [1, 1, 20], 2),
    ],
)
def test_a_length_is_too_long_if_it_timed_out_twice_and_never_worked(worked, timed_out, parts):
    adaptive_page_size = AdaptivePageSize(500)
    for seconds in worked:
        adaptive_page_size.on_success(lasting(seconds), 500)
    for seconds in timed_out:
        adaptive_page_size.on_window_timeout(lasting(seconds))
    assert len(adaptive_page_size.split_if_too_long(lasting(20))) == parts
    assert adaptive_page_size.split_if_too_long(lasting(1)) == []


def test_a_length_that_worked_late_leaves_only_the_time_outs_of_longer_ones():
    adaptive_page_size = AdaptivePageSize(500)
    for seconds in (10, 10):
        adaptive_page_size.on_window_timeout(lasting(seconds))
    adaptive_page_size.on_success(lasting(10), 500)
    for seconds in (20, 20):
        adaptive_page_size.on_window_timeout(lasting(seconds))
    assert len(adaptive_page_size.split_if_too_long(lasting(20))) == 2


def test_time_outs_in_a_row_are_counted_up_to_three_and_a_success_ends_the_row():
    adaptive_page_size = AdaptivePageSize(500)
    assert [adaptive_page_size.on_timeout(WINDOW, 500) for _ in range(5)] == [1, 2, 3, 3, 3]
    adaptive_page_size.on_success(WINDOW, 50)
    assert adaptive_page_size.on_timeout(WINDOW, 500) == 1
