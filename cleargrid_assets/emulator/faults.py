"""Faults to switch on: the ways in which the real export fails, or might.

The faults, by name, belong here; correct responses are in `api`. A fault looks at a request's number or parameters
and at the emulator's own clock, never at chance, so a test sees the same twice.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.responses import Response

from cleargrid_assets.emulator.generated_rows import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cleargrid_assets.emulator.pagination import Range

DAY_SECONDS = 86_400
BAD_POSITION = 50
HUGE_BYTES = 80 * 2**20
GATEWAY_PAGE = b"<html><head><title>504 Gateway Time-out</title></head></html>"
CLEARGRID_DOWN = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class ExportRequest:
    """One request for a page: its number since the start, its parameters, their meaning, and the requests in flight."""

    number: int
    params: Mapping[str, str]
    query: Range
    in_flight: int


Alteration: TypeAlias = "Callable[[dict[str, Any], ExportRequest], dict[str, Any]]"


@dataclass(frozen=True)
class Fault:
    """One fault of the export.

    `refuse`: a response instead of the page, or None. `alter`: changes the envelope. `garble`: replaces the body's
    bytes; a body shorter than its Content-Length is sent truncated.
    """

    about: str
    refuse: Callable[[ExportRequest], Response | None] = lambda _request: None
    alter: Alteration = lambda envelope, _request: envelope
    garble: Callable[[bytes, ExportRequest], bytes] = lambda body, _request: body


def every(nth: int, answer: Callable[[ExportRequest], Response]) -> Callable[[ExportRequest], Response | None]:
    """Refuse every `nth` request with `answer`."""
    return lambda request: answer(request) if request.number % nth == 0 else None


def error(status: int, message: str, number: int, headers: Mapping[str, str] | None = None) -> Response:
    """ClearGrid's error envelope."""
    body = f'{{"success": false, "message": "{message}", "requestId": "emulator-{number}"}}'
    return Response(body, status, dict(headers or {}), "application/json")


def plain(status: int, body: bytes = b"") -> Response:
    """The response of a gateway in front of ClearGrid."""
    return Response(body, status, media_type="text/html")


def _refuse_requests_above(limit: int) -> Callable[[ExportRequest], Response | None]:
    return lambda request: error(429, "Too many requests", request.number) if request.in_flight > limit else None


def _refuse_pages_above(rows: int) -> Callable[[ExportRequest], Response | None]:
    return lambda request: plain(504, GATEWAY_PAGE) if request.query.limit > rows else None


def _refuse_windows_above(seconds: float) -> Callable[[ExportRequest], Response | None]:
    return lambda request: plain(504) if request.query.seconds > seconds else None


def _pagination(change: Callable[[dict[str, Any], ExportRequest], None]) -> Alteration:
    def alter(envelope: dict[str, Any], request: ExportRequest) -> dict[str, Any]:
        change(envelope["body"].get("pagination", {}), request)  # another fault may have dropped it
        return envelope

    return alter


def _repeat_cursor(pagination: dict[str, Any], request: ExportRequest) -> None:
    if request.params.get("cursor") and pagination.get("nextCursor"):
        pagination["nextCursor"] = request.params["cursor"]


def _inflate_total(pagination: dict[str, Any], _request: ExportRequest) -> None:
    if isinstance(pagination.get("total"), int):
        pagination["total"] += 5


def _cap_total(pagination: dict[str, Any], _request: ExportRequest) -> None:
    if isinstance(pagination.get("total"), int):
        pagination.update(total=min(pagination["total"], 1000), totalExact=False, totalNote="capped")


def _drop_total(pagination: dict[str, Any], _request: ExportRequest) -> None:
    if isinstance(pagination.get("total"), int):
        pagination.update(total=None, totalExact=False, totalNote="timeout")


def _drop_total_of_long_windows(pagination: dict[str, Any], request: ExportRequest) -> None:
    if request.query.seconds > DAY_SECONDS:
        _drop_total(pagination, request)


def _drop(name: str) -> Alteration:
    def alter(envelope: dict[str, Any], _request: ExportRequest) -> dict[str, Any]:
        envelope["body"].pop(name, None)
        return envelope

    return alter


def _shorten_echo(envelope: dict[str, Any], request: ExportRequest) -> dict[str, Any]:
    envelope["body"]["meta"]["until"] = request.params.get("since")
    return envelope


def _end_echo_now(envelope: dict[str, Any], request: ExportRequest) -> dict[str, Any]:
    if request.query.until_ms > request.query.now_ms:
        envelope["body"]["meta"]["until"] = instant(request.query.now_ms)
    return envelope


def _huge_response(_request: ExportRequest) -> Response:
    """A body of spaces, which compresses to a thousandth of its size."""
    return Response(
        gzip.compress(b" " * HUGE_BYTES), headers={"content-encoding": "gzip"}, media_type="application/json"
    )


def _change_rows(change: Callable[[int, dict[str, Any]], dict[str, Any]]) -> Alteration:
    """`change` applied to each row, with its position in the page."""

    def alter(envelope: dict[str, Any], _request: ExportRequest) -> dict[str, Any]:
        for position, row in enumerate(rows := envelope["body"].get("rows", [])):
            rows[position] = change(position, row)
        return envelope

    return alter


def _spoil_row(position: int, row: dict[str, Any]) -> dict[str, Any]:
    """Spoil one row in a hundred, each in a different way."""
    damages: tuple[dict[str, Any], ...] = (
        {"public_id": None},
        {"is_active": "true"},
        {"communicated_at": "not a date"},
        {"outcome_option": "x" * 100_000},
        {"created_at": 1_747_000_000},
        {"outcome_option": "NUL \0 inside"},
    )
    return {**row, **damages[position // 100 % len(damages)]} if position % 100 == BAD_POSITION else row


FAULTS: dict[str, Fault] = {
    "server-errors": Fault(
        "every 5th request ends in 500", every(5, lambda request: error(500, "Oops", request.number))
    ),
    "bad-gateway": Fault(
        "every 5th request ends in 502 with HTML", every(5, lambda _request: plain(502, CLEARGRID_DOWN))
    ),
    "unavailable": Fault("every 5th request ends in 503 without a body", every(5, lambda _request: plain(503))),
    "request-timeouts": Fault("every 5th request ends in 408", every(5, lambda _request: plain(408))),
    "down": Fault("every request ends in 500", every(1, lambda request: error(500, "Oops", request.number))),
    "rate-limit": Fault(
        "every 10th request ends in 429 with Retry-After: 1",
        every(10, lambda request: error(429, "Too many requests", request.number, {"Retry-After": "1"})),
    ),
    "two-in-flight": Fault("more than two requests at once end in 429", _refuse_requests_above(2)),
    "large-pages-time-out": Fault("pages of more than 100 rows end in 504", _refuse_pages_above(100)),
    "long-windows-time-out": Fault("windows of more than a day end in 504", _refuse_windows_above(DAY_SECONDS)),
    "always-times-out": Fault("every request ends in 504", _refuse_pages_above(0)),
    "cursor-loop": Fault("a cursor leads back to the page that was just read", alter=_pagination(_repeat_cursor)),
    "total-too-high": Fault("the total is five more than the rows", alter=_pagination(_inflate_total)),
    "total-capped": Fault("the total is capped at 1000", alter=_pagination(_cap_total)),
    "total-times-out": Fault("there is no total", alter=_pagination(_drop_total)),
    "long-totals-time-out": Fault(
        "windows of more than a day have no total", alter=_pagination(_drop_total_of_long_windows)
    ),
    "no-rows": Fault("the response has no rows", alter=_drop("rows")),
    "no-pagination": Fault("the response has no pagination", alter=_drop("pagination")),
    "echo-shortened": Fault("the echoed range is shorter than the requested one", alter=_shorten_echo),
    "future-ends-now": Fault("an end in the future is echoed as now", alter=_end_echo_now),
    "huge-bodies": Fault("every body is 80 MB, compressed to 80 kB", every(1, _huge_response)),
    "half-json": Fault(
        "every 7th body is half a document", garble=lambda body, request: _truncate(body, request, pad=True)
    ),
    "cut-bodies": Fault(
        "every 7th body is cut in the middle", garble=lambda body, request: _truncate(body, request, pad=False)
    ),
    "bad-rows": Fault("one row in a hundred cannot be landed", alter=_change_rows(_spoil_row)),
    "unknown-fields": Fault(
        "rows have a field that the contract does not list",
        alter=_change_rows(lambda _position, row: {**row, "phone": "+971 50 000 0000"}),
    ),
}


def _truncate(body: bytes, request: ExportRequest, *, pad: bool) -> bytes:
    """Send half the body of every 7th response; `pad`: fill it to full length, so that only the JSON is truncated."""
    if request.number % 7:
        return body
    half = body[: len(body) // 2]
    return half + b" " * (len(body) - len(half)) if pad else half
