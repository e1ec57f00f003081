"""Answers: JSON out of bodies, pages out of success envelopes, reasons out of error envelopes.

Here: what a 200 must hold. Not here: what is done about it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from cleargrid_assets.client.errors import UnexpectedAnswerError
from cleargrid_assets.client.window import Window, instant

if TYPE_CHECKING:
    from cleargrid_assets.client.transport import Answer

OK = 200
REQUEST_ID_HEADERS = ("x-request-id", "x-amzn-requestid", "x-correlation-id")


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
class Page:
    """One page of rows as received. `next_cursor` None ends the walk."""

    rows: list[Any]
    next_cursor: str | None
    total: Total | None
    request_id: str | None


def decode(body: bytes) -> Any:
    """JSON, also with the numbers and characters that a strict decoder refuses. Raises `UndecodableBodyError`.

    The standard library takes NaN, 1e400 and lone surrogates; one such value must not cost the whole page.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UndecodableBodyError from error


def reason_of(answer: Answer) -> tuple[str, str | None]:
    """The message and the request id of an error answer, whatever its body is."""
    header_id = next((answer.headers[name] for name in REQUEST_ID_HEADERS if answer.headers.get(name)), None)
    try:
        envelope = decode(answer.body)
    except UndecodableBodyError:
        return "", header_id
    if not isinstance(envelope, dict):
        return "", header_id
    request_id = envelope.get("requestId")
    message = envelope.get("message")
    return (message if isinstance(message, str) else ""), (request_id if isinstance(request_id, str) else header_id)


def page_of(envelope: Any, window: Window, *, is_first: bool, wants_total: bool, doing: str) -> Page:
    """The page in a decoded 200. Raises `UnexpectedAnswerError` when it breaks the contract."""
    request_id = envelope.get("requestId") if isinstance(envelope, dict) else None

    def broken(what: str) -> UnexpectedAnswerError:
        known_id = request_id if isinstance(request_id, str) else None
        return UnexpectedAnswerError(f"{doing}: {what}", doing=doing, status=200, request_id=known_id)

    if not isinstance(envelope, dict):
        raise broken("the answer is no JSON object")
    if envelope.get("code", OK) != OK or envelope.get("success") is False:
        raise broken("HTTP says 200, the envelope says otherwise")
    body = envelope.get("body")
    rows = body.get("rows") if isinstance(body, dict) else None
    pagination = body.get("pagination") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(rows, list):
        raise broken("the answer has no rows")
    if not isinstance(pagination, dict) or "nextCursor" not in pagination:
        raise broken("the answer has no pagination")
    cursor = pagination["nextCursor"]
    if cursor is not None and (not isinstance(cursor, str) or not cursor):
        raise broken("nextCursor is neither text nor null")
    wrong = _wrong_echo(body.get("meta"), window, is_first=is_first)
    if wrong:
        raise broken(wrong)
    total = total_of(pagination, request_id) if wants_total else None
    return Page(rows, cursor, total, request_id if isinstance(request_id, str) else None)


def _wrong_echo(meta: Any, window: Window, *, is_first: bool) -> str | None:
    """What is wrong with the range that ClearGrid says it understood; None when it is the one asked for."""
    echo = meta if isinstance(meta, dict) else {}
    for name, asked in (("since", window.since), ("until", window.until)):
        said = echo.get(name)
        if said is None and not is_first:
            continue
        if _instant(said) != asked:
            shown = repr(said)[:60]
            return f"asked for {name}={instant(asked)}, but ClearGrid says it understood {shown}"
    return None


def _instant(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def total_of(pagination: dict[str, Any], request_id: Any = None) -> Total:
    """ClearGrid's count out of `pagination`; anything but a non-negative integer is no count."""
    total, note = pagination.get("total"), pagination.get("totalNote")
    known_id = request_id if isinstance(request_id, str) else None
    note = note if isinstance(note, str) else None
    if total is None:
        return Total(None, exact=False, note=note or "absent", request_id=known_id)
    if type(total) is not int or total < 0:
        return Total(None, exact=False, note="unusable", request_id=known_id)
    return Total(total, exact=pagination.get("totalExact") is True and note is None, note=note, request_id=known_id)
