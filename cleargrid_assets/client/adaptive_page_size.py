"""Adapts page size and window length to a slow server.

Decides when time-outs are persistent enough to change the defaults of a load; `pagination` sends the requests.
"""

from __future__ import annotations

import threading
from collections import Counter
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleargrid_assets.client.window import Window

MIN_PAGE_SIZE = 50
MIN_TIMEOUTS = 2
"""Fewer time-outs than this are a hiccup and change nothing."""

MAX_BACKOFF_STEP = 3
FINAL_ATTEMPTS = 3
"""Additional attempts for a request that cannot be made smaller: its time-outs may be a hiccup, too."""


def halve(size: int) -> int:
    """The next smaller page size; a configured size below the minimum stays as it is."""
    return max(min(size, MIN_PAGE_SIZE), size // 2)


def page_sizes(size: int, window: Window) -> list[int]:
    """The page sizes to request the same rows with, each of them once.

    Halves down to the minimum. For a window that cannot be split, a few more follow, each larger by one row.
    """
    sizes = [size]
    while halve(sizes[-1]) < sizes[-1]:
        sizes.append(halve(sizes[-1]))
    final_attempts = 0 if window.is_splittable else FINAL_ATTEMPTS
    return sizes + [sizes[-1] + more for more in range(1, final_attempts + 1)]


def smallest(sizes: list[int]) -> list[int]:
    """The smallest of the sizes that are still to try, and those after it.

    A server that stays silent costs a whole time-out for each size, so those in between are left out.
    """
    return sizes[sizes.index(min(sizes)) :] if sizes else []


class AdaptivePageSize:
    """The page size and window length of a load, shared by all of its windows.

    After a single time-out only that page is requested in smaller pieces. A page size that times out at least twice,
    and more often than it works, is given up for the whole load; so is a window length that never worked. If a window
    timed out at every page size, the next page that works clears the sizes of suspicion: the length was the cause.
    """

    def __init__(self, size: int) -> None:
        self._lock = threading.Lock()
        self._initial_size = self.size = size
        self._timeouts: Counter[int] = Counter()
        self._successes: Counter[int] = Counter()
        self._longest_success = 0.0
        self._timed_out_lengths: list[float] = []
        self._window_suspected = False
        self._consecutive_timeouts = 0

    def on_success(self, window: Window, size: int) -> None:
        """Record that a page of `size` of `window` arrived in time."""
        with self._lock:
            self._successes[size] += 1
            self._longest_success = max(self._longest_success, window.seconds)
            self._timed_out_lengths = [
                seconds for seconds in self._timed_out_lengths if seconds > self._longest_success
            ]
            self._consecutive_timeouts = 0
            if self._window_suspected:
                self._window_suspected = False
                self._timeouts.clear()
                self.size = self._initial_size

    def on_timeout(self, window: Window, size: int) -> int:
        """Record that a page of `size` of `window` timed out; returns how many did in a row, capped for backing off."""
        with self._lock:
            self._timeouts[size] += not self._is_too_long(window)
            if _is_persistent(self._timeouts[size], self._successes[size]):
                self.size = min(self.size, halve(size))
            self._consecutive_timeouts += 1
            return min(self._consecutive_timeouts, MAX_BACKOFF_STEP)

    def on_window_timeout(self, window: Window) -> None:
        """Record that `window` timed out even with the smallest page."""
        with self._lock:
            self._timed_out_lengths = sorted([*self._timed_out_lengths, window.seconds])[:MIN_TIMEOUTS]
            self._window_suspected = True

    def split_if_too_long(self, window: Window) -> list[Window]:
        """Parts of `window` if windows of its length are known to time out; usually none."""
        with self._lock:
            if not self._is_too_long(window) or not window.is_splittable:
                return []
            return window.split(ceil(window.seconds / self._longest_success) if self._longest_success else 2)

    def _is_too_long(self, window: Window) -> bool:
        """True if windows of this length or shorter timed out twice and none this long ever worked."""
        if len(self._timed_out_lengths) < MIN_TIMEOUTS:
            return False
        return window.seconds >= self._timed_out_lengths[-1] > self._longest_success


def _is_persistent(timeouts: int, successes: int) -> bool:
    return timeouts >= MIN_TIMEOUTS and timeouts > successes
