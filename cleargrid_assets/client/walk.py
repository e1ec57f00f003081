"""Walking one window to its end, page by page; narrower when the server is too slow.

Here: the one page loop of the project. Not here: many windows at once (`fetch`), repeats of a request (`requester`).
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil
from typing import TYPE_CHECKING, Generic, TypeVar

from cleargrid_assets.client.answers import Page, page_of
from cleargrid_assets.client.errors import CursorLoopError, QueryTooLargeError
from cleargrid_assets.client.requester import Counters, Requester, TooSlowError
from cleargrid_assets.client.window import Window, instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets.client.dataset import Dataset
    from cleargrid_assets.client.flight import Flight
    from cleargrid_assets.client.patience import Patience

T = TypeVar("T")

SMALLEST_PAGE = 50
HICCUPS = 2
TOLERATED_PARTS = 2
"""A window of up to twice the target is walked whole: splitting it would cost the page that was read."""

LAST_TRIES = 4
"""How often the smallest page of the smallest window is asked for: a gateway's hiccup is not a law."""


class PageSize:
    """The page size that all windows of a load share; it only shrinks.

    One slow answer may be a hiccup: then only that page is asked for in smaller pieces. A size that is too slow
    twice, and oftener than half as often as it works, is given up for the whole load.
    """

    def __init__(self, size: int) -> None:
        self._lock = threading.Lock()
        self._slow: Counter[int] = Counter()
        self._fine: Counter[int] = Counter()
        self.size = size

    def was_fine(self, size: int) -> None:
        """A page of `size` came in time."""
        with self._lock:
            self._fine[size] += 1

    def was_slow(self, size: int) -> None:
        """A page of `size` did not come in time."""
        with self._lock:
            self._slow[size] += 1
            is_law = self._slow[size] >= HICCUPS and 2 * self._slow[size] > self._fine[size]
            if is_law:
                self.size = min(self.size, halved(size))


def halved(size: int) -> int:
    """The next smaller page size; sizes that were set smaller than the smallest stay."""
    return max(min(size, SMALLEST_PAGE), size // 2)


@dataclass(frozen=True)
class WalkedWindow(Generic[T]):
    """A window that was walked until `nextCursor` was null: one `T` per page."""

    window: Window
    batches: list[T]
    rows_received: int
    pages: int
    empty_pages: int


@dataclass(frozen=True)
class Split:
    """A window that is to be walked in parts instead; nothing of it was kept."""

    parts: list[Window]


@dataclass(frozen=True)
class Walker(Generic[T]):
    """Walks windows of one dataset, all with the same patience, gate, counters and page size."""

    requester: Requester
    dataset: Dataset
    convert: Callable[[list[object], Window], T]
    patience: Patience
    flight: Flight
    counters: Counters
    page_size: PageSize
    on_page: Callable[[int], None]
    target_rows: int | None = None

    def walk(self, window: Window) -> WalkedWindow[T] | Split:
        """All pages of `window`, or its parts when it is too dense or too slow to be walked whole."""
        batches: list[T] = []
        received = empty = 0
        cursor: str | None = None
        seen: set[bytes] = set()
        while True:
            page = self._page(window, cursor)
            if isinstance(page, Split):
                return page
            if cursor is None and (parts := self._parts_if_dense(window, page)):
                return Split(parts)
            batches.append(self.convert(page.rows, window))
            received += len(page.rows)
            empty += not page.rows
            self.on_page(len(page.rows))
            if page.next_cursor is None:
                return WalkedWindow(window, batches, received, len(batches), empty)
            cursor = self._next(window, page, seen)

    def _next(self, window: Window, page: Page, seen: set[bytes]) -> str:
        """The next cursor; raises `CursorLoopError` when this walk has been there."""
        cursor = page.next_cursor or ""
        mark = blake2b(cursor.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if mark in seen:
            raise CursorLoopError(
                f"{self._doing(window)}: page {len(seen) + 2} would be one that this walk has been at",
                doing=self._doing(window),
                status=200,
                request_id=page.request_id,
            )
        seen.add(mark)
        return cursor

    def _page(self, window: Window, cursor: str | None) -> Page | Split:
        """The page at `cursor`, with smaller pages when that takes too long; then with smaller windows."""
        tries, wants_total = 0, cursor is None and self.target_rows is not None
        size, is_first_try = self.page_size.size, True
        while True:
            try:
                page = self._ask(window, cursor, size, wants_total=wants_total, is_first_try=is_first_try)
            except TooSlowError as slow:
                self.counters.count(retries=1, fault=f"{self._doing(window)}: HTTP {slow.status or 'time-out'}")
                self.page_size.was_slow(size)
                wants_total = is_first_try = False
                if halved(size) < size:
                    size = halved(size)
                    continue
                if window.is_splittable:
                    return Split(window.split())
                tries += 1
                if tries >= LAST_TRIES:
                    raise self._too_large(window, slow, tries) from None
                self.patience.wait(0.5 * tries)
            else:
                self.page_size.was_fine(size)
                return page

    def _ask(self, window: Window, cursor: str | None, size: int, *, wants_total: bool, is_first_try: bool) -> Page:
        params = {"since": instant(window.since), "until": instant(window.until), "limit": str(size), "sort": "asc"}
        if cursor is not None:
            params["cursor"] = cursor
        if wants_total:
            params["includeTotal"] = "true"
        doing = self._doing(window)
        envelope = self.requester.get(
            f"/exports/{self.dataset.section}/{self.dataset.code}",
            params,
            doing=doing,
            patience=self.patience,
            flight=self.flight,
            counters=self.counters,
            is_first_try=is_first_try,
        )
        return page_of(envelope, window, is_first=cursor is None, wants_total=wants_total, doing=doing)

    def _parts_if_dense(self, window: Window, page: Page) -> list[Window]:
        """Parts of about `target_rows` each when the window holds more than twice that; none otherwise."""
        if self.target_rows is None or page.total is None or page.total.total is None or page.next_cursor is None:
            return []
        parts = ceil(page.total.total / self.target_rows)
        return window.split(parts) if parts > TOLERATED_PARTS and window.is_splittable else []

    def _doing(self, window: Window) -> str:
        return f"reading {self.dataset.code} {window}"

    def _too_large(self, window: Window, slow: TooSlowError, tries: int) -> QueryTooLargeError:
        return QueryTooLargeError(
            f"{self._doing(window)}: even {SMALLEST_PAGE} rows of one second take too long",
            doing=self._doing(window),
            status=slow.status,
            request_id=slow.request_id,
            attempts=tries,
        )
