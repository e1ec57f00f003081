"""Whatever a server does, in whatever order: the rows received are exactly the rows it has."""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleargrid_assets_tests.client.clients import QUICK, client_of, load, rows_of
from cleargrid_assets_tests.client.fault_server import FaultServer, PendingRequest, Tokens
from cleargrid_assets_tests.client.faulty_responses import (
    HTML,
    chunked,
    closed,
    cut,
    cut_chunked,
    gzipped,
    half,
    right,
    says_no_under_200,
    status,
)
from cleargrid_assets_tests.client.vendor_rows import truth

pytestmark = pytest.mark.slow

ANSWERS = {
    "right": right,
    "chunked": chunked,
    "gzipped": gzipped,
    "500": status(500),
    "502": status(502, HTML),
    "503": status(503, b""),
    "504": status(504),
    "429": status(429),
    "reset": PendingRequest.reset,
    "closed": closed,
    "cut": cut,
    "cut chunks": cut_chunked,
    "half": half,
    "no under 200": says_no_under_200,
}
BURSTS = st.lists(st.sampled_from(sorted(ANSWERS)), max_size=QUICK.attempts - 1)
"""Faults in a row that one request may live through."""

SCHEDULES = st.lists(BURSTS, max_size=2).map(
    lambda bursts: ["right", *(answer for burst in bursts for answer in (*burst, "right"))]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    schedule=SCHEDULES,
    uses=st.none() | st.integers(1, 5),
    refuses_refresh=st.booleans(),
    page_size=st.sampled_from([50, 77, 200, 1000]),
    concurrency=st.integers(1, 8),
)
def test_rows_received_equal_the_servers_under_any_schedule_of_faults(
    schedule, uses, refuses_refresh, page_size, concurrency
):
    answers, turn = iter(schedule), threading.Lock()

    def play(request):
        with turn:
            answer = next(answers, "right")
        ANSWERS[answer](request)

    with FaultServer(play, Tokens(uses=uses, refuses_refresh=refuses_refresh)) as server:
        fetched = load(client_of(server, page_size=page_size, concurrency=concurrency))
        received = rows_of(fetched)
        assert sorted(map(str, received)) == sorted(map(str, truth()))
        assert fetched.rows_received == len(received)
        assert server.peak_in_flight <= concurrency
