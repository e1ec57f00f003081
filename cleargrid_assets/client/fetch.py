"""Many windows side by side, each walked to its end; one fatal error ends all of them.

Here: threads, the queue of windows, progress, time limits. Not here: the walk itself.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cleargrid_assets.client.errors import TransientError, UnreachableError
from cleargrid_assets.client.narrowing import Narrowing
from cleargrid_assets.client.patience import Patience, StoppedError
from cleargrid_assets.client.walk import Split, WalkedWindow, Walker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from cleargrid_assets.client.client import ClearGridClient
    from cleargrid_assets.client.dataset import Dataset
    from cleargrid_assets.client.window import Window

T = TypeVar("T")

TICK_SECONDS = 0.25
PROGRESS_SECONDS = 3.0
FAREWELL_SECONDS = 1.0


@dataclass(frozen=True)
class Progress:
    """How far a fetch is, after `seconds`. Pages and rows of windows that were split meanwhile are included."""

    pages: int
    rows: int
    windows_done: int
    windows_total: int
    seconds: float


@dataclass(frozen=True)
class Statistics:
    """What a fetch took. Pages are those of the walks that were kept."""

    requests: int
    pages: int
    empty_pages: int
    retries: int
    splits: int
    page_size_used: int


@dataclass(frozen=True)
class Fetched(Generic[T]):
    """All windows in order of time; together they cover exactly what was asked for."""

    windows: list[WalkedWindow[T]]
    statistics: Statistics

    @property
    def rows_received(self) -> int:
        """Rows in the pages of the walks that were kept."""
        return sum(walked.rows_received for walked in self.windows)


def fetch_windows(
    client: ClearGridClient,
    dataset: Dataset,
    windows: Iterable[Window],
    convert: Callable[[list[object], Window], T],
    *,
    concurrency: int | None = None,
    page_size: int | None = None,
    gather: Callable[[list[T]], list[T]] = list,
    target_rows: int | None = None,
    deadline_seconds: float = 7200.0,
    stall_seconds: float = 75.0,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
) -> Fetched[T]:
    """Walk `windows` side by side: `convert` makes a `T` of each page, `gather` fewer of a window's.

    Up to `concurrency` requests are in flight.
    A window with much more than `target_rows` rows is split, so that no worker is left with a long tail. Raises the
    first error of any worker at once, and a `TransientError` (with `budget_spent`) after `deadline_seconds`, or after
    `stall_seconds` without a single page; waits that ClearGrid asks for do not count, except one that is longer.
    """
    patience = client.patience(deadline_seconds, stall_seconds)
    board = _Board[T](windows, patience)
    most = concurrency or client.concurrency
    walker = Walker(
        requester=client.requester,
        dataset=dataset,
        convert=convert,
        patience=patience,
        flight=client.flight(most),
        counters=client.counters,
        narrowing=Narrowing(page_size or client.page_size),
        on_page=board.saw_page,
        target_rows=target_rows,
        gather=gather,
    )
    before = client.counters.requests, client.counters.retries
    threads = [threading.Thread(target=board.work, args=(walker,), daemon=True) for _ in range(most)]
    try:
        for thread in threads:
            thread.start()
        board.watch(walker, on_progress)
    finally:
        patience.stop()
        board.wake()
        farewell = time.monotonic() + FAREWELL_SECONDS
        for thread in threads:
            thread.join(max(0.0, farewell - time.monotonic()))
    return Fetched(board.walked(), board.statistics(walker, before))


class _Board(Generic[T]):
    """What is to be walked, what is being walked and what is done; all threads look at it."""

    def __init__(self, windows: Iterable[Window], patience: Patience) -> None:
        self._patience = patience
        self._todo = deque(windows)
        self._total = len(self._todo)
        self._active = 0
        self._done: list[WalkedWindow[T]] = []
        self._error: BaseException | None = None
        self._splits = self._pages = self._rows = 0
        self._changed = threading.Condition()

    def work(self, walker: Walker[T]) -> None:
        """A thread's life: walk windows until none is left or somebody failed."""
        while (window := self._take()) is not None:
            with _Handover(self):
                self._settle(walker.walk(window))

    def _take(self) -> Window | None:
        """The next window; waits while walks under way may still be split."""
        with self._changed:
            self._changed.wait_for(lambda: self._todo or not self._active or self._error)
            if not self._todo or self._error:
                return None
            self._active += 1
            return self._todo.popleft()

    def _settle(self, outcome: WalkedWindow[T] | Split) -> None:
        with self._changed:
            self._active -= 1
            if isinstance(outcome, Split):
                self._todo.extendleft(reversed(outcome.parts))
                self._splits += 1
                self._total += len(outcome.parts) - 1
            else:
                self._done.append(outcome)
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """Remember the first error that is more than being told to stop."""
        with self._changed:
            self._active -= 1
            if self._error is None and not isinstance(error, StoppedError):
                self._error = error
            self._changed.notify_all()

    def saw_page(self, rows: int) -> None:
        """Count a page, and remember that something moves."""
        with self._changed:
            self._pages += 1
            self._rows += rows
        self._patience.made_progress()

    def wake(self) -> None:
        """Let waiting threads see that it is over."""
        with self._changed:
            self._error = self._error or StoppedError()
            self._todo.clear()
            self._changed.notify_all()

    def watch(self, walker: Walker[T], on_progress: Callable[[Progress], None]) -> None:
        """Wait for the end, tell of progress; raise the first error, or that time is up."""
        started = told = time.monotonic()
        while True:
            with self._changed:
                self._changed.wait_for(self._is_over, timeout=TICK_SECONDS)
                if self._error is not None:
                    raise self._error
                if not self._todo and not self._active:
                    return
                progress = self._progress(time.monotonic() - started)
            stalled_seconds = self._patience.stalled_seconds
            if stalled_seconds is not None or self._patience.seconds_left <= 0:
                raise _time_is_up(walker, stalled_seconds)
            if time.monotonic() - told >= PROGRESS_SECONDS:
                told = time.monotonic()
                on_progress(progress)

    def _is_over(self) -> bool:
        return self._error is not None or (not self._todo and not self._active)

    def _progress(self, seconds: float) -> Progress:
        return Progress(self._pages, self._rows, len(self._done), self._total, seconds)

    def walked(self) -> list[WalkedWindow[T]]:
        """The walked windows in order of time."""
        return sorted(self._done, key=lambda walked: walked.window.since)

    def statistics(self, walker: Walker[T], before: tuple[int, int]) -> Statistics:
        """What it took, since `before` (requests, retries)."""
        return Statistics(
            requests=walker.counters.requests - before[0],
            pages=sum(walked.pages for walked in self._done),
            empty_pages=sum(walked.empty_pages for walked in self._done),
            retries=walker.counters.retries - before[1],
            splits=self._splits,
            page_size_used=walker.narrowing.size,
        )


class _Handover(AbstractContextManager[None]):
    """Whatever ends one walk early ends all walks, and is raised in the thread that waits for them."""

    def __init__(self, board: _Board[Any]) -> None:
        self._board = board

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if error is None:
            return False
        self._board.fail(error)
        return True


def _time_is_up(walker: Walker[T], silent: float | None) -> TransientError:
    """The error of a load that is given up: what troubled it last says of which kind it is."""
    what = f"no page came for {silent:.0f} s" if silent is not None else "the time for the load is up"
    doing, trouble = f"reading {walker.dataset.code}", walker.counters.trouble
    kind = type(trouble) if isinstance(trouble, TransientError) else UnreachableError
    last = f"; the last trouble: {trouble.args[0]}" if trouble else ""
    error = kind(
        f"{doing}: {what}{last}",
        doing=doing,
        status=trouble.status if trouble else None,
        request_id=trouble.request_id if trouble else None,
    )
    error.budget_spent = True
    return error
