"""Pages of a "via" dataset: cursors, limits, ranges, totals.

Decide here which rows a request gets and how the page describes them; HTTP is in `api`, tokens in `auth`.

The export reads a collection that many lenders share and filters it to one of them, so a page holds fewer rows than
its limit, sometimes none, while more follow. The cursor alone decides how many: the same cursor always gives the same
page.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zlib import crc32

from cleargrid_assets.emulator.generated_rows import instant, milliseconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cleargrid_assets.emulator.generated_rows import Entry, GeneratedRows

DEFAULT_LIMIT = 500
MAX_LIMIT = 1000
MAX_RANGE_SECONDS = 400 * 86_400
FIRST_ID = ""
EMPTY_PAGE = "!"
"""Each empty page appends one to the id in the cursor, so that the next page has another share."""

POSITION = re.compile(rb'\[(-?\d{1,15}), "([0-9a-f]*!*)"\]')
"""What a cursor encodes: milliseconds since 1970, and an id."""

SHARES = (1.0, 1.0, 1.0, 0.9, 0.6, 0.3, 0.0, 1.0)
"""Shares of a page that belong to this lender; each cursor position has one of them."""


@dataclass(frozen=True)
class Range:
    """The range that a request asks for, in milliseconds since 1970. `position`: what its cursor encodes."""

    since_ms: int
    until_ms: int
    now_ms: int
    limit: int
    is_descending: bool
    position: tuple[int, str] | None
    wants_total: bool
    is_bounded: bool
    echo: Mapping[str, str | None]

    @property
    def seconds(self) -> float:
        """Length of the range."""
        return (self.until_ms - self.since_ms) / 1000

    @property
    def is_too_long(self) -> bool:
        """True if ClearGrid can neither read nor count all of it in time."""
        return self.seconds > MAX_RANGE_SECONDS

    @classmethod
    def parse(cls, params: Mapping[str, str], now: datetime) -> Range | None:
        """The range of a request; None if `since`, `until` or the cursor is malformed, which leads to a 500."""
        since, until, cursor = params.get("since"), params.get("until"), params.get("cursor")
        try:
            since_ms = milliseconds(_parse_instant(since)) if since else 0
            until_ms = milliseconds(_parse_instant(until)) if until else milliseconds(now)
            position = _decode_cursor(cursor) if cursor else None
        except (ValueError, OverflowError):
            return None
        return cls(
            since_ms=since_ms,
            until_ms=until_ms,
            now_ms=milliseconds(now),
            limit=_parse_limit(params.get("limit")),
            is_descending=params.get("sort") == "desc",
            position=position,
            wants_total=params.get("includeTotal") == "true",
            is_bounded=bool(since or until),
            echo={"since": since, "until": until or instant(until_ms)},
        )


def page_of(source: GeneratedRows, query: Range, shares: Sequence[float] = SHARES) -> dict[str, Any]:
    """The success envelope of one page."""
    entries, cursor = _read(source, query, shares)
    pagination: dict[str, Any] = {"nextCursor": cursor}
    if query.wants_total:
        pagination |= _total(source, query)
    rows = [entry.seen_at(query.now_ms) for entry in entries]
    meta = {**query.echo, "tenantPathKind": "via"}
    return success({"rows": rows, "pagination": pagination, "meta": meta})


def success(body: Mapping[str, object]) -> dict[str, Any]:
    """The success envelope around `body`."""
    return {"code": 200, "message": "OK", "errors": [], "body": body}


def _read(source: GeneratedRows, query: Range, shares: Sequence[float]) -> tuple[list[Entry], str | None]:
    """The entries of the page in the order of the request, and the next cursor, or None after the last."""
    start = _start(query)
    entries = _following(source, query, start)
    share = shares[crc32(f"{start}".encode()) % len(shares)]
    take = min(len(entries), query.limit)
    if share < 1 and entries:
        take = min(take, int(query.limit * share))
    if take >= len(entries):
        return entries, None
    boundary = entries[take - 1].key if take else (start[0], f"{start[1]}{EMPTY_PAGE}")
    return entries[:take], _encode_cursor(boundary)


def _start(query: Range) -> tuple[int, str]:
    """Where the page starts: a cursor never leads out of the range."""
    if query.is_descending:
        end = (query.until_ms, FIRST_ID)
        return min(query.position or end, end)
    beginning = (query.since_ms, FIRST_ID)
    return max(query.position or beginning, beginning)


def _following(source: GeneratedRows, query: Range, start: tuple[int, str]) -> list[Entry]:
    """The entries after `start` in the order of the request, one more than the page may hold."""
    if not query.is_descending:
        return source.entries(start, query.until_ms, query.now_ms, query.limit + 1)
    before = (start[0], start[1].rstrip(EMPTY_PAGE))
    entries = source.entries((query.since_ms, FIRST_ID), query.until_ms, query.now_ms, None)
    return [entry for entry in reversed(entries) if entry.key < before][: query.limit + 1]


def _total(source: GeneratedRows, query: Range) -> dict[str, Any]:
    """The count over the whole range, independent of cursor and limit."""
    if not query.is_bounded:
        return {"total": None, "totalExact": False, "totalNote": "window_required"}
    if query.is_too_long:
        return {"total": None, "totalExact": False, "totalNote": "timeout"}
    count = source.count(query.since_ms, query.until_ms, query.now_ms)
    return {"total": count, "totalExact": True, "totalNote": None}


def _parse_limit(text: str | None) -> int:
    """The page size: clamped, never refused."""
    try:
        return min(max(int(text or DEFAULT_LIMIT), 1), MAX_LIMIT)
    except ValueError:
        return DEFAULT_LIMIT


def _parse_instant(text: str) -> datetime:
    """The instant in UTC. Raises `ValueError` if it is malformed, `OverflowError` if its year is not within 1-9999."""
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _encode_cursor(position: tuple[int, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def _decode_cursor(cursor: str) -> tuple[int, str]:
    """The position of a cursor. Raises `ValueError` unless it is the cursor of that position to the letter."""
    match = POSITION.fullmatch(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    position = (int(match[1]), match[2].decode()) if match else None
    if position is None or _encode_cursor(position) != cursor:
        raise ValueError(f"{cursor!r} is a cursor that this export never issued")
    return position
