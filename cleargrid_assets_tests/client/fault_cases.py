"""Every fault case by name: what the server does, and how the load must end.

Add a case for each new fault, with a row in `docs/faults.md`; `faulty_responses` has what cases are made of.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cleargrid_assets.client import (
    AccessDeniedError,
    ClearGridError,
    CursorLoopError,
    DatasetUnavailableError,
    LoginRejectedError,
    QueryTooLargeError,
    RateLimitedError,
    RequestRefusedError,
    ServerFaultError,
    UnexpectedAnswerError,
    UnreachableError,
)
from cleargrid_assets_tests.client.fault_server import PendingRequest, Tokens
from cleargrid_assets_tests.client.faulty_responses import (
    HTML,
    altered,
    bomb,
    chunked,
    closed,
    closing,
    cut,
    cut_chunked,
    cut_without_length,
    cycle_of_three,
    dripping,
    dripping_headers,
    echo_as,
    empty_for_ever,
    endless_chunks,
    every,
    gzipped,
    half,
    headers_then_silence,
    is_not_first,
    meta,
    more_in_flight_than,
    more_keys,
    now,
    pagination,
    reversed_rows,
    right,
    same_cursor,
    same_cursor_with_new_rows,
    same_page_for_ever,
    says_no_under_200,
    status,
    wants_total,
    when,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class FaultCase:
    """A fault and its outcome.

    `error`: what the load raises; None if every row lands. `hides_in_flight`: abandoned requests linger on the
    server, so it cannot count those in flight. `has_request_id`: the error names the request.
    """

    play: Callable[[PendingRequest], None]
    error: type[ClearGridError] | None = None
    tokens: Callable[[], Tokens] = Tokens
    hides_in_flight: bool = False
    has_request_id: bool = True
    client: dict[str, Any] = field(default_factory=dict)
    load: dict[str, Any] = field(default_factory=dict)


LANDS = {
    "nothing-wrong": FaultCase(right),
    "500-every-5th": FaultCase(every(5, status(500))),
    "500-every-2nd": FaultCase(every(2, status(500))),
    "500-html-every-5th": FaultCase(every(5, status(500, HTML))),
    "502-empty-every-5th": FaultCase(every(5, status(502, b""))),
    "503-html-every-5th": FaultCase(every(5, status(503, HTML))),
    "503-retry-after-every-5th": FaultCase(every(5, status(503, b"", Retry_After="0"))),
    "599-every-5th": FaultCase(every(5, status(599))),
    "408-every-5th": FaultCase(every(5, status(408))),
    "425-every-5th": FaultCase(every(5, status(425))),
    "429-every-3rd": FaultCase(every(3, status(429))),
    "429-retry-after-seconds-every-3rd": FaultCase(every(3, status(429, Retry_After="0"))),
    "429-retry-after-date-every-3rd": FaultCase(
        every(3, lambda request: request.refuse(429, Retry_After=now(request)))
    ),
    "429-retry-after-nonsense-every-3rd": FaultCase(every(3, status(429, Retry_After="soon"))),
    "429-above-two-in-flight": FaultCase(when(more_in_flight_than(2), status(429))),
    "503-above-one-in-flight": FaultCase(when(more_in_flight_than(1), status(503))),
    "reset-every-5th": FaultCase(every(5, PendingRequest.reset)),
    "reset-above-two-in-flight": FaultCase(when(more_in_flight_than(2), PendingRequest.reset)),
    "closed-without-answer-every-5th": FaultCase(every(5, closed)),
    "body-cut-every-5th": FaultCase(every(5, cut)),
    "chunks-cut-every-5th": FaultCase(every(5, cut_chunked)),
    "body-without-length-cut-every-5th": FaultCase(every(5, cut_without_length)),
    "half-json-every-5th": FaultCase(every(5, half)),
    "html-under-200-every-5th": FaultCase(every(5, status(200, HTML))),
    "nothing-under-200-every-5th": FaultCase(every(5, status(200, b""))),
    "error-envelope-under-200-every-5th": FaultCase(every(5, says_no_under_200)),
    "no-answer-every-9th": FaultCase(every(9, PendingRequest.hang), hides_in_flight=True),
    "silence-after-headers-every-9th": FaultCase(every(9, headers_then_silence), hides_in_flight=True),
    "body-drips-every-9th": FaultCase(every(9, dripping), hides_in_flight=True),
    "headers-drip-every-9th": FaultCase(every(9, dripping_headers), hides_in_flight=True),
    "504-for-large-pages": FaultCase(when(lambda request: request.limit > 60, status(504, HTML))),
    "504-for-long-windows": FaultCase(when(lambda request: request.seconds > 7_200, status(504, b""))),
    "504-for-large-pages-and-long-windows": FaultCase(
        when(lambda request: request.limit > 60 or request.seconds > 20_000, status(504))
    ),
    "504-every-4th": FaultCase(every(4, status(504))),
    "504-when-counting": FaultCase(when(wants_total, status(504))),
    "500-when-counting": FaultCase(when(wants_total, status(500))),
    "no-answer-to-large-pages": FaultCase(
        when(lambda request: request.limit > 60, PendingRequest.hang), hides_in_flight=True
    ),
    "token-dies-after-3-requests": FaultCase(right, tokens=lambda: Tokens(uses=3), client={"concurrency": 8}),
    "token-dies-after-1-request": FaultCase(right, tokens=lambda: Tokens(uses=1)),
    "token-dies-and-refresh-is-refused": FaultCase(right, tokens=lambda: Tokens(uses=3, refuses_refresh=True)),
    "new-token-kills-the-old": FaultCase(right, tokens=lambda: Tokens(uses=5, one_at_a_time=True)),
    "401-every-5th": FaultCase(every(5, status(401))),
    "login-wrapped": FaultCase(right, tokens=lambda: Tokens(wraps=True)),
    "login-fails-twice": FaultCase(right, tokens=lambda: Tokens(login_refusals=[500, 503])),
    "login-limited": FaultCase(right, tokens=lambda: Tokens(login_refusals=[429, 429, 429, 429])),
    "echo-with-offset": FaultCase(echo_as(lambda moment: moment.isoformat())),
    "echo-without-milliseconds": FaultCase(echo_as(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))),
    "echo-with-microseconds": FaultCase(echo_as(lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S.%f+0000"))),
    "no-echo-after-the-first-page": FaultCase(when(is_not_first, without("body", "meta"))),
    "code-as-text": FaultCase(altered(lambda envelope, _: envelope.update(code="200"))),
    "no-code": FaultCase(without("code")),
    "more-keys": FaultCase(altered(more_keys)),
    "rows-in-no-order": FaultCase(altered(reversed_rows)),
    "gzip": FaultCase(gzipped),
    "chunked": FaultCase(chunked),
    "connection-closed-after-each-answer": FaultCase(closing),
    "byte-order-mark": FaultCase(
        lambda request: request.send(200, b"\xef\xbb\xbf" + json.dumps(request.envelope()).encode())
    ),
    "total-as-text": FaultCase(pagination(total="1800")),
    "total-negative": FaultCase(pagination(total=-1)),
    "total-missing": FaultCase(pagination(total=None, totalNote="timeout")),
    "total-capped": FaultCase(pagination(total=100, totalExact=False, totalNote="capped")),
    "total-absurd": FaultCase(pagination(total=10**15)),
}

ENDS = {
    "500-always": FaultCase(status(500), ServerFaultError),
    "502-always": FaultCase(status(502, HTML), ServerFaultError, has_request_id=False),
    "408-always": FaultCase(status(408), ServerFaultError),
    "425-always": FaultCase(status(425), ServerFaultError),
    "429-always": FaultCase(status(429), RateLimitedError),
    "429-for-an-hour": FaultCase(status(429, Retry_After="3600"), RateLimitedError),
    "reset-always": FaultCase(PendingRequest.reset, UnreachableError, has_request_id=False),
    "no-answer-ever": FaultCase(
        PendingRequest.hang, UnreachableError, has_request_id=False, hides_in_flight=True, load={"stall_seconds": 2.0}
    ),
    "504-always": FaultCase(status(504), QueryTooLargeError),
    "half-json-always": FaultCase(half, UnexpectedAnswerError, has_request_id=False),
    "error-envelope-under-200-always": FaultCase(says_no_under_200, UnexpectedAnswerError),
    "500-for-one-cursor": FaultCase(
        when(lambda request: request.record.params.get("cursor") == "MTAw", status(500)), ServerFaultError
    ),
    "401-always": FaultCase(status(401), AccessDeniedError),
    "403": FaultCase(status(403), AccessDeniedError),
    "404": FaultCase(status(404), DatasetUnavailableError),
    "410": FaultCase(status(410), RequestRefusedError),
    "422": FaultCase(status(422), RequestRefusedError),
    "302": FaultCase(status(302, Location="http://127.0.0.1:9/"), RequestRefusedError),
    "302-to-nowhere": FaultCase(status(302, Location="http://[planted"), RequestRefusedError),
    "body-too-large": FaultCase(bomb(200), UnexpectedAnswerError, client={"timeout_seconds": 10}),
    "error-body-too-large": FaultCase(bomb(503), UnexpectedAnswerError, client={"timeout_seconds": 10}),
    "body-without-end": FaultCase(endless_chunks, UnexpectedAnswerError, client={"timeout_seconds": 10}),
    "204": FaultCase(lambda request: request.raw(request.head(204, {"X-Request-Id": "req-1"})), UnexpectedAnswerError),
    "login-400": FaultCase(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[400])),
    "login-401": FaultCase(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[401])),
    "login-404": FaultCase(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[404])),
    "login-500": FaultCase(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[500] * 3)),
    "login-says-no-under-200": FaultCase(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[200])),
    "login-408": FaultCase(right, ServerFaultError, tokens=lambda: Tokens(login_refusals=[408] * 50)),
    "login-503": FaultCase(right, ServerFaultError, tokens=lambda: Tokens(login_refusals=[503] * 50)),
    "cursor-stays": FaultCase(altered(same_cursor), CursorLoopError),
    "cursor-stays-and-rows-do-not": FaultCase(altered(same_cursor_with_new_rows), CursorLoopError),
    "cursor-cycle-of-three": FaultCase(altered(cycle_of_three), CursorLoopError),
    "same-page-under-new-cursors": FaultCase(same_page_for_ever, CursorLoopError),
    "empty-pages-without-end": FaultCase(empty_for_ever, UnexpectedAnswerError),
    "cursor-empty": FaultCase(pagination(nextCursor=""), UnexpectedAnswerError),
    "cursor-number": FaultCase(pagination(nextCursor=17), UnexpectedAnswerError),
    "no-cursor": FaultCase(without("body", "pagination", "nextCursor"), UnexpectedAnswerError),
    "no-pagination": FaultCase(without("body", "pagination"), UnexpectedAnswerError),
    "no-rows": FaultCase(without("body", "rows"), UnexpectedAnswerError),
    "rows-null": FaultCase(altered(lambda envelope, _: envelope["body"].update(rows=None)), UnexpectedAnswerError),
    "no-body": FaultCase(without("body"), UnexpectedAnswerError),
    "no-rows-on-a-later-page": FaultCase(when(is_not_first, without("body", "rows")), UnexpectedAnswerError),
    "a-list": FaultCase(lambda request: request.send(200, [], X_Request_Id=request.request_id), UnexpectedAnswerError),
    "no-echo": FaultCase(without("body", "meta"), UnexpectedAnswerError),
    "echo-null": FaultCase(meta(since=None, until=None), UnexpectedAnswerError),
    "echo-starts-later": FaultCase(meta(since="2026-05-01T00:00:00.001Z"), UnexpectedAnswerError),
    "echo-ends-earlier": FaultCase(meta(until="2026-05-03T23:59:59.999Z"), UnexpectedAnswerError),
    "echo-ends-earlier-on-later-pages": FaultCase(
        when(is_not_first, meta(until="2026-05-02T00:00:00.000Z")), UnexpectedAnswerError
    ),
    "echo-nonsense": FaultCase(meta(until="planted nonsense"), UnexpectedAnswerError),
}
