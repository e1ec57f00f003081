"""How long a piece of work may still take, and whether it should stop.

Deadline, stop signal and waits that end early belong here; what is waited for does not.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class StoppedError(Exception):
    """Another worker's error, or the caller, ended the work."""


class Patience:
    """Shared by all threads of one piece of work. `stall_seconds`: the longest time without any progress."""

    def __init__(
        self,
        seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        stall_seconds: float = float("inf"),
    ) -> None:
        self._clock = clock
        self._deadline = None if seconds is None else clock() + seconds
        self._stall_seconds = stall_seconds
        self._progress_at = clock()
        self._stopped = threading.Event()

    @property
    def seconds_left(self) -> float:
        """Seconds to the deadline; infinite without one."""
        return float("inf") if self._deadline is None else self._deadline - self._clock()

    @property
    def stalled_seconds(self) -> float | None:
        """For how long nothing has moved; None while that is not too long."""
        seconds = self._clock() - self._progress_at
        return seconds if seconds > self._stall_seconds else None

    def made_progress(self) -> None:
        """Something moves."""
        self._progress_at = max(self._progress_at, self._clock())

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End every wait and every further request."""
        self._stopped.set()

    def check(self) -> None:
        """Raise `StoppedError` when the work was stopped."""
        if self._stopped.is_set():
            raise StoppedError

    def wait(self, seconds: float, *, is_asked_for: bool = False) -> None:
        """Wait, unless the work is stopped meanwhile: then raise `StoppedError`.

        `is_asked_for`: by the server. Such a wait is no stall, unless it is longer than one may be.
        """
        if is_asked_for and seconds <= self._stall_seconds:
            self._progress_at = max(self._progress_at, self._clock() + seconds)
        self._stopped.wait(seconds)
        self.check()
