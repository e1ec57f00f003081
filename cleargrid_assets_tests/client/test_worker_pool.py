"""Many windows at once: limits of concurrency and time, and one error that ends all."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from cleargrid_assets.client import (
    D23,
    AccessDeniedError,
    QueryTooLargeError,
    RateLimitedError,
    ServerFaultError,
    UnexpectedAnswerError,
    UnreachableError,
    Window,
)
from cleargrid_assets.client.concurrency_limiter import ConcurrencyLimiter
from cleargrid_assets.client.deadlines import Deadline
from cleargrid_assets_tests.client.clients import WINDOW, client_of, load, rows_of
from cleargrid_assets_tests.client.fault_server import FaultServer, PendingRequest
from cleargrid_assets_tests.client.faulty_responses import altered, right, status, when
from cleargrid_assets_tests.client.vendor_rows import truth


def fetch(client, windows, convert=lambda rows, _window: rows, **options):
    return client.fetch(D23, windows, convert, **options)


@pytest.mark.parametrize("concurrency", [1, 3, 16])
def test_never_more_requests_are_in_flight_than_configured(concurrency):
    with FaultServer(right) as server:
        fetched = load(client_of(server, concurrency=concurrency))
        assert len(rows_of(fetched)) == len(truth())
        assert server.peak_in_flight <= concurrency


def test_requests_are_in_flight_side_by_side():
    both_are_here = threading.Barrier(2, timeout=5)

    def play(request):
        if request.record.number <= 2:
            both_are_here.wait()
        request.right()

    with FaultServer(play) as server:
        fetch(client_of(server, timeout_seconds=10), WINDOW.split(4), concurrency=2)
    assert not both_are_here.broken


def test_a_page_is_converted_while_the_next_one_of_its_window_is_requested():
    both_are_here = threading.Barrier(2, timeout=5)

    def play(request):
        if request.record.number == 2:
            both_are_here.wait()
        request.right()

    def convert(rows, _window):
        converted.append(rows)
        if len(converted) == 1:
            both_are_here.wait()
        return rows

    converted = []
    with FaultServer(play) as server:
        fetch(client_of(server, timeout_seconds=10, page_size=100), [WINDOW], convert, concurrency=1)
    assert not both_are_here.broken


def test_windows_come_in_order_of_time_and_cover_what_was_asked_for():
    with FaultServer(right) as server:
        fetched = load(client_of(server, concurrency=8))
    windows = [completed.window for completed in fetched.windows]
    assert windows == sorted(windows, key=lambda window: window.since)
    assert (windows[0].since, windows[-1].until) == (WINDOW.since, WINDOW.until)
    assert all(one.until == other.since for one, other in pairwise(windows))


def test_one_workers_fatal_error_stops_the_others_at_once():
    def play(request):
        if request.record.number == 6:
            request.refuse(403)
        elif request.record.number > 6:
            request.hang()
        else:
            request.right()

    with FaultServer(play) as server:
        with pytest.raises(AccessDeniedError, match="req-"):
            fetch(client_of(server, timeout_seconds=30, concurrency=4), WINDOW.split(40))
        assert len(server.requests) <= 6 + 4


def test_workers_that_wait_to_try_again_are_woken_by_another_workers_error():
    play = when(lambda request: request.record.number == 5, status(404))
    busy = when(lambda request: request.record.number != 5, status(503, Retry_After="60"))

    def both(request):
        (play if request.record.number == 5 else busy)(request)

    with FaultServer(both) as server, pytest.raises(Exception, match="HTTP 404"):
        fetch(client_of(server, concurrency=8), WINDOW.split(8))


def test_an_error_of_the_callers_own_code_ends_the_load_as_it_is():
    def convert(_rows, _window):
        raise ZeroDivisionError

    with FaultServer(right) as server, pytest.raises(ZeroDivisionError):
        fetch(client_of(server), WINDOW.split(4), convert)


def test_a_load_ends_when_its_time_is_up():
    def play(request):
        request.server.is_closing.wait(0.05)
        request.right()

    with (
        FaultServer(play) as server,
        pytest.raises(UnreachableError, match="the time for the load is up") as caught,
    ):
        fetch(client_of(server, page_size=10), WINDOW.split(4), deadline_seconds=0.5)
    assert not caught.value.is_retryable


@pytest.mark.parametrize(
    ("play", "kind"),
    [
        (PendingRequest.hang, UnreachableError),
        (status(429, Retry_After="50"), RateLimitedError),
        (status(503, Retry_After="50"), ServerFaultError),
    ],
)
def test_a_load_that_stalls_ends_with_what_troubled_it_last(play, kind):
    with FaultServer(play) as server, pytest.raises(kind, match="no page came for") as caught:
        fetch(client_of(server, timeout_seconds=0.5), [WINDOW], stall_seconds=1.0)
    assert type(caught.value) is kind
    assert not caught.value.is_retryable
    assert kind is UnreachableError or "(request id req-" in str(caught.value)


def test_waits_that_the_server_asks_for_are_no_stall():
    asks_twice = when(lambda request: request.record.number <= 2, status(429, Retry_After="1"))
    with FaultServer(asks_twice) as server:
        fetched = fetch(client_of(server), [WINDOW], stall_seconds=1.5)
    assert fetched.rows_received == len(truth())


class FastDeadline(Deadline):
    """A deadline whose sleeps take no time, although its clock advances."""

    def __init__(self, seconds=None, stall_seconds=math.inf):
        self._skipped_seconds = 0.0
        super().__init__(seconds, lambda: time.monotonic() + self._skipped_seconds, stall_seconds)

    def sleep(self, seconds, *, requested_by_server=False):
        self._skipped_seconds += seconds
        super().sleep(0.0, requested_by_server=requested_by_server)


@pytest.mark.parametrize("code", [429, 503])
def test_two_waits_of_a_minute_in_a_row_are_outlasted_by_the_count_and_by_the_pages(monkeypatch, code):
    monkeypatch.setattr("cleargrid_assets.client.client.Deadline", FastDeadline)
    queries = Counter()

    def play(request):
        queries[request.record.query] += 1
        request.right() if queries[request.record.query] > 2 else request.refuse(code, Retry_After="60")

    with FaultServer(play) as server:
        assert client_of(server).count(D23, WINDOW).exact
        fetched = fetch(client_of(server, page_size=1000, concurrency=1), WINDOW.split(2), stall_seconds=75)
    assert fetched.rows_received == len(truth())


def test_a_login_that_asks_for_a_wait_is_no_stall():
    with FaultServer(right) as server:
        refuses_twice = iter([1, 1])
        honest = server.log_in

        def log_in(body):
            return (429, {"message": "later"}) if next(refuses_twice, 0) else honest(body)

        server.log_in, server.login_headers = log_in, {"Retry-After": "1"}
        assert fetch(client_of(server), [WINDOW], stall_seconds=1.5).rows_received == len(truth())


def test_a_stall_on_504_names_the_request():
    def play(request):
        request.server.is_closing.wait(0.2)
        request.refuse(504)

    with FaultServer(play) as server, pytest.raises(QueryTooLargeError, match="request id req-"):
        fetch(client_of(server), [WINDOW], stall_seconds=0.5)


def test_progress_counts_pages_and_rows(monkeypatch):
    monkeypatch.setattr("cleargrid_assets.client.worker_pool.PROGRESS_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr("cleargrid_assets.client.worker_pool.POLL_SECONDS", 0.01)
    reports = []

    def play(request):
        request.server.is_closing.wait(0.02)
        request.right()

    with FaultServer(play) as server:
        fetch(client_of(server), WINDOW.split(6), on_progress=reports.append, concurrency=2)
    assert 0 < reports[-1].pages <= 6 + len(truth())
    assert [progress.rows for progress in reports] == sorted(progress.rows for progress in reports)


def test_statistics_count_the_completed_windows():
    with FaultServer(right) as server:
        fetched = fetch(client_of(server), WINDOW.split(5))
        statistics = fetched.statistics
        assert statistics.requests == statistics.pages == len(server.requests)
    assert (statistics.retries, statistics.splits, statistics.page_size_used) == (0, 0, 100)
    assert fetched.rows_received == len(truth())


def test_no_windows_is_no_request():
    with FaultServer(right) as server:
        assert fetch(client_of(server), []).windows == []
        assert server.requests == []


def test_the_limiter_admits_another_request_only_when_one_has_finished():
    limiter, is_inside = ConcurrencyLimiter(2), threading.Event()

    def enter():
        with limiter.acquire():
            is_inside.set()

    with limiter.acquire():
        with limiter.acquire():
            threading.Thread(target=enter).start()
            assert not is_inside.wait(0.1)
        assert is_inside.wait(5)


def test_overload_halves_the_limit_once_per_generation_and_success_raises_it_again():
    limiter = ConcurrencyLimiter(8)
    with limiter.acquire() as first, limiter.acquire() as second:
        limiter.on_overload(first)
        limiter.on_overload(second)
    assert limiter.limit == 4
    with limiter.acquire() as generation:
        limiter.on_overload(generation)
    assert limiter.limit == 2
    for _ in range(20):
        limiter.on_success()
    assert limiter.limit == 3
    for _ in range(1000):
        limiter.on_success()
    assert limiter.limit == 8


def echo_until(until_of):
    """The correct response with a different `until` in its echo."""
    return altered(lambda envelope, _request_page: envelope["body"]["meta"].update(until=until_of().isoformat()))


def test_an_open_window_is_read_whether_its_end_is_echoed_as_asked_or_as_now():
    now = datetime.now(UTC)
    is_open = Window(now - timedelta(days=1), now + timedelta(days=1))
    with FaultServer(echo_until(lambda: datetime.now(UTC))) as server:
        assert fetch(client_of(server), is_open.split(4)[2:]).rows_received == 0
        assert client_of(server).count(D23, is_open).exact
        assert list(client_of(server).rows(D23, is_open)) == []


def test_an_open_window_that_is_cut_in_the_past_is_not_complete():
    now = datetime.now(UTC)
    is_open = Window(now - timedelta(days=1), now + timedelta(days=1))
    server_of_the_past = FaultServer(echo_until(lambda: now - timedelta(minutes=1)))
    with server_of_the_past as server, pytest.raises(UnexpectedAnswerError, match="asked for until="):
        fetch(client_of(server), [is_open])


def test_a_window_of_the_far_past_is_asked_for_like_any_other():
    past = Window(WINDOW.since.replace(year=1999), WINDOW.until.replace(year=1999))
    with FaultServer(right) as server:
        assert fetch(client_of(server), [past]).rows_received == 0
