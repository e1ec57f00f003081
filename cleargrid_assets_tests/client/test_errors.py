"""The contract's table of errors: each status is one error, sent again or not, with the request id in its text."""

from __future__ import annotations

import pytest

from cleargrid_assets.client import (
    D23,
    AccessDeniedError,
    ClearGridError,
    ContractError,
    CursorLoopError,
    DatasetUnavailableError,
    LoginRejectedError,
    PermanentError,
    QueryTooLargeError,
    RateLimitedError,
    RequestRefusedError,
    ServerFaultError,
    TransientError,
    UnexpectedAnswerError,
    UnreachableError,
)
from cleargrid_assets_tests.client.clients import QUICK, WINDOW, client_of
from cleargrid_assets_tests.client.fault_server import FaultServer, PendingRequest
from cleargrid_assets_tests.client.faulty_responses import HTML, half, is_not_first, status, when, without

ONCE, FOR_A_WHILE = 1, QUICK.attempts
TABLE = {
    "401": (status(401), AccessDeniedError, 3),  # the token, a renewed one, one of a new login
    "403": (status(403), AccessDeniedError, ONCE),
    "404": (status(404), DatasetUnavailableError, ONCE),
    "400": (status(400), RequestRefusedError, ONCE),
    "409": (status(409), RequestRefusedError, ONCE),
    "408": (status(408), ServerFaultError, FOR_A_WHILE),
    "425": (status(425), ServerFaultError, FOR_A_WHILE),
    "429": (status(429), RateLimitedError, QUICK.rate_limited_attempts),
    "500": (status(500), ServerFaultError, FOR_A_WHILE),
    "500-html": (status(500, HTML, X_Request_Id="req-9"), ServerFaultError, FOR_A_WHILE),
    "502": (status(502, b"", X_Request_Id="req-9"), ServerFaultError, FOR_A_WHILE),
    "503": (status(503), ServerFaultError, FOR_A_WHILE),
    "reset": (PendingRequest.reset, UnreachableError, FOR_A_WHILE),
    "half-json": (half, UnexpectedAnswerError, FOR_A_WHILE),
    "no-rows": (without("body", "rows"), UnexpectedAnswerError, ONCE),
}


@pytest.mark.parametrize("name", TABLE)
def test_each_status_is_one_error_and_is_sent_again_only_where_that_can_help(name):
    play, kind, times = TABLE[name]
    with FaultServer(play) as server:
        with pytest.raises(ClearGridError) as caught:
            list(client_of(server).rows(D23, WINDOW))
        assert type(caught.value) is kind
        assert len(server.requests) == times
    if name not in ("reset", "half-json"):
        assert str(caught.value).endswith(f"(request id {caught.value.request_id})")
        assert caught.value.request_id.startswith("req-")
    assert caught.value.doing.startswith("reading D23 [2026-05-01T00:00:00.000Z")


def test_a_504_is_never_sent_again_unchanged():
    with FaultServer(status(504)) as server:
        with pytest.raises(QueryTooLargeError) as caught:
            list(client_of(server).rows(D23, WINDOW))
        questions = [record.query for record in server.requests]
    assert len(questions) == len(set(questions))
    assert caught.value.status == 504
    assert "(request id req-" in str(caught.value)


def test_an_error_without_a_request_id_says_nothing_about_one():
    assert str(ServerFaultError("it broke", status=500)) == "it broke"


@pytest.mark.parametrize(
    ("kind", "branch"),
    [
        (LoginRejectedError, PermanentError),
        (AccessDeniedError, PermanentError),
        (DatasetUnavailableError, PermanentError),
        (RequestRefusedError, PermanentError),
        (UnreachableError, TransientError),
        (ServerFaultError, TransientError),
        (QueryTooLargeError, TransientError),
        (RateLimitedError, TransientError),
        (UnexpectedAnswerError, ContractError),
        (CursorLoopError, ContractError),
    ],
)
def test_the_branch_of_an_error_tells_what_its_reader_does_first(kind, branch):
    assert [other for other in (PermanentError, TransientError, ContractError) if issubclass(kind, other)] == [branch]


def test_a_500_to_a_first_page_says_nothing_about_a_cursor():
    with FaultServer(status(500)) as server, pytest.raises(ServerFaultError) as failure:
        list(client_of(server).rows(D23, WINDOW))
    assert "cursor" not in str(failure.value)


def test_a_500_to_a_cursor_says_that_the_cursor_may_be_corrupted():
    refuses_cursors = FaultServer(when(is_not_first, status(500)))
    with refuses_cursors as server, pytest.raises(ServerFaultError, match="corrupted cursor"):
        list(client_of(server).rows(D23, WINDOW))
