"""Decides how many windows a month is split into before it is read, and what happens to windows of empty pages.

`walk` shortens windows that turn out to be long, and `adaptive_page_size` splits those that time out.
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


def sparse_parts(window: Window, page: Page) -> list[Window]:
    """The halves of a window of empty pages. Raises `UnexpectedAnswerError` if it is too short to have that many."""
    if window.is_splittable:
        return window.split()
    message = f"{MAX_EMPTY_PAGES} empty pages in a row, and the window has not ended"
    raise UnexpectedAnswerError(message, status=HTTPStatus.OK, request_id=page.request_id)
