"""A walk whose rest another worker takes over: each row in one window only, and an end whatever the rows are."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleargrid_assets.client import D23, Window
from cleargrid_assets.client.walk import BoundaryUnclearError, Walk
from cleargrid_assets.client.window import format_instant
from cleargrid_assets.client.worker_pool import MAX_PAGES
from cleargrid_assets_tests.client.clients import client_of
from cleargrid_assets_tests.client.fault_server import FaultServer

DAY = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC))
HOUR = timedelta(hours=1)
PAGE_SIZE = 10


def row(moment, number=0):
    return {"public_id": f"{number:024x}", "communicated_at": format_instant(moment)}


def rows_at(*hours):
    return [row(DAY.since + hour * HOUR) for hour in hours]


def walk_of(window=DAY):
    return Walk(window, "communicated_at")


def test_a_walk_that_nobody_shortens_takes_every_row_to_the_end_of_its_window():
    walk = walk_of()
    assert walk.take(rows_at(1, 2, 3)) == (rows_at(1, 2, 3), False)
    assert walk.close() == DAY


def test_the_rest_begins_half_way_between_the_last_row_and_the_end():
    walk = walk_of()
    walk.take(rows_at(1, 2, 4))
    rest = walk.hand_over()
    assert rest == Window(DAY.since + 14 * HOUR, DAY.until)
    assert walk.close() == Window(DAY.since, rest.since)


def test_the_pages_to_come_are_judged_by_the_latest_page_because_rows_may_be_dense_where_a_walk_is():
    walk = walk_of()
    walk.take(rows_at(1, 4, 16))
    assert walk.pages_left == pytest.approx(0.5)
    walk.take(rows_at(16.5, 16.8, 17))
    assert walk.pages_left == pytest.approx(7)
    walk.take([])
    assert walk.pages_left == pytest.approx(7)


def test_after_a_page_of_rows_of_one_instant_as_many_pages_are_to_come_as_seconds():
    walk = walk_of()
    walk.take(rows_at(1, 23))
    walk.take(rows_at(23, 23))
    assert walk.pages_left == pytest.approx(3600)


@pytest.mark.parametrize("length", [1, 1.5])
def test_a_walk_of_less_than_two_seconds_hands_over_no_second_that_it_has_begun(length):
    walk = walk_of(Window(DAY.since, DAY.since + timedelta(seconds=length)))
    walk.take([row(DAY.since + timedelta(seconds=0.3))])
    assert walk.hand_over() is None


def test_the_page_that_passes_the_new_end_counts_only_with_the_rows_before_it():
    walk = walk_of()
    walk.take(rows_at(1, 2, 4))
    walk.hand_over()
    assert walk.take(rows_at(5, 13, 14, 15)) == (rows_at(5, 13), True)


def test_a_row_at_the_very_instant_of_the_new_end_belongs_to_the_rest():
    walk = walk_of()
    walk.take(rows_at(4))
    assert walk.hand_over().since == DAY.since + 14 * HOUR
    assert walk.take(rows_at(14)) == ([], True)


def test_a_page_that_ends_before_the_new_end_does_not_complete_the_walk():
    walk = walk_of()
    walk.take(rows_at(4))
    walk.hand_over()
    assert walk.take(rows_at(5, 13)) == (rows_at(5, 13), False)
    assert walk.take([]) == ([], False)


@pytest.mark.parametrize(
    "odd", [{}, {"communicated_at": None}, {"communicated_at": "2026-05-01T06:00:00"}, "text", None,
            {"communicated_at": 1_777_593_600}, {"communicated_at": "2026-05-01T99:00:00.000Z"}]
)  # fmt: skip
def test_a_walk_with_a_row_of_unclear_time_is_not_shortened(odd):
    walk = walk_of()
    assert walk.take([*rows_at(4), odd]) == ([*rows_at(4), odd], False)
    assert walk.pages_left == 0
    assert walk.hand_over() is None
    assert walk.close() == DAY


@pytest.mark.parametrize("hours", [(5, 3), (2, 3), (25, 26)])
def test_a_walk_whose_rows_are_not_in_order_or_outside_its_window_is_not_shortened(hours):
    walk = walk_of()
    walk.take(rows_at(4))
    walk.take(rows_at(*hours))
    assert walk.pages_left == 0
    assert walk.hand_over() is None


@pytest.mark.parametrize("page", [rows_at(15, 13), rows_at(3), rows_at(13, 25), [*rows_at(13), {}]])
def test_a_shortened_walk_whose_rows_turn_out_to_be_in_disorder_has_to_be_read_again(page):
    walk = walk_of()
    walk.take(rows_at(4))
    rest = walk.hand_over()
    with pytest.raises(BoundaryUnclearError):
        walk.take(page)
    assert walk.close() == Window(DAY.since, rest.since)


def test_a_walk_that_is_due_ends_at_the_next_whole_second():
    walk = walk_of()
    walk.take(rows_at(1, 4))
    assert walk.hand_over(is_due=True) == Window(DAY.since + 4 * HOUR + timedelta(seconds=1), DAY.until)
    assert walk.hand_over(is_due=True) is None


def test_a_walk_of_empty_pages_hands_nothing_over_because_nobody_knows_how_far_it_is():
    walk = walk_of()
    walk.take([])
    assert walk.pages_left == 0
    assert walk.hand_over(is_due=True) is None


def test_a_row_at_the_very_end_of_a_walk_that_nobody_shortened_is_not_dropped():
    assert walk_of().take(rows_at(1, 24)) == (rows_at(1, 24), False)


def test_a_walk_before_its_first_page_or_after_its_end_hands_nothing_over():
    walk = walk_of()
    assert walk.pages_left == 0
    walk.take(rows_at(1))
    walk.close()
    assert walk.pages_left == 0
    assert walk.hand_over() is None


@given(
    st.lists(st.timedeltas(timedelta(0), DAY.until - DAY.since - timedelta(milliseconds=1)), max_size=60),
    st.lists(st.booleans(), min_size=200, max_size=200),
)
def test_whenever_walks_are_shortened_each_row_is_in_one_window(offsets, wishes):
    moments = sorted((DAY.since + offset).replace(microsecond=0) for offset in offsets)
    wish, pending, windows, received = iter(wishes), [DAY], [], Counter()
    while pending:
        window = pending.pop()
        walk = walk_of(window)
        inside = [row(moment) for moment in moments if window.since <= moment < window.until]
        for start in range(0, max(len(inside), 1), 5):
            rows, is_past_end = walk.take(inside[start : start + 5])
            received.update(each["communicated_at"] for each in rows)
            if is_past_end:
                break
            if next(wish, False) and (rest := walk.hand_over()):
                pending.append(rest)
        windows.append(walk.close())
    windows.sort(key=lambda window: window.since)
    assert (windows[0].since, windows[-1].until) == (DAY.since, DAY.until)
    assert all(one.until == other.since for one, other in pairwise(windows))
    assert received == Counter(map(format_instant, moments))


EVENLY = [DAY.since + timedelta(seconds=40 * number) for number in range(2_000)]
COLLECTIONS = {
    "evenly spread": EVENLY,
    "a dense hour at the end": [DAY.since, *(DAY.until - HOUR + timedelta(seconds=number) for number in range(1_500))],
    "a dense hour at the start": [DAY.since + timedelta(seconds=number) for number in range(1_500)],
    "a burst on one second": [DAY.since + HOUR] * 300 + [DAY.until - HOUR],
    "nothing": [],
}


def serve(collection, change=lambda rows, _start: rows, empty_pages=0):
    """Responds with pages of `collection`, altered by `change`; refuses a cursor of another window.

    A window of more than ten minutes begins with `empty_pages`.
    """

    def play(request):
        asked = [request.record.params[name] for name in ("since", "until")]
        since, until = map(datetime.fromisoformat, asked)
        inside = [row(moment, number) for number, moment in enumerate(collection) if since <= moment < until]
        begin = -empty_pages * request.limit if until - since > timedelta(minutes=10) else 0
        *asked_before, start = json.loads(request.record.params.get("cursor", json.dumps([*asked, begin])))
        end = start + request.limit
        pagination = {"nextCursor": json.dumps([*asked, end]) if end < len(inside) else None}
        meta = dict(zip(("since", "until"), asked, strict=True))
        rows = inside[max(start, 0) : max(end, 0)]
        body = {"rows": change(rows, start), "pagination": pagination, "meta": meta}
        request.server.is_closing.wait(0.002)
        request.send(200, {"code": 200, "body": body}) if asked == asked_before else request.refuse(400)

    return play


def fetch(server, windows=(DAY,), concurrency=4):
    return client_of(server, page_size=PAGE_SIZE).fetch(D23, windows, lambda rows, _: rows, concurrency=concurrency)


def assert_complete(fetched, collection):
    received = Counter(each["public_id"] for one in fetched.windows for batch in one.batches for each in batch)
    assert received == Counter(f"{number:024x}" for number in range(len(collection)))
    assert fetched.rows_received == len(collection)
    windows = [completed.window for completed in fetched.windows]
    assert (windows[0].since, windows[-1].until) == (DAY.since, DAY.until)
    assert all(one.until == other.since for one, other in pairwise(windows))


@pytest.mark.parametrize("name", COLLECTIONS)
def test_one_window_is_shared_by_all_workers_and_each_row_comes_once(name):
    with FaultServer(serve(COLLECTIONS[name])) as server:
        fetched = fetch(server)
    assert_complete(fetched, COLLECTIONS[name])


def test_workers_without_work_take_over_the_rest_of_a_window():
    with FaultServer(serve(EVENLY)) as server:
        fetched = fetch(server)
    assert len(fetched.windows) >= 4


def test_sharing_windows_costs_few_requests():
    with FaultServer(serve(EVENLY)) as server:
        fetch(server, DAY.split(4))
        assert len(server.requests) <= 1.1 * ceil(len(EVENLY) / PAGE_SIZE)


@pytest.mark.parametrize("concurrency", [1, 2])
def test_no_walk_is_so_long_that_a_time_out_would_cost_many_pages(concurrency):
    with FaultServer(serve(EVENLY)) as server:
        fetched = fetch(server, concurrency=concurrency)
    assert max(completed.pages for completed in fetched.windows) <= MAX_PAGES + 1
    assert_complete(fetched, EVENLY)


def test_no_count_is_asked_to_share_windows():
    with FaultServer(serve(EVENLY)) as server:
        fetch(server)
        assert all("includeTotal" not in record.params for record in server.requests)


def test_a_burst_costs_few_requests_beyond_its_pages():
    collection = COLLECTIONS["a burst on one second"]
    with FaultServer(serve(collection)) as server:
        fetch(server, concurrency=8)
        assert len(server.requests) < ceil(len(collection) / PAGE_SIZE) + 30


def test_rows_that_come_in_disorder_are_read_by_one_worker_and_none_is_lost():
    with FaultServer(serve(EVENLY, change=lambda rows, _start: rows[::-1])) as server:
        fetched = fetch(server)
    assert len(fetched.windows) == 1
    assert_complete(fetched, EVENLY)


def test_rows_that_come_in_disorder_after_a_window_was_shortened_are_read_again():
    def late_disorder(rows, start):
        return rows[::-1] if start >= 30 * PAGE_SIZE else rows

    with FaultServer(serve(EVENLY, change=late_disorder)) as server:
        fetched = fetch(server, concurrency=2)
    assert fetched.statistics.splits == 1
    assert_complete(fetched, EVENLY)


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("empty_pages", [70, 150])
def test_windows_that_begin_with_many_empty_pages_are_read_to_their_end(empty_pages, concurrency):
    hour = Window(DAY.since, DAY.since + HOUR)
    late = [hour.until - timedelta(milliseconds=number) for number in range(5, 0, -1)]
    with FaultServer(serve(late, empty_pages=empty_pages)) as server:
        fetched = fetch(server, [hour], concurrency)
    assert fetched.rows_received == len(late)
    assert (fetched.windows[0].window.since, fetched.windows[-1].window.until) == (hour.since, hour.until)
