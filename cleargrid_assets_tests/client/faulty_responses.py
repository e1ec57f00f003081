"""Faulty responses, and functions that combine them.

A new way to respond wrongly belongs here; `fault_cases` says which ones are tested and how a load ends.
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

    from cleargrid_assets_tests.client.fault_server import PendingRequest

HTML = b"<html><body><h1>Bad Gateway</h1></body></html>"


def right(request: PendingRequest) -> None:
    request.right()


def every(nth: int, wrong: Callable[[PendingRequest], None]) -> Callable[[PendingRequest], None]:
    """`wrong` for every `nth` request, the correct response for the others."""
    return lambda request: wrong(request) if request.every(nth) else request.right()


def when(
    condition: Callable[[PendingRequest], bool], wrong: Callable[[PendingRequest], None]
) -> Callable[[PendingRequest], None]:
    """`wrong` if `condition` holds, the correct response otherwise."""
    return lambda request: wrong(request) if condition(request) else request.right()


def status(code: int, body: bytes | None = None, **headers: str) -> Callable[[PendingRequest], None]:
    """An error status with the error envelope, or with `body`."""
    if body is None:
        return lambda request: request.refuse(code, **headers)
    return lambda request: request.send(code, body, **headers)


def altered(change: Callable[[dict[str, Any], PendingRequest], None]) -> Callable[[PendingRequest], None]:
    """The correct response after `change`; its request id is in a header."""

    def play(request: PendingRequest) -> None:
        envelope = request.envelope()
        change(envelope, request)
        request.send(200, envelope, X_Request_Id=request.request_id)

    return play


def pagination(**changes: Any) -> Callable[[PendingRequest], None]:
    """The correct response with other values for keys that its pagination has."""

    def change(envelope: dict[str, Any], _exchange: PendingRequest) -> None:
        part = envelope["body"]["pagination"]
        part.update({name: value for name, value in changes.items() if name in part})

    return altered(change)


def without(*path: str) -> Callable[[PendingRequest], None]:
    """The correct response without one of its keys."""

    def change(envelope: dict[str, Any], _exchange: PendingRequest) -> None:
        part = envelope
        for name in path[:-1]:
            part = part[name]
        del part[path[-1]]

    return altered(change)


def meta(**changes: Any) -> Callable[[PendingRequest], None]:
    """The correct response with another echo of the range."""
    return altered(lambda envelope, _exchange: envelope["body"]["meta"].update(changes))


def echo_as(form: Callable[[datetime], str]) -> Callable[[PendingRequest], None]:
    """The correct response with its echo in another format."""

    def change(envelope: dict[str, Any], _exchange: PendingRequest) -> None:
        part = envelope["body"]["meta"]
        for name in ("since", "until"):
            part[name] = form(datetime.fromisoformat(part[name]))

    return altered(change)


def cut(request: PendingRequest) -> None:
    content = json.dumps(request.envelope()).encode()
    head = request.head(200, {"Content-Length": str(len(content))})
    request.raw(head + content[: len(content) // 2], then_close=True)


def cut_chunked(request: PendingRequest) -> None:
    content = json.dumps(request.envelope()).encode()[:400]
    head = request.head(200, {"Transfer-Encoding": "chunked"})
    request.raw(head + f"{len(content):x}\r\n".encode() + content + b"\r\n", then_close=True)


def cut_without_length(request: PendingRequest) -> None:
    content = json.dumps(request.envelope()).encode()
    request.raw(request.head(200, {"Connection": "close"}) + content[: len(content) // 2], then_close=True)


def half(request: PendingRequest) -> None:
    content = json.dumps(request.envelope()).encode()
    request.send(200, content[: len(content) // 2])


def closed(request: PendingRequest) -> None:
    request.raw(b"", then_close=True)


def headers_then_silence(request: PendingRequest) -> None:
    request.raw(request.head(200, {"Content-Length": "1000"}) + b"{")
    request.hang()


def dripping(request: PendingRequest) -> None:
    request.raw(request.head(200, {"Content-Length": "100000"}))
    request.drip(json.dumps(request.envelope()).encode())


def dripping_headers(request: PendingRequest) -> None:
    request.drip(request.head(200, {"Content-Length": "100000", "X-Padding": "x" * 10_000}))


def gzipped(request: PendingRequest) -> None:
    request.send(200, gzip.compress(json.dumps(request.envelope()).encode()), Content_Encoding="gzip")


def bomb(code: int, mebibytes: int = 65, **headers: str) -> Callable[[PendingRequest], None]:
    """A few kilobytes that decompress to `mebibytes` of spaces."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(b" " * 2**20) for _ in range(mebibytes)) + packer.flush()
    encoded = {"Content_Encoding": "gzip", **headers}
    return lambda request: request.send(code, packed, X_Request_Id=request.request_id, **encoded)


def endless_chunks(request: PendingRequest) -> None:
    """A body of spaces that never ends."""
    request.raw(request.head(200, {"Transfer-Encoding": "chunked", "X-Request-Id": request.request_id}))
    chunk = b"100000\r\n" + b" " * 2**20 + b"\r\n"
    try:
        while not request.server.is_closing.is_set():
            request.handler.wfile.write(chunk)
    except OSError:  # the client closed the connection
        request.handler.close_connection = True


def chunked(request: PendingRequest) -> None:
    content = json.dumps(request.envelope()).encode()
    parts = [content[start : start + 1000] for start in range(0, len(content), 1000)]
    body = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts)
    request.raw(request.head(200, {"Transfer-Encoding": "chunked"}) + body + b"0\r\n\r\n")


def closing(request: PendingRequest) -> None:
    request.send(200, request.envelope(), Connection="close")
    request.handler.close_connection = True


def says_no_under_200(request: PendingRequest) -> None:
    request.refuse(200)


def reversed_rows(envelope: dict[str, Any], _exchange: PendingRequest) -> None:
    envelope["body"]["rows"].reverse()


def more_keys(envelope: dict[str, Any], _exchange: PendingRequest) -> None:
    envelope["traceId"] = envelope["body"]["more"] = envelope["body"]["pagination"]["page"] = 7


def same_cursor(envelope: dict[str, Any], request: PendingRequest) -> None:
    part = envelope["body"]["pagination"]
    part["nextCursor"] = request.record.params.get("cursor") or part["nextCursor"]


def same_cursor_with_new_rows(envelope: dict[str, Any], request: PendingRequest) -> None:
    same_cursor(envelope, request)
    for row in envelope["body"]["rows"]:
        row["public_id"] = f"{request.record.number:08x}{row['public_id'][8:]}"


def cycle_of_three(envelope: dict[str, Any], request: PendingRequest) -> None:
    places = {"MTAw": "MjAw", "MjAw": "MzAw", "MzAw": "MTAw"}
    envelope["body"]["pagination"]["nextCursor"] = places.get(request.record.params.get("cursor", ""), "MTAw")


def no_end(envelope: dict[str, Any], request: PendingRequest) -> None:
    envelope["body"]["pagination"]["nextCursor"] = f"new-{request.record.number}"


def same_page_for_ever(request: PendingRequest) -> None:
    request.record.params.pop("cursor", None)
    altered(no_end)(request)


def empty_for_ever(request: PendingRequest) -> None:
    request.record.params.pop("cursor", None)

    def change(envelope: dict[str, Any], request: PendingRequest) -> None:
        no_end(envelope, request)
        envelope["body"]["rows"] = []

    altered(change)(request)


def is_not_first(request: PendingRequest) -> bool:
    return "cursor" in request.record.params


def more_in_flight_than(limit: int) -> Callable[[PendingRequest], bool]:
    return lambda request: request.record.in_flight > limit


def wants_total(request: PendingRequest) -> bool:
    return request.record.params.get("includeTotal") == "true"


def now(_exchange: PendingRequest) -> str:
    return format_datetime(datetime.now(UTC), usegmt=True)
