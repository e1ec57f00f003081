"""Parses response bodies: JSON, the pages in success envelopes and the details in error envelopes.

What a 200 must contain is defined here; callers decide what to do with one that breaks the contract.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from cleargrid_assets.client.errors import UnexpectedAnswerError
from cleargrid_assets.client.window import Window, format_instant

if TYPE_CHECKING:
    from cleargrid_assets.client.response import Response

REQUEST_ID_HEADERS = ("x-request-id", "x-amzn-requestid", "x-correlation-id")
KNOWN_NOTES = ("window_required", "capped", "timeout")
MAX_INTEGER_DIGITS = 4_000
MISSING = object()
CLOCK_TOLERANCE = timedelta(seconds=5)
"""How far ClearGrid's clock may be behind ours, including the fractions of a second that it cuts off."""


class UndecodableBodyError(Exception):
    """The body is not JSON: truncated, HTML or empty."""


@dataclass(frozen=True)
class Total:
    """ClearGrid's own count. `note` says why it is missing or not exact."""

    total: int | None = None
    exact: bool = False
    note: str | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class Envelope:
    """The decoded body of a 200, its request id if a header has one, and when the request was sent."""

    document: Any
    request_id: str | None
    sent_at: datetime | None = None


@dataclass(frozen=True)
class Page:
    """One page of rows as received. `next_cursor` is None on the last page."""

    rows: list[Any]
    next_cursor: str | None
    total: Total | None
    request_id: str | None


def decode(body: bytes) -> Any:
    """Decode JSON, including numbers and characters that a strict decoder rejects. Raises `UndecodableBodyError`.

    NaN, 1e400, lone surrogates, raw control characters or invalid UTF-8 in one value must not cost the whole page.
    Such a value is decoded into one that no field may have.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return LENIENT.decode(body.decode("utf-8-sig", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        raise UndecodableBodyError from error


def _integer(digits: str) -> int | float:
    """Parse an integer; one of thousands of digits, which Python refuses to parse, becomes infinity."""
    return int(digits) if len(digits) < MAX_INTEGER_DIGITS else float("inf")


LENIENT = json.JSONDecoder(strict=False, parse_int=_integer)


def is_error_envelope(document: Any) -> bool:
    """True if the body is an error envelope, regardless of the HTTP status."""
    if not isinstance(document, dict):
        return False
    code = document.get("code")
    return document.get("success") is False or code not in (None, HTTPStatus.OK, "200", "200.0")


def error_details(response: Response) -> tuple[str | None, str | None]:
    """The message and request id of any response, as the server wrote them: not redacted yet."""
    try:
        document = decode(response.body)
    except UndecodableBodyError:
        document = None
    return details(document, response)


def details(document: Any, response: Response) -> tuple[str | None, str | None]:
    """The message and request id of a response whose body is `document`, not redacted yet."""
    header_id = next((response.headers[name] for name in REQUEST_ID_HEADERS if response.headers.get(name)), None)
    if not isinstance(document, dict):
        return None, header_id
    message, body_id = document.get("message"), document.get("requestId")
    request_id = str(body_id) if isinstance(body_id, (str, int)) and body_id else header_id
    return (message if isinstance(message, str) else None), request_id


def parse_page(envelope: Envelope, window: Window, *, is_first: bool, wants_total: bool) -> Page:
    """The page in the envelope of a 200. Raises `UnexpectedAnswerError` if it breaks the contract."""

    def violation(what: str) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(what, status=HTTPStatus.OK, request_id=envelope.request_id)

    body = _object(envelope.document, "body")
    pagination = _object(body, "pagination")
    rows, cursor = body.get("rows"), pagination.get("nextCursor", MISSING)
    if not isinstance(rows, list):
        raise violation("the response has no rows")
    if cursor is MISSING:
        raise violation("the response has no pagination with a nextCursor")
    if cursor is not None and (not isinstance(cursor, str) or not cursor):
        raise violation("nextCursor is neither text nor null")
    mismatch = _range_mismatch(_object(body, "meta"), window, envelope.sent_at, is_first=is_first)
    if mismatch:
        raise violation(mismatch)
    total = parse_total(pagination, envelope.request_id) if wants_total else None
    return Page(rows, cursor, total, envelope.request_id)


def _object(parent: Any, name: str) -> dict[str, Any]:
    """The JSON object under `name`, or an empty one."""
    child = parent.get(name) if isinstance(parent, dict) else None
    return child if isinstance(child, dict) else {}


def _range_mismatch(meta: dict[str, Any], window: Window, sent_at: datetime | None, *, is_first: bool) -> str | None:
    """How the range that ClearGrid echoes differs from the requested one; None if it does not."""
    for name, requested in (("since", window.since), ("until", window.until)):
        echo = meta.get(name)
        if echo is None and not is_first:
            continue
        echoed = _parse_instant(echo)
        if echoed == requested or (name == "until" and _is_clamped_to_now(echoed, requested, sent_at)):
            continue
        received = format_instant(echoed) if echoed else "something that is not an instant"
        return f"asked for {name}={format_instant(requested)}, but ClearGrid echoed {received}"
    return None


def _is_clamped_to_now(echoed: datetime | None, requested: datetime, sent_at: datetime | None) -> bool:
    """True if an end in the future was moved to the time of the request: there are no rows in between yet."""
    return echoed is not None and sent_at is not None and sent_at - CLOCK_TOLERANCE <= echoed < requested


def _parse_instant(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def parse_total(pagination: dict[str, Any], request_id: str | None) -> Total:
    """ClearGrid's count in `pagination`; anything but a non-negative integer is unusable."""
    total, note = pagination.get("total"), pagination.get("totalNote")
    if note is not None:
        note = note if note in KNOWN_NOTES else "unknown"
    if total is None:
        return Total(note=note or "absent", request_id=request_id)
    if type(total) is not int or total < 0:
        return Total(note="unusable", request_id=request_id)
    return Total(total, exact=pagination.get("totalExact") is True and note is None, note=note, request_id=request_id)
