"""Time limits: how long a load may take, how long to wait for one response, and when to stop.

Anything that measures time against a limit, or ends a wait early, belongs here.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES = 32
MULTIPLIER = 8
MIN_TIMEOUT_SECONDS = 5.0
INITIAL_TIMEOUT_SECONDS = 10.0


class CancelledError(Exception):
    """The load was cancelled, by the caller or because another worker failed."""


class Deadline:
    """The time limit and cancellation signal of one load, shared by its threads.

    `stall_seconds`: the longest time without progress.
    """

    def __init__(
        self,
        seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        stall_seconds: float = float("inf"),
    ) -> None:
        self._clock = clock
        self._expires_at = None if seconds is None else clock() + seconds
        self._stall_seconds = stall_seconds
        self._progress_at = clock()
        self._cancelled = threading.Event()

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline; infinite without one."""
        return float("inf") if self._expires_at is None else self._expires_at - self._clock()

    @property
    def stalled_seconds(self) -> float | None:
        """Seconds since the last progress if that is longer than allowed, else None."""
        seconds = self._clock() - self._progress_at
        return seconds if seconds > self._stall_seconds else None

    def record_progress(self) -> None:
        """Restart the stall timer."""
        self._progress_at = max(self._progress_at, self._clock())

    def cancel(self) -> None:
        """End every sleep and allow no further request."""
        self._cancelled.set()

    def raise_if_cancelled(self) -> None:
        """Raise `CancelledError` after `cancel`."""
        if self._cancelled.is_set():
            raise CancelledError

    def sleep(self, seconds: float, *, requested_by_server: bool = False) -> None:
        """Sleep; raise `CancelledError` as soon as the load is cancelled.

        A sleep that the server requested does not count as a stall unless it exceeds the stall limit itself.
        """
        if requested_by_server and seconds <= self._stall_seconds:
            self._progress_at = max(self._progress_at, self._clock() + seconds)
        self._cancelled.wait(seconds)
        self.raise_if_cancelled()


class AdaptiveTimeout:
    """The time-out of one request, derived from the latest response times.

    When pages arrive within a hundredth of a second, one that takes five is lost; waiting longer wastes the load.
    """

    def __init__(self) -> None:
        self._latest: deque[float] = deque(maxlen=SAMPLES)

    def record(self, seconds: float) -> None:
        """Add the response time of a page."""
        self._latest.append(seconds)

    def record_timeout(self, seconds: float) -> None:
        """Give the next pages twice the time that was not enough even for the smallest page."""
        self.record(2 * seconds / MULTIPLIER)

    def seconds(self, timeouts_so_far: int) -> float:
        """Eight times the slowest of the latest pages, at least five seconds; ten before the first page.

        The time-out doubles after every time-out (`timeouts_so_far`) on the same rows.
        """
        latest = tuple(self._latest)
        usual = max(MIN_TIMEOUT_SECONDS, MULTIPLIER * max(latest)) if latest else INITIAL_TIMEOUT_SECONDS
        return usual * 2.0**timeouts_so_far
