"""Answers: JSON out of bodies, pages out of success envelopes, reasons out of error envelopes.

What a 200 must hold belongs here; what is done about one that does not hold it is up to the callers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from cleargrid_assets.client.errors import UnexpectedAnswerError
from cleargrid_assets.client.window import Window, instant

if TYPE_CHECKING:
    from cleargrid_assets.client.exchange import Answer

OK = 200
REQUEST_ID_HEADERS = ("x-request-id", "x-amzn-requestid", "x-correlation-id")
KNOWN_NOTES = ("window_required", "capped", "timeout")
LONGEST_INTEGER = 4_000
ABSENT = object()
CLOCK_TOLERANCE = timedelta(seconds=5)
"""By how much ClearGrid's clock may be behind ours, its cut-off fractions of a second included."""


class UndecodableBodyError(Exception):
    """A body that is no JSON: cut, HTML or empty."""


@dataclass(frozen=True)
class Total:
    """ClearGrid's own count. `note`: why there is none, or why it is not exact."""

    total: int | None
    exact: bool
    note: str | None
    request_id: str | None = None


@dataclass(frozen=True)
class Reply:
    """A decoded 200, its request id where a header names it, and when the request was sent."""

    envelope: Any
    request_id: str | None
    sent_at: datetime | None = None


@dataclass(frozen=True)
class Page:
    """One page of rows as received. `next_cursor` None ends the walk."""

    rows: list[Any]
    next_cursor: str | None
    total: Total | None
    request_id: str | None


def decode(body: bytes) -> Any:
    """JSON, also with the numbers and characters that a strict decoder refuses. Raises `UndecodableBodyError`.

    NaN, 1e400, lone surrogates, raw control characters, bytes that are no UTF-8: one such value must not cost the
    whole page. It comes out as a value that no field may have.
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
    """Python refuses to read integers of thousands of digits."""
    return int(digits) if len(digits) < LONGEST_INTEGER else float("inf")


LENIENT = json.JSONDecoder(strict=False, parse_int=_integer)


def is_error_envelope(envelope: Any) -> bool:
    """Whether a decoded answer says that it is none, whatever the HTTP status was."""
    if not isinstance(envelope, dict):
        return False
    code = envelope.get("code")
    return envelope.get("success") is False or (code is not None and str(code) not in ("200", "200.0"))


def reason_of(answer: Answer) -> tuple[str | None, str | None]:
    """The message and the request id of an answer, whatever its body is; as the server wrote them, not yet masked."""
    header_id = next((answer.headers[name] for name in REQUEST_ID_HEADERS if answer.headers.get(name)), None)
    try:
        envelope = decode(answer.body)
    except UndecodableBodyError:
        return None, header_id
    if not isinstance(envelope, dict):
        return None, header_id
    message, request_id = envelope.get("message"), envelope.get("requestId")
    known_id = str(request_id) if isinstance(request_id, (str, int)) and request_id else header_id
    return (message if isinstance(message, str) else None), known_id


def page_of(reply: Reply, window: Window, *, is_first: bool, wants_total: bool, doing: str) -> Page:
    """The page in a decoded 200. Raises `UnexpectedAnswerError` when it breaks the contract."""

    def broken(what: str) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(f"{doing}: {what}", doing=doing, status=OK, request_id=reply.request_id)

    body = _part(reply.envelope, "body")
    pagination = _part(body, "pagination")
    rows, cursor = body.get("rows"), pagination.get("nextCursor", ABSENT)
    if not isinstance(rows, list):
        raise broken("the answer has no rows")
    if cursor is ABSENT:
        raise broken("the answer has no pagination with a nextCursor")
    if cursor is not None and (not isinstance(cursor, str) or not cursor):
        raise broken("nextCursor is neither text nor null")
    wrong = _wrong_echo(_part(body, "meta"), window, reply.sent_at, is_first=is_first)
    if wrong:
        raise broken(wrong)
    return Page(rows, cursor, total_of(pagination, reply.request_id) if wants_total else None, reply.request_id)


def _part(whole: Any, name: str) -> dict[str, Any]:
    """The object under `name`; an empty one when there is none."""
    part = whole.get(name) if isinstance(whole, dict) else None
    return part if isinstance(part, dict) else {}


def _wrong_echo(echo: dict[str, Any], window: Window, sent_at: datetime | None, *, is_first: bool) -> str | None:
    """What is wrong with the range that ClearGrid says it understood; None when it is the one asked for."""
    for name, asked in (("since", window.since), ("until", window.until)):
        said = echo.get(name)
        if said is None and not is_first:
            continue
        understood = _instant(said)
        if understood == asked or (name == "until" and _is_now(understood, asked, sent_at)):
            continue
        shown = instant(understood) if understood else "no instant at all"
        return f"asked for {name}={instant(asked)}, but ClearGrid says it understood {shown}"
    return None


def _is_now(understood: datetime | None, asked: datetime, sent_at: datetime | None) -> bool:
    """Whether an end in the future was brought forward to now: what lies between does not exist yet."""
    return understood is not None and sent_at is not None and sent_at - CLOCK_TOLERANCE <= understood < asked


def _instant(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def total_of(pagination: dict[str, Any], request_id: str | None) -> Total:
    """ClearGrid's count out of `pagination`; anything but a non-negative integer is no count."""
    total, note = pagination.get("total"), pagination.get("totalNote")
    if note is not None:
        note = note if note in KNOWN_NOTES else "unknown"
    if total is None:
        return Total(None, exact=False, note=note or "absent", request_id=request_id)
    if type(total) is not int or total < 0:
        return Total(None, exact=False, note="unusable", request_id=request_id)
    return Total(total, exact=pagination.get("totalExact") is True and note is None, note=note, request_id=request_id)
