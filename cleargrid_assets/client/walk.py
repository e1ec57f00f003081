"""One walk through a window, page by page, the rest of which may be handed to another worker.

Where a walk ends, and which rows of a page are before that end, is decided here; `pagination` requests the pages and
`worker_pool` decides who walks what.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any

from cleargrid_assets.client.window import SECOND, Window


class BoundaryUnclearError(Exception):
    """The rows of a shortened walk are not in order, so those beyond its end cannot be told from the others."""


class Walk:
    """The walk through `asked`. Shared by the worker that reads it and those that look for work.

    It can be shortened while its rows come in order of `cursor_field` and each has an instant there.
    """

    def __init__(self, asked: Window, cursor_field: str, *, can_be_shortened: bool = True) -> None:
        self.asked = asked
        self._cursor_field = cursor_field
        self._until = asked.until
        self._can_be_shortened = can_be_shortened
        self._reached = self._page_began = asked.since
        self.pages = 0
        self._lock = threading.Lock()

    def take(self, rows: list[Any]) -> tuple[list[Any], bool]:
        """The rows of the next page that are before the walk's end, and whether the page passed that end.

        Raises `BoundaryUnclearError` if the walk was shortened and its rows are not in order.
        """
        with self._lock:
            is_shortened = self._until != self.asked.until
            if not is_shortened and not self._can_be_shortened:
                return rows, False
            instants = _instants(rows, self._cursor_field)
            if instants is None or not self._continues_with(instants):
                self._can_be_shortened = False
                if is_shortened:
                    raise BoundaryUnclearError
                return rows, False
            self.pages += 1
            if instants:
                self._page_began, self._reached = self._reached, instants[-1]
            kept = bisect_left(instants, self._until) if is_shortened else len(rows)
            return rows[:kept], kept < len(rows)

    def close(self) -> Window:
        """The window of the walk as it is now; from now on nothing is handed over."""
        with self._lock:
            self._can_be_shortened = False
            return Window(self.asked.since, self._until)

    @property
    def pages_left(self) -> float:
        """How many pages are still to come if each covers as much time as the latest; 0 if that is unknown."""
        with self._lock:
            if not self._can_be_shortened or not self._has_begun:
                return 0.0
            return (self._until - self._reached) / max(self._reached - self._page_began, SECOND)

    def hand_over(self, *, is_due: bool = False) -> Window | None:
        """End the walk half-way between its latest row and its end; the rest, or None if that is too short.

        `is_due`: end it at the next whole second instead.
        """
        with self._lock:
            second = self._reached.replace(microsecond=0)
            boundary = second + SECOND * (1 if is_due else (self._until - second) // (2 * SECOND))
            if (
                not self._can_be_shortened
                or not self._has_begun
                or self._until - boundary < SECOND
                or boundary <= second
            ):
                return None
            rest = Window(boundary, self._until)
            self._until = boundary
            return rest

    @property
    def _has_begun(self) -> bool:
        """True once a row has shown where the walk is: empty pages do not."""
        return self._reached > self.asked.since

    def _continues_with(self, instants: list[datetime]) -> bool:
        """True if these instants follow those of the earlier pages in order, and are inside the window."""
        bounded = [self._reached, *instants, self.asked.until]
        return bounded == sorted(bounded)


def _instants(rows: list[Any], cursor_field: str) -> list[datetime] | None:
    """The instants of all rows; None if one has none, or one without a time zone."""
    read = itemgetter(cursor_field) if rows and isinstance(rows[0], dict) else attrgetter(cursor_field)
    try:
        instants = list(map(datetime.fromisoformat, map(read, rows)))
    except (KeyError, AttributeError, TypeError, ValueError):
        return None
    return instants if all(instant.tzinfo for instant in instants) else None
