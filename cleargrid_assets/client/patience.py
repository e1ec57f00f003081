"""How long a piece of work may still take, and whether it should stop.

Here: deadline, stop signal, waits that end early. Not here: what is waited for.
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
    """Shared by all threads of one piece of work."""

    def __init__(self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deadline = None if seconds is None else clock() + seconds
        self._stopped = threading.Event()

    @property
    def seconds_left(self) -> float:
        """Seconds to the deadline; infinite without one."""
        return float("inf") if self._deadline is None else self._deadline - self._clock()

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

    def wait(self, seconds: float) -> None:
        """Wait, unless the work is stopped meanwhile: then raise `StoppedError`."""
        self._stopped.wait(seconds)
        self.check()
