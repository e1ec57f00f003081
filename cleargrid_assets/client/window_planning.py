"""Decides how many windows a month is split into, before it is read and while it is.

A rule about rows per window belongs here: the plan by ClearGrid's count, windows that are denser than planned, and
windows of empty pages. Windows that time out are split by `adaptive_page_size`.
"""

from __future__ import annotations

from datetime import UTC
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING

from cleargrid_assets.client.errors import UnexpectedAnswerError
from cleargrid_assets.client.window import SECOND, Window

if TYPE_CHECKING:
    from datetime import datetime

    from cleargrid_assets.client.envelope import Page

DAY_SECONDS = 86_400
MAX_WINDOWS = 512
DENSE_FACTOR = 2
"""A window with up to twice the target is read whole: splitting it would discard the page that was just read."""

MAX_PARTS = 64
MAX_EMPTY_PAGES = 100
"""In a row; after that the window is halved, because each half starts nearer to its rows."""


def plan_windows(window: Window, total: int | None, target_rows: int, now: datetime | None = None) -> list[Window]:
    """Windows that cover `window`, each with about `target_rows` of its `total` rows, or one day without a total.

    The time after `now` is one window, because the future of an open month has almost no rows.
    """
    if now is not None and window.since + SECOND <= now <= window.until - SECOND:
        boundary = now.astimezone(UTC).replace(microsecond=0) + SECOND
        if boundary < window.until:
            past, future = Window(window.since, boundary), Window(boundary, window.until)
            return [*plan_windows(past, total, target_rows), future]
    parts = ceil(window.seconds / DAY_SECONDS) if total is None else ceil(total / max(target_rows, 1))
    return window.split(min(max(parts, 1), MAX_WINDOWS))


def dense_parts(window: Window, first_page: Page, target_rows: int | None) -> list[Window]:
    """Parts of about `target_rows` each if the window has more than twice that, else none."""
    total = first_page.total
    if target_rows is None or total is None or total.total is None or first_page.next_cursor is None:
        return []
    parts = min(ceil(total.total / target_rows), MAX_PARTS)
    return window.split(parts) if parts > DENSE_FACTOR and window.is_splittable else []


def sparse_parts(window: Window, page: Page) -> list[Window]:
    """The halves of a window of empty pages. Raises `UnexpectedAnswerError` if it is too short to have that many."""
    if window.is_splittable:
        return window.split()
    message = f"{MAX_EMPTY_PAGES} empty pages in a row, and the window has not ended"
    raise UnexpectedAnswerError(message, status=HTTPStatus.OK, request_id=page.request_id)
