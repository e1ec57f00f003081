"""Reads one window page by page, and splits it when it is too sparse or too slow.

This is the project's only page loop. `worker_pool` reads many windows at once; `requester` retries single requests.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from cleargrid_assets.client.adaptive_page_size import MIN_PAGE_SIZE, page_sizes, smallest
from cleargrid_assets.client.envelope import decode
from cleargrid_assets.client.errors import CursorLoopError, QueryTooLargeError, UnexpectedAnswerError, during
from cleargrid_assets.client.requester import PageRequest, RequestContext, Requester
from cleargrid_assets.client.status import TooSlowError
from cleargrid_assets.client.walk import BoundaryUnclearError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets.client.adaptive_page_size import AdaptivePageSize
    from cleargrid_assets.client.dataset import Dataset
    from cleargrid_assets.client.envelope import Page
    from cleargrid_assets.client.walk import Walk
    from cleargrid_assets.client.window import Window

T = TypeVar("T")

SAMPLE_ROWS = 8
MAX_EMPTY_PAGES = 100
"""In a row; after that the window is halved, because each half starts nearer to its rows."""

MAX_REPEATS = 3
"""How often the same page may come under new cursors before it counts as a loop."""


@dataclass(frozen=True)
class CompletedWindow(Generic[T]):
    """A window that was read until `nextCursor` was null. `batches`: one `T` per page, or fewer after `merge`."""

    window: Window
    batches: list[T]
    rows_received: int
    pages: int
    empty_pages: int


@dataclass(frozen=True)
class Split:
    """A window to read in parts instead; its pages were discarded. `is_ordered`: False if its rows were not."""

    parts: list[Window]
    is_ordered: bool = True


class CycleDetector:
    """Detects cursors and pages that repeat within one window."""

    def __init__(self) -> None:
        self._cursors: set[bytes] = set()
        self._page_digests: Counter[bytes] = Counter()
        self._consecutive_empty_pages = 0

    def next_cursor(self, page: Page) -> str:
        """The cursor of the next page. Raises `CursorLoopError` if it was used before."""
        cursor = page.next_cursor or ""
        digest = _digest(cursor)
        if digest in self._cursors:
            raise _loop(page, f"the cursor of page {len(self._cursors) + 2} was used before")
        self._cursors.add(digest)
        return cursor

    def record_page(self, page: Page) -> bool:
        """Record a page; return False after too many consecutive empty pages.

        Raises `CursorLoopError` if the same page keeps coming back.
        """
        if not page.rows:
            self._consecutive_empty_pages += 1
            return self._consecutive_empty_pages < MAX_EMPTY_PAGES
        self._consecutive_empty_pages = 0
        sample = page.rows[:: max(1, len(page.rows) // SAMPLE_ROWS)]
        if any(_public_id(row) for row in sample):
            digest = _digest(f"{len(page.rows)} {_as_text(sample)}")
            self._page_digests[digest] += 1
            if self._page_digests[digest] >= MAX_REPEATS:
                raise _loop(page, f"the same page came {MAX_REPEATS} times under different cursors")
        return True


def _public_id(row: Any) -> Any:
    """The id of a row as received or of a declared type; None if it has none."""
    return row.get("public_id") if isinstance(row, dict) else getattr(row, "public_id", None)


def _loop(page: Page, what: str) -> CursorLoopError:
    return CursorLoopError(what, status=HTTPStatus.OK, request_id=page.request_id)


def _as_text(sample: list[Any]) -> str:
    """The rows as text, or only their ids if a value is nested too deeply for `repr`."""
    if isinstance(sample[0], msgspec.Struct):  # whose raw fields have no repr of their own
        return msgspec.json.encode(sample).decode("utf-8", "surrogateescape")
    try:
        return repr(sample)
    except RecursionError:
        return repr([public_id for public_id in map(_public_id, sample) if isinstance(public_id, str)])


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def run_now(convert: Callable[..., T], *arguments: object) -> Future[T]:
    """What an executor's `submit` does, at once and in the calling thread."""
    future = Future[T]()
    future.set_result(convert(*arguments))
    return future


@dataclass(frozen=True)
class Paginator(Generic[T]):
    """Reads windows of one dataset; all of them share the context and the adaptive page size.

    `convert` makes a `T` of each page and `merge` reduces the `T`s of a completed window. `decode`: see
    `declared_pages`.
    """

    requester: Requester
    dataset: Dataset
    convert: Callable[[list[object], Window], T]
    context: RequestContext
    adaptive_page_size: AdaptivePageSize
    merge: Callable[[list[T]], list[T]] = list
    decode: Callable[[bytes], Any] = decode

    def read(
        self,
        walk: Walk,
        on_page: Callable[[int], None] = lambda _rows: None,
        submit: Callable[..., Future[T]] = run_now,
    ) -> CompletedWindow[T] | Split:
        """Read all pages of the walk's window, or return its parts if it is too sparse or too slow.

        A walk that is shortened meanwhile ends with the page that passes its new end. `on_page` is called with the
        number of rows of each page; `submit`, of an executor, converts a page while the next one is requested.
        """
        if parts := self.adaptive_page_size.split_if_too_long(walk.asked):
            return Split(parts)
        with during(f"reading {self.dataset.code} {walk.asked}"):
            return self._read_pages(walk, on_page, submit)

    def _read_pages(
        self, walk: Walk, on_page: Callable[[int], None], submit: Callable[..., Future[T]]
    ) -> CompletedWindow[T] | Split:
        detector, batches, received, empty = CycleDetector(), list[Future[T]](), 0, 0
        cursor: str | None = None
        while True:
            page = self._read_page(walk.asked, cursor)
            if page is None:
                return Split(walk.close().split())
            try:
                rows, is_past_end = walk.take(page.rows)
            except BoundaryUnclearError:
                return Split([walk.close()], is_ordered=False)
            on_page(len(rows))
            if batches:
                batches[-1].result()  # a walk is at most one page ahead of its conversion, which bounds the memory
            batches.append(submit(self.convert, rows, walk.asked))
            received += len(rows)
            empty += not page.rows
            if page.next_cursor is None or is_past_end:
                converted = [batch.result() for batch in batches]
                return CompletedWindow(walk.close(), self.merge(converted), received, len(batches), empty)
            if not detector.record_page(page):
                left = walk.close()  # a shortened walk is not past its end yet: only its window is read again
                return Split(_halves(left, page) if left == walk.asked else [left])
            cursor = detector.next_cursor(page)

    def _read_page(self, window: Window, cursor: str | None) -> Page | None:
        """The page at `cursor`, if it is too slow in smaller pages; None if the window has to be split."""
        sizes, timeouts = page_sizes(self.adaptive_page_size.size, window), 0
        while sizes:
            size, *sizes = sizes
            try:
                request = PageRequest(self.dataset, window, size, cursor, decode=self.decode)
                page = self.requester.get(request, self.context, timeouts_so_far=timeouts)
            except TooSlowError as slow:
                self._on_timeout(slow, self.adaptive_page_size.on_timeout(window, size))
                latest, timeouts = slow, timeouts + 1
                if timeouts > 1 and slow.is_silence:
                    sizes = smallest(sizes)
            else:
                self.adaptive_page_size.on_success(window, size)
                return page
        self.requester.allow_more_time(latest)
        if window.is_splittable:
            self.adaptive_page_size.on_window_timeout(window)
            return None
        raise _query_too_large(latest, timeouts)

    def _on_timeout(self, slow: TooSlowError, consecutive_timeouts: int) -> None:
        """Record the time-out and back off: a 504 may also mean an outage."""
        self.context.counters.add(retries=1)
        self.context.counters.record_error(slow.as_error())
        self.requester.back_off(self.context, consecutive_timeouts, slow.seconds)


def _halves(window: Window, page: Page) -> list[Window]:
    """The halves of a window of empty pages. Raises `UnexpectedAnswerError` if it is too short to have that many."""
    if window.is_splittable:
        return window.split()
    message = f"{MAX_EMPTY_PAGES} empty pages in a row, and the window has not ended"
    raise UnexpectedAnswerError(message, status=HTTPStatus.OK, request_id=page.request_id)


def _query_too_large(slow: TooSlowError, attempts: int) -> QueryTooLargeError:
    message = f"even {MIN_PAGE_SIZE} rows of one second take too long"
    return QueryTooLargeError(message, status=slow.status, request_id=slow.request_id, attempts=attempts)
