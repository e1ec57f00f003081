"""What the misbehaving server can do, by name, and what must come of it.

Here: the table. Not here: the server (`misbehaving_server`) and the test that plays it (`test_misbehaviours`).
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
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
from cleargrid_assets_tests.client.misbehaving_server import Exchange, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

HTML = b"<html><body><h1>Bad Gateway</h1></body></html>"


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


def right(exchange: Exchange) -> None:
    exchange.right()


def every(nth: int, wrong: Callable[[Exchange], None]) -> Callable[[Exchange], None]:
    """`wrong` to every `nth` request, the right answer to the others."""
    return lambda exchange: wrong(exchange) if exchange.every(nth) else exchange.right()


def when(condition: Callable[[Exchange], bool], wrong: Callable[[Exchange], None]) -> Callable[[Exchange], None]:
    """`wrong` when `condition` holds, the right answer otherwise."""
    return lambda exchange: wrong(exchange) if condition(exchange) else exchange.right()


def status(code: int, body: bytes | None = None, **headers: str) -> Callable[[Exchange], None]:
    """An error: with the envelope, or with `body`."""
    if body is None:
        return lambda exchange: exchange.refuse(code, **headers)
    return lambda exchange: exchange.send(code, body, **headers)


def altered(change: Callable[[dict[str, Any], Exchange], None]) -> Callable[[Exchange], None]:
    """The right answer with a change; its request id is in a header."""

    def play(exchange: Exchange) -> None:
        envelope = exchange.envelope()
        change(envelope, exchange)
        exchange.send(200, envelope, X_Request_Id=exchange.request_id)

    return play


def pagination(**changed: Any) -> Callable[[Exchange], None]:
    """The right answer with other values in its pagination, where those keys are."""

    def change(envelope: dict[str, Any], _exchange: Exchange) -> None:
        part = envelope["body"]["pagination"]
        part.update({name: value for name, value in changed.items() if name in part})

    return altered(change)


def without(*path: str) -> Callable[[Exchange], None]:
    """The right answer without one of its keys."""

    def change(envelope: dict[str, Any], _exchange: Exchange) -> None:
        part = envelope
        for name in path[:-1]:
            part = part[name]
        del part[path[-1]]

    return altered(change)


def meta(**changed: Any) -> Callable[[Exchange], None]:
    """The right answer with another echo."""
    return altered(lambda envelope, _exchange: envelope["body"]["meta"].update(changed))


def echoed(form: Callable[[datetime], str]) -> Callable[[Exchange], None]:
    """The echo in another form of the same instants."""

    def change(envelope: dict[str, Any], _exchange: Exchange) -> None:
        part = envelope["body"]["meta"]
        for name in ("since", "until"):
            part[name] = form(datetime.fromisoformat(part[name]))

    return altered(change)


def cut(exchange: Exchange) -> None:
    content = json.dumps(exchange.envelope()).encode()
    head = exchange.head(200, {"Content-Length": str(len(content))})
    exchange.raw(head + content[: len(content) // 2], then_close=True)


def cut_chunked(exchange: Exchange) -> None:
    content = json.dumps(exchange.envelope()).encode()[:400]
    head = exchange.head(200, {"Transfer-Encoding": "chunked"})
    exchange.raw(head + f"{len(content):x}\r\n".encode() + content + b"\r\n", then_close=True)


def cut_without_length(exchange: Exchange) -> None:
    content = json.dumps(exchange.envelope()).encode()
    exchange.raw(exchange.head(200, {"Connection": "close"}) + content[: len(content) // 2], then_close=True)


def half(exchange: Exchange) -> None:
    content = json.dumps(exchange.envelope()).encode()
    exchange.send(200, content[: len(content) // 2])


def closed(exchange: Exchange) -> None:
    exchange.raw(b"", then_close=True)


def headers_then_silence(exchange: Exchange) -> None:
    exchange.raw(exchange.head(200, {"Content-Length": "1000"}) + b"{")
    exchange.hang()


def dripping(exchange: Exchange) -> None:
    exchange.raw(exchange.head(200, {"Content-Length": "100000"}))
    exchange.drip(json.dumps(exchange.envelope()).encode())


def dripping_headers(exchange: Exchange) -> None:
    exchange.drip(exchange.head(200, {"Content-Length": "100000", "X-Padding": "x" * 10_000}))


def gzipped(exchange: Exchange) -> None:
    exchange.send(200, gzip.compress(json.dumps(exchange.envelope()).encode()), Content_Encoding="gzip")


def chunked(exchange: Exchange) -> None:
    content = json.dumps(exchange.envelope()).encode()
    parts = [content[start : start + 1000] for start in range(0, len(content), 1000)]
    body = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts)
    exchange.raw(exchange.head(200, {"Transfer-Encoding": "chunked"}) + body + b"0\r\n\r\n")


def closing(exchange: Exchange) -> None:
    exchange.send(200, exchange.envelope(), Connection="close")
    exchange.handler.close_connection = True


def says_no_under_200(exchange: Exchange) -> None:
    exchange.refuse(200)


def reversed_rows(envelope: dict[str, Any], _exchange: Exchange) -> None:
    envelope["body"]["rows"].reverse()


def more_keys(envelope: dict[str, Any], _exchange: Exchange) -> None:
    envelope["traceId"] = envelope["body"]["more"] = envelope["body"]["pagination"]["page"] = 7


def same_cursor(envelope: dict[str, Any], exchange: Exchange) -> None:
    part = envelope["body"]["pagination"]
    part["nextCursor"] = exchange.asked.params.get("cursor") or part["nextCursor"]


def same_cursor_with_new_rows(envelope: dict[str, Any], exchange: Exchange) -> None:
    same_cursor(envelope, exchange)
    for row in envelope["body"]["rows"]:
        row["public_id"] = f"{exchange.asked.number:08x}{row['public_id'][8:]}"


def cycle_of_three(envelope: dict[str, Any], exchange: Exchange) -> None:
    places = {"MTAw": "MjAw", "MjAw": "MzAw", "MzAw": "MTAw"}
    envelope["body"]["pagination"]["nextCursor"] = places.get(exchange.asked.params.get("cursor", ""), "MTAw")


def no_end(envelope: dict[str, Any], exchange: Exchange) -> None:
    envelope["body"]["pagination"]["nextCursor"] = f"new-{exchange.asked.number}"


def same_page_for_ever(exchange: Exchange) -> None:
    exchange.asked.params.pop("cursor", None)
    altered(no_end)(exchange)


def empty_for_ever(exchange: Exchange) -> None:
    exchange.asked.params.pop("cursor", None)

    def change(envelope: dict[str, Any], asked: Exchange) -> None:
        no_end(envelope, asked)
        envelope["body"]["rows"] = []

    altered(change)(exchange)


def is_not_first(exchange: Exchange) -> bool:
    return "cursor" in exchange.asked.params


def more_at_once(most: int) -> Callable[[Exchange], bool]:
    return lambda exchange: exchange.asked.in_flight > most


def wants_total(exchange: Exchange) -> bool:
    return exchange.asked.params.get("includeTotal") == "true"


def now(_exchange: Exchange) -> str:
    return format_datetime(datetime.now(UTC), usegmt=True)


LANDS = {
    "nothing-wrong": Misbehaviour(right),
    "500-every-5th": Misbehaviour(every(5, status(500))),
    "500-every-2nd": Misbehaviour(every(2, status(500))),
    "500-html-every-5th": Misbehaviour(every(5, status(500, HTML))),
    "502-empty-every-5th": Misbehaviour(every(5, status(502, b""))),
    "503-html-every-5th": Misbehaviour(every(5, status(503, HTML))),
    "503-retry-after-every-5th": Misbehaviour(every(5, status(503, b"", Retry_After="0"))),
    "599-every-5th": Misbehaviour(every(5, status(599))),
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
    "204": Misbehaviour(lambda ask: ask.raw(ask.head(204, {"X-Request-Id": "req-1"})), UnexpectedAnswerError),
    "login-400": Misbehaviour(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[400])),
    "login-401": Misbehaviour(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[401])),
    "login-404": Misbehaviour(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[404])),
    "login-500": Misbehaviour(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[500] * 3)),
    "login-says-no-under-200": Misbehaviour(right, LoginRejectedError, tokens=lambda: Tokens(login_refusals=[200])),
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
