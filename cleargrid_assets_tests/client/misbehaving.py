"""Ways to answer wrongly: what a misbehaviour is made of.

Here: one function for each way. Not here: which of them are played, and what must come of it (`misbehaviours`).
"""

from __future__ import annotations

import gzip
import json
import zlib
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets_tests.client.misbehaving_server import Exchange

HTML = b"<html><body><h1>Bad Gateway</h1></body></html>"


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


def bomb(code: int, mebibytes: int = 65, **headers: str) -> Callable[[Exchange], None]:
    """A few kilobytes that become `mebibytes` of spaces when they are decoded."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(b" " * 2**20) for _ in range(mebibytes)) + packer.flush()
    encoded = {"Content_Encoding": "gzip", **headers}
    return lambda exchange: exchange.send(code, packed, X_Request_Id=exchange.request_id, **encoded)


def endless_chunks(exchange: Exchange) -> None:
    """A body of spaces that never ends."""
    exchange.raw(exchange.head(200, {"Transfer-Encoding": "chunked", "X-Request-Id": exchange.request_id}))
    chunk = b"100000\r\n" + b" " * 2**20 + b"\r\n"
    try:
        while not exchange.server.is_closing.is_set():
            exchange.handler.wfile.write(chunk)
    except OSError:  # the client has had enough
        exchange.handler.close_connection = True


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
