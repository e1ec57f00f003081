"""Reads many windows concurrently; the first fatal error ends them all.

Worker threads, the work queue, progress and time limits belong here; `pagination` reads each window.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cleargrid_assets.client.deadlines import CancelledError
from cleargrid_assets.client.errors import TransientError, UnreachableError
from cleargrid_assets.client.pagination import CompletedWindow, Split
from cleargrid_assets.client.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor
    from types import TracebackType

    from cleargrid_assets.client.pagination import Paginator
    from cleargrid_assets.client.requester import FailedRequests
    from cleargrid_assets.client.window import Window

T = TypeVar("T")

MIN_PAGES_LEFT = 4.0
"""A walk with fewer pages to come is left alone: to hand over its rest costs half a page on average."""

MAX_PAGES = 64
"""A walk with more pages is ended at the next whole second, so that no time-out costs more pages than these."""

POLL_SECONDS = 0.25
PROGRESS_INTERVAL_SECONDS = 3.0
JOIN_TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True)
class Progress:
    """The state of a fetch after `seconds`. Includes pages and rows of windows that were split and read again.

    `failures`: the requests that failed so far and were, or will be, repeated.
    """

    pages: int
    rows: int
    seconds: float
    failures: tuple[FailedRequests, ...] = ()


@dataclass(frozen=True)
class Statistics:
    """The cost of a fetch: all its requests and retries, but only the pages of completed windows."""

    requests: int
    pages: int
    empty_pages: int
    retries: int
    splits: int
    page_size_used: int


@dataclass(frozen=True)
class FetchResult(Generic[T]):
    """All windows in order of time; together they cover exactly the requested windows."""

    windows: list[CompletedWindow[T]]
    statistics: Statistics

    @property
    def rows_received(self) -> int:
        """The number of rows in all completed windows."""
        return sum(completed.rows_received for completed in self.windows)


def read_windows(
    paginator: Paginator[T],
    windows: Iterable[Window],
    workers: int,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
) -> FetchResult[T]:
    """Read `windows` with `workers` threads and convert their pages in one more: most of that needs Python's lock.

    Raises as `ClearGridClient.fetch` does.
    """
    deadline, queue, converter = paginator.context.deadline, _WorkQueue[T](windows, paginator), ThreadPoolExecutor(1)
    threads = [threading.Thread(target=queue.run_worker, args=[converter], daemon=True) for _ in range(workers)]
    try:
        for thread in threads:
            thread.start()
        queue.wait(on_progress)
    finally:
        deadline.cancel()
        queue.close()
        join_until = time.monotonic() + JOIN_TIMEOUT_SECONDS
        for thread in threads:
            thread.join(max(0.0, join_until - time.monotonic()))
        converter.shutdown(wait=False, cancel_futures=True)
    return FetchResult(queue.completed_windows(), queue.statistics())


class _WorkQueue(Generic[T]):
    """The work queue shared by all workers, and their results."""

    def __init__(self, windows: Iterable[Window], paginator: Paginator[T]) -> None:
        self._paginator = paginator
        self._pending = deque(self._walk(window) for window in windows)
        self._active: set[Walk] = set()
        self._completed: list[CompletedWindow[T]] = []
        self._error: BaseException | None = None
        self._splits = self._pages = self._rows = 0
        self._changed = threading.Condition()

    def run_worker(self, converter: Executor) -> None:
        """Worker loop: read windows until the queue is empty or a worker fails."""
        while (walk := self._take()) is not None:
            with _ErrorForwarder(self, walk):
                self._finish(walk, self._paginator.read(walk, partial(self.on_page, walk), converter.submit))

    def _walk(self, window: Window, *, is_ordered: bool = True) -> Walk:
        return Walk(window, self._paginator.dataset.cursor_field, can_be_shortened=is_ordered)

    def _take(self) -> Walk | None:
        """The next window, or the rest of one that is being read; waits while there may still be one."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending or not self._active or self._error or self._hand_over())
            if not self._pending or self._error:
                return None
            walk = self._pending.popleft()
            self._active.add(walk)
            return walk

    def _hand_over(self) -> bool:
        """Make the rest of the longest walk pending, if it is long enough; True if there is one."""
        longest = max(self._active, key=lambda walk: walk.pages_left)
        return longest.pages_left >= MIN_PAGES_LEFT and self._add(longest.hand_over())

    def _add(self, rest: Window | None) -> bool:
        """Make the rest of a walk pending; False if there is none."""
        if rest is not None:
            self._pending.append(self._walk(rest))
        return rest is not None

    def _finish(self, walk: Walk, outcome: CompletedWindow[T] | Split) -> None:
        with self._changed:
            self._active.remove(walk)
            if isinstance(outcome, Split):
                parts = [self._walk(part, is_ordered=outcome.is_ordered) for part in outcome.parts]
                self._pending.extendleft(reversed(parts))
                self._splits += 1
            else:
                self._completed.append(outcome)
            self._changed.notify_all()

    def fail(self, walk: Walk, error: BaseException) -> None:
        """Keep the first error that is not a mere cancellation."""
        with self._changed:
            self._active.discard(walk)
            if self._error is None and not isinstance(error, CancelledError):
                self._error = error
            self._changed.notify_all()

    def on_page(self, walk: Walk, rows: int) -> None:
        """Count a page and restart the stall timer; end the walk soon if it has many pages already."""
        with self._changed:
            self._pages += 1
            self._rows += rows
            if walk.pages >= MAX_PAGES:
                self._add(walk.hand_over(is_due=True))
            self._changed.notify_all()
        self._paginator.context.deadline.record_progress()

    def close(self) -> None:
        """Empty the queue and wake the workers, so that they exit."""
        with self._changed:
            self._error = self._error or CancelledError()
            self._pending.clear()
            self._changed.notify_all()

    def wait(self, on_progress: Callable[[Progress], None]) -> None:
        """Wait for the workers and report progress; raise their first error, or an error when time is up."""
        started = reported_at = time.monotonic()
        while True:
            with self._changed:
                is_finished = self._changed.wait_for(self._is_finished, timeout=POLL_SECONDS)
                if self._error is not None:
                    raise self._error
                if is_finished:
                    return
                progress = self._progress(time.monotonic() - started)
            deadline = self._paginator.context.deadline
            if deadline.stalled_seconds is not None or deadline.seconds_left <= 0:
                raise _time_limit_error(self._paginator, deadline.stalled_seconds)
            if time.monotonic() - reported_at >= PROGRESS_INTERVAL_SECONDS:
                reported_at = time.monotonic()
                on_progress(progress)

    def _is_finished(self) -> bool:
        return self._error is not None or (not self._pending and not self._active)

    def _progress(self, seconds: float) -> Progress:
        failures = self._paginator.context.counters.failed_requests()
        return Progress(self._pages, self._rows, seconds, failures)

    def completed_windows(self) -> list[CompletedWindow[T]]:
        """The completed windows in order of time."""
        return sorted(self._completed, key=lambda completed: completed.window.since)

    def statistics(self) -> Statistics:
        """What the fetch took."""
        counters = self._paginator.context.counters
        return Statistics(
            requests=counters.requests,
            pages=sum(completed.pages for completed in self._completed),
            empty_pages=sum(completed.empty_pages for completed in self._completed),
            retries=counters.retries,
            splits=self._splits,
            page_size_used=self._paginator.adaptive_page_size.size,
        )


class _ErrorForwarder(AbstractContextManager[None]):
    """Passes any exception of a worker to the queue, whose waiting thread raises it."""

    def __init__(self, queue: _WorkQueue[Any], walk: Walk) -> None:
        self._queue = queue
        self._walk = walk

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if error is None:
            return False
        self._queue.fail(self._walk, error)
        return True


def _time_limit_error(paginator: Paginator[T], stalled_seconds: float | None) -> TransientError:
    """The error of a load that ran out of time, of the same class as its last error."""
    what = f"no page came for {stalled_seconds:.0f} s" if stalled_seconds is not None else "the time for the load is up"
    last_error = paginator.context.counters.last_error
    error_class = type(last_error) if isinstance(last_error, TransientError) else UnreachableError
    cause = f"; the last error: {last_error.message}" if last_error else ""
    error = error_class(
        f"{what}{cause}",
        doing=f"reading {paginator.dataset.code}",
        status=last_error.status if last_error else None,
        request_id=last_error.request_id if last_error else None,
    )
    error.is_retryable = False
    return error
