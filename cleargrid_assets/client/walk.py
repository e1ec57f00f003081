"""Walking one window to its end, page by page; narrower when the server is too slow.

Here: the one page loop of the project. Not here: many windows at once (`fetch`), repeats of a request (`requester`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cleargrid_assets.client.answers import Page, page_of
from cleargrid_assets.client.errors import CursorLoopError, QueryTooLargeError, UnexpectedAnswerError
from cleargrid_assets.client.meaning import TooSlowError
from cleargrid_assets.client.narrowing import SMALLEST_PAGE, sizes_to_try
from cleargrid_assets.client.requester import Counters, Requester, Work
from cleargrid_assets.client.window import Window, instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets.client.dataset import Dataset
    from cleargrid_assets.client.flight import Flight
    from cleargrid_assets.client.narrowing import Narrowing
    from cleargrid_assets.client.patience import Patience

T = TypeVar("T")

TOLERATED_PARTS = 2
"""A window of up to twice the target is walked whole: splitting it would cost the page that was read."""

MOST_PARTS = 64
MOST_EMPTY_PAGES = 100
"""In a row; then the window is walked in halves, each of which starts nearer to its rows."""

SAMPLED_ROWS = 8
MOST_SIGHTS = 3
"""How often a walk may be given one and the same page under new cursors before it goes in circles."""


@dataclass(frozen=True)
class WalkedWindow(Generic[T]):
    """A window that was walked until `nextCursor` was null: one `T` per page, or fewer that were gathered."""

    window: Window
    batches: list[T]
    rows_received: int
    pages: int
    empty_pages: int


@dataclass(frozen=True)
class Split:
    """A window that is to be walked in parts instead; nothing of it was kept."""

    parts: list[Window]


class Trail:
    """Where one walk has been; raises when it goes in circles or nowhere."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._cursors: set[bytes] = set()
        self._sights: Counter[bytes] = Counter()
        self._empty_in_a_row = 0

    def follow(self, page: Page) -> str:
        """The cursor of the next page. Raises `CursorLoopError` when this walk has been there."""
        cursor = page.next_cursor or ""
        mark = _digest(cursor)
        if mark in self._cursors:
            raise self._loop(page, f"page {len(self._cursors) + 2} would be one that this walk has been at")
        self._cursors.add(mark)
        return cursor

    def gets_on(self, page: Page) -> bool:
        """Whether the walk gets on; False after very many empty pages. Raises `CursorLoopError` for repeated pages."""
        if not page.rows:
            self._empty_in_a_row += 1
            return self._empty_in_a_row < MOST_EMPTY_PAGES
        self._empty_in_a_row = 0
        sample = page.rows[:: max(1, len(page.rows) // SAMPLED_ROWS)]
        if any(isinstance(row, dict) and row.get("public_id") for row in sample):
            sight = _digest(f"{len(page.rows)} {_shown(sample)}")
            self._sights[sight] += 1
            if self._sights[sight] >= MOST_SIGHTS:
                raise self._loop(page, f"the same page came {MOST_SIGHTS} times under different cursors")
        return True

    def _loop(self, page: Page, what: str) -> CursorLoopError:
        message = f"{self._doing}: {what}"
        return CursorLoopError(message, doing=self._doing, status=200, request_id=page.request_id)


def _shown(sample: list[Any]) -> str:
    """Rows as text; by their ids alone where a value is nested deeper than Python can write."""
    try:
        return repr(sample)
    except RecursionError:
        ids = [row.get("public_id") for row in sample if isinstance(row, dict)]
        return repr([identity for identity in ids if isinstance(identity, str)])


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True)
class Walker(Generic[T]):
    """Walks windows of one dataset, all with the same patience, gate, counters and narrowing.

    `target_rows`: ask for each window's total and walk windows with many more rows in parts; None: never. `gather`:
    what becomes of a walked window's batches.
    """

    requester: Requester
    dataset: Dataset
    convert: Callable[[list[object], Window], T]
    patience: Patience
    flight: Flight
    counters: Counters
    narrowing: Narrowing
    on_page: Callable[[int], None]
    target_rows: int | None = None
    gather: Callable[[list[T]], list[T]] = list

    def walk(self, window: Window) -> WalkedWindow[T] | Split:
        """All pages of `window`, or its parts when it is too dense, too sparse or too slow to be walked whole."""
        if parts := self.narrowing.parts_of(window):
            return Split(parts)
        work = Work(f"reading {self.dataset.code} {window}", self.patience, self.flight, self.counters)
        trail, batches, received, empty = Trail(work.doing), list[T](), 0, 0
        cursor: str | None = None
        while True:
            page = self._page(work, window, cursor)
            if isinstance(page, Split):
                return page
            if cursor is None and (parts := self._parts_if_dense(window, page)):
                return Split(parts)
            self.on_page(len(page.rows))
            batches.append(self.convert(page.rows, window))
            received += len(page.rows)
            empty += not page.rows
            if page.next_cursor is None:
                return WalkedWindow(window, self.gather(batches), received, len(batches), empty)
            if not trail.gets_on(page):
                return self._halves_of_a_sparse(window, page)
            cursor = trail.follow(page)

    def _page(self, work: Work, window: Window, cursor: str | None) -> Page | Split:
        """The page at `cursor`, with smaller pages when that takes too long; then with smaller windows."""
        wants_total = cursor is None and self.target_rows is not None
        sizes = sizes_to_try(self.narrowing.size, window)
        for slow_before, size in enumerate(sizes):
            try:
                page = self._ask(work, window, cursor, size, wants_total=wants_total, slow_before=slow_before)
            except TooSlowError as slow:
                self._was_too_slow(work, slow, self.narrowing.was_slow(window, size))
                wants_total, latest = False, slow
            else:
                self.narrowing.was_fine(window, size)
                return page
        if window.is_splittable:
            self.narrowing.was_too_long(window)
            return Split(window.split())
        raise _too_large(work.doing, latest, len(sizes))

    def _was_too_slow(self, work: Work, slow: TooSlowError, in_a_row: int) -> None:
        """Remember it, and wait a moment: a 504 may be an outage, too."""
        self.counters.count(retries=1)
        self.counters.had_trouble(slow.as_error(work.doing))
        self.requester.pause(work, in_a_row, slow.seconds)

    def _ask(
        self, work: Work, window: Window, cursor: str | None, size: int, *, wants_total: bool, slow_before: int
    ) -> Page:
        params = {"since": instant(window.since), "until": instant(window.until), "limit": str(size), "sort": "asc"}
        if cursor is not None:
            params["cursor"] = cursor
        if wants_total:
            params["includeTotal"] = "true"
        reply = self.requester.get(self.dataset.path, params, work, slow_before=slow_before)
        return page_of(
            reply,
            window,
            is_first=cursor is None,
            wants_total=wants_total,
            doing=work.doing,
        )

    def _parts_if_dense(self, window: Window, page: Page) -> list[Window]:
        """Parts of about `target_rows` each when the window holds more than twice that; none otherwise."""
        if self.target_rows is None or page.total is None or page.total.total is None or page.next_cursor is None:
            return []
        parts = min(ceil(page.total.total / self.target_rows), MOST_PARTS)
        is_dense = parts > TOLERATED_PARTS and window.is_splittable
        return window.split(parts) if is_dense and self.narrowing.allows_parts(parts) else []

    def _halves_of_a_sparse(self, window: Window, page: Page) -> Split:
        """Raises `UnexpectedAnswerError` for a window that cannot be split: no second has so many empty pages."""
        if window.is_splittable:
            return Split(window.split())
        doing = f"reading {self.dataset.code} {window}"
        message = f"{doing}: {MOST_EMPTY_PAGES} empty pages in a row, and still no end"
        raise UnexpectedAnswerError(message, doing=doing, status=200, request_id=page.request_id)


def _too_large(doing: str, slow: TooSlowError, tries: int) -> QueryTooLargeError:
    message = f"{doing}: even {SMALLEST_PAGE} rows of one second take too long"
    return QueryTooLargeError(message, doing=doing, status=slow.status, request_id=slow.request_id, attempts=tries)
