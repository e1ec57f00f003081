"""Pages that are slow but do come are read: neither a quick count nor an earlier time-out makes the client impatient.

Every limit is a twentieth of the real one.
"""

from __future__ import annotations

import threading

import pytest

from cleargrid_assets.client import D23, deadlines
from cleargrid_assets_tests.client.clients import WINDOW, client_of, load, rows_of
from cleargrid_assets_tests.client.fault_server import FaultServer, PendingRequest
from cleargrid_assets_tests.client.faulty_responses import wants_total, when
from cleargrid_assets_tests.client.vendor_rows import truth

STALL_SECONDS = 75 / 20
FEW_HOURS = WINDOW.split(12)[0]


@pytest.fixture(autouse=True)
def shorter_limits(monkeypatch):
    monkeypatch.setattr(deadlines, "INITIAL_TIMEOUT_SECONDS", 10 / 20)
    monkeypatch.setattr(deadlines, "MIN_TIMEOUT_SECONDS", 5 / 20)


def slow_pages(seconds):
    """Counts at once, and sends a page after `seconds`."""

    def play(request: PendingRequest) -> None:
        if not wants_total(request):
            threading.Event().wait(seconds)
        request.right()

    return play


def test_a_quick_count_does_not_shorten_the_time_that_the_first_page_has():
    with FaultServer(slow_pages(6 / 20)) as server:
        client = client_of(server, page_size=1000, timeout_seconds=6.0)
        assert client.count(D23, WINDOW).total
        fetched = client.fetch(D23, WINDOW.split(4), lambda rows, _window: rows)
    assert fetched.statistics.retries == 0


@pytest.mark.parametrize("page_size", [1000, 50])
def test_pages_of_twenty_seconds_load_if_the_timeout_allows_them(page_size):
    with FaultServer(slow_pages(22 / 20)) as server:
        client = client_of(server, page_size=page_size, timeout_seconds=6.0)
        expected = client.count(D23, FEW_HOURS).total
        fetched = client.fetch(D23, [FEW_HOURS], lambda rows, _window: rows, stall_seconds=STALL_SECONDS)
    assert fetched.rows_received == expected


def test_a_server_that_stays_silent_is_asked_for_the_smallest_page_the_third_time():
    with FaultServer(when(lambda request: request.limit > 60, PendingRequest.hang)) as server:
        fetched = load(client_of(server, page_size=500), concurrency=1)
        limits = [int(record.params["limit"]) for record in server.requests]
    assert len(rows_of(fetched)) == len(truth())
    assert limits[:4] == [1, 500, 250, 50]
