"""What the misbehaving server can do, by name, and what must come of it.

Here: the table. Not here: how each is done (`misbehaving`), the server (`misbehaving_server`) and the test that plays
it (`test_misbehaviours`).
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
from cleargrid_assets_tests.client.misbehaving import (
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
    echoed,
    empty_for_ever,
    endless_chunks,
    every,
    gzipped,
    half,
    headers_then_silence,
    is_not_first,
    meta,
    more_at_once,
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
from cleargrid_assets_tests.client.misbehaving_server import Exchange, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Misbehaviour:
    """`ends_in` None: every row lands. `hides`: its lost requests linger, so requests in flight cannot be told."""

    play: Callable[[Exchange], None]
    ends_in: type[ClearGridError] | None = None
    tokens: Callable[[], Tokens] = Tokens
    hides: bool = False
    names_request: bool = True
    client: dict[str, Any] = field(default_factory=dict)
    load: dict[str, Any] = field(default_factory=dict)


LANDS = {
    "nothing-wrong": Misbehaviour(right),
    "500-every-5th": Misbehaviour(every(5, status(500))),
    "500-every-2nd": Misbehaviour(every(2, status(500))),
    "500-html-every-5th": Misbehaviour(every(5, status(500, HTML))),
    "502-empty-every-5th": Misbehaviour(every(5, status(502, b""))),
    "503-html-every-5th": Misbehaviour(every(5, status(503, HTML))),
    "503-retry-after-every-5th": Misbehaviour(every(5, status(503, b"", Retry_After="0"))),
    "599-every-5th": Misbehaviour(every(5, status(599))),
    "408-every-5th": Misbehaviour(every(5, status(408))),
    "425-every-5th": Misbehaviour(every(5, status(425))),
    "429-every-3rd": Misbehaviour(every(3, status(429))),
    "429-retry-after-seconds-every-3rd": Misbehaviour(every(3, status(429, Retry_After="0"))),
    "429-retry-after-date-every-3rd": Misbehaviour(every(3, lambda ask: ask.refuse(429, Retry_After=now(ask)))),
    "429-retry-after-nonsense-every-3rd": Misbehaviour(every(3, status(429, Retry_After="soon"))),
    "429-above-two-in-flight": Misbehaviour(when(more_at_once(2), status(429))),
    "503-above-one-in-flight": Misbehaviour(when(more_at_once(1), status(503))),
    "reset-every-5th": Misbehaviour(every(5, Exchange.reset)),
    "reset-above-two-in-flight": Misbehaviour(when(more_at_once(2), Exchange.reset)),
    "closed-without-answer-every-5th": Misbehaviour(every(5, closed)),
    "body-cut-every-5th": Misbehaviour(every(5, cut)),
    "chunks-cut-every-5th": Misbehaviour(every(5, cut_chunked)),
    "body-without-length-cut-every-5th": Misbehaviour(every(5, cut_without_length)),
    "half-json-every-5th": Misbehaviour(every(5, half)),
    "html-under-200-every-5th": Misbehaviour(every(5, status(200, HTML))),
    "nothing-under-200-every-5th": Misbehaviour(every(5, status(200, b""))),
    "error-envelope-under-200-every-5th": Misbehaviour(every(5, says_no_under_200)),
    "no-answer-every-9th": Misbehaviour(every(9, Exchange.hang), hides=True),
    "silence-after-headers-every-9th": Misbehaviour(every(9, headers_then_silence), hides=True),
    "body-drips-every-9th": Misbehaviour(every(9, dripping), hides=True),
    "headers-drip-every-9th": Misbehaviour(every(9, dripping_headers), hides=True),
    "504-for-large-pages": Misbehaviour(when(lambda ask: ask.limit > 60, status(504, HTML))),
    "504-for-long-windows": Misbehaviour(when(lambda ask: ask.seconds > 7_200, status(504, b""))),
    "504-for-large-pages-and-long-windows": Misbehaviour(
        when(lambda ask: ask.limit > 60 or ask.seconds > 20_000, status(504))
    ),
    "504-every-4th": Misbehaviour(every(4, status(504))),
    "504-when-counting": Misbehaviour(when(wants_total, status(504))),
    "500-when-counting": Misbehaviour(when(wants_total, status(500))),
    "no-answer-to-large-pages": Misbehaviour(when(lambda ask: ask.limit > 60, Exchange.hang), hides=True),
    "token-dies-after-3-requests": Misbehaviour(right, tokens=lambda: Tokens(uses=3), client={"concurrency": 8}),
    "token-dies-after-1-request": Misbehaviour(right, tokens=lambda: Tokens(uses=1)),
    "token-dies-and-refresh-is-refused": Misbehaviour(right, tokens=lambda: Tokens(uses=3, refuses_refresh=True)),
    "new-token-kills-the-old": Misbehaviour(right, tokens=lambda: Tokens(uses=5, one_at_a_time=True)),
    "401-every-5th": Misbehaviour(every(5, status(401))),
    "login-wrapped": Misbehaviour(right, tokens=lambda: Tokens(wraps=True)),
    "login-fails-twice": Misbehaviour(right, tokens=lambda: Tokens(login_refusals=[500, 503])),
    "login-limited": Misbehaviour(right, tokens=lambda: Tokens(login_refusals=[429, 429, 429, 429])),
    "echo-with-offset": Misbehaviour(echoed(lambda moment: moment.isoformat())),
    "echo-without-milliseconds": Misbehaviour(echoed(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))),
    "echo-with-microseconds": Misbehaviour(echoed(lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S.%f+0000"))),
    "no-echo-after-the-first-page": Misbehaviour(when(is_not_first, without("body", "meta"))),
    "code-as-text": Misbehaviour(altered(lambda envelope, _: envelope.update(code="200"))),
    "no-code": Misbehaviour(without("code")),
    "more-keys": Misbehaviour(altered(more_keys)),
    "rows-in-no-order": Misbehaviour(altered(reversed_rows)),
    "gzip": Misbehaviour(gzipped),
    "chunked": Misbehaviour(chunked),
    "connection-closed-after-each-answer": Misbehaviour(closing),
    "byte-order-mark": Misbehaviour(lambda ask: ask.send(200, b"\xef\xbb\xbf" + json.dumps(ask.envelope()).encode())),
    "total-as-text": Misbehaviour(pagination(total="1800")),
    "total-negative": Misbehaviour(pagination(total=-1)),
    "total-missing": Misbehaviour(pagination(total=None, totalNote="timeout")),
    "total-capped": Misbehaviour(pagination(total=100, totalExact=False, totalNote="capped")),
    "total-absurd": Misbehaviour(pagination(total=10**15)),
}

ENDS = {
    "500-always": Misbehaviour(status(500), ServerFaultError),
    "502-always": Misbehaviour(status(502, HTML), ServerFaultError, names_request=False),
    "408-always": Misbehaviour(status(408), ServerFaultError),
    "425-always": Misbehaviour(status(425), ServerFaultError),
    "429-always": Misbehaviour(status(429), RateLimitedError),
    "429-for-an-hour": Misbehaviour(status(429, Retry_After="3600"), RateLimitedError),
    "reset-always": Misbehaviour(Exchange.reset, UnreachableError, names_request=False),
    "no-answer-ever": Misbehaviour(
        Exchange.hang, UnreachableError, names_request=False, hides=True, load={"stall_seconds": 2.0}
    ),
    "504-always": Misbehaviour(status(504), QueryTooLargeError),
    "half-json-always": Misbehaviour(half, UnexpectedAnswerError, names_request=False),
    "error-envelope-under-200-always": Misbehaviour(says_no_under_200, UnexpectedAnswerError),
    "500-for-one-cursor": Misbehaviour(
        when(lambda ask: ask.asked.params.get("cursor") == "MTAw", status(500)), ServerFaultError
    ),
    "401-always": Misbehaviour(status(401), AccessDeniedError),
    "403": Misbehaviour(status(403), AccessDeniedError),
    "404": Misbehaviour(status(404), DatasetUnavailableError),
    "410": Misbehaviour(status(410), RequestRefusedError),
    "422": Misbehaviour(status(422), RequestRefusedError),
    "302": Misbehaviour(status(302, Location="http://127.0.0.1:9/"), RequestRefusedError),
    "302-to-nowhere": Misbehaviour(status(302, Location="http://[planted"), RequestRefusedError),
    "body-too-large": Misbehaviour(bomb(200), UnexpectedAnswerError, client={"timeout_seconds": 10}),
    "error-body-too-large": Misbehaviour(bomb(503), UnexpectedAnswerError, client={"timeout_seconds": 10}),
    "body-without-end": Misbehaviour(endless_chunks, UnexpectedAnswerError, client={"timeout_seconds": 10}),
    "204": Misbehaviour(lambda ask: ask.raw(ask.head(204, {"X-Request-Id": "req-1"})), UnexpectedAnswerError),
    "login-400": Misbehaviour(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[400])),
    "login-401": Misbehaviour(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[401])),
    "login-404": Misbehaviour(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[404])),
    "login-500": Misbehaviour(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[500] * 3)),
    "login-says-no-under-200": Misbehaviour(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[200])),
    "login-408": Misbehaviour(right, ServerFaultError, tokens=lambda: Tokens(login_refusals=[408] * 50)),
    "login-503": Misbehaviour(right, ServerFaultError, tokens=lambda: Tokens(login_refusals=[503] * 50)),
    "cursor-stays": Misbehaviour(altered(same_cursor), CursorLoopError),
    "cursor-stays-and-rows-do-not": Misbehaviour(altered(same_cursor_with_new_rows), CursorLoopError),
    "cursor-cycle-of-three": Misbehaviour(altered(cycle_of_three), CursorLoopError),
    "same-page-under-new-cursors": Misbehaviour(same_page_for_ever, CursorLoopError),
    "empty-pages-without-end": Misbehaviour(empty_for_ever, UnexpectedAnswerError),
    "cursor-empty": Misbehaviour(pagination(nextCursor=""), UnexpectedAnswerError),
    "cursor-number": Misbehaviour(pagination(nextCursor=17), UnexpectedAnswerError),
    "no-cursor": Misbehaviour(without("body", "pagination", "nextCursor"), UnexpectedAnswerError),
    "no-pagination": Misbehaviour(without("body", "pagination"), UnexpectedAnswerError),
    "no-rows": Misbehaviour(without("body", "rows"), UnexpectedAnswerError),
    "rows-null": Misbehaviour(altered(lambda envelope, _: envelope["body"].update(rows=None)), UnexpectedAnswerError),
    "no-body": Misbehaviour(without("body"), UnexpectedAnswerError),
    "no-rows-on-a-later-page": Misbehaviour(when(is_not_first, without("body", "rows")), UnexpectedAnswerError),
    "a-list": Misbehaviour(lambda ask: ask.send(200, [], X_Request_Id=ask.request_id), UnexpectedAnswerError),
    "no-echo": Misbehaviour(without("body", "meta"), UnexpectedAnswerError),
    "echo-null": Misbehaviour(meta(since=None, until=None), UnexpectedAnswerError),
    "echo-starts-later": Misbehaviour(meta(since="2026-05-01T00:00:00.001Z"), UnexpectedAnswerError),
    "echo-ends-earlier": Misbehaviour(meta(until="2026-05-03T23:59:59.999Z"), UnexpectedAnswerError),
    "echo-ends-earlier-on-later-pages": Misbehaviour(
        when(is_not_first, meta(until="2026-05-02T00:00:00.000Z")), UnexpectedAnswerError
    ),
    "echo-nonsense": Misbehaviour(meta(until="planted nonsense"), UnexpectedAnswerError),
}
