"""What a load learns about a server that is too slow: how large a page, how long a window may be.

Here: when one slow answer is a hiccup and when many are a law. Not here: asking again (`walk`).
"""

from __future__ import annotations

import threading
from collections import Counter
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleargrid_assets.client.window import Window

SMALLEST_PAGE = 50
HICCUPS = 2
LONGEST_PAUSE_STEP = 3
LAST_TRIES = 3
"""For what cannot be narrowed any more; a gateway's hiccup is not a law."""

MOST_DENSE_PARTS = 2_000
"""Windows that a load may be split into on the word of its totals, which may be wrong."""


def halved(size: int) -> int:
    """The next smaller page size; sizes that were set smaller than the smallest stay."""
    return max(min(size, SMALLEST_PAGE), size // 2)


def sizes_to_try(size: int, window: Window) -> list[int]:
    """The page sizes with which the same rows are asked for, none of them twice.

    Halves, down to the smallest. Where the window cannot be split afterwards, a few more, each with a row more.
    """
    sizes = [size]
    while halved(sizes[-1]) < sizes[-1]:
        sizes.append(halved(sizes[-1]))
    last_tries = 0 if window.is_splittable else LAST_TRIES
    return sizes + [sizes[-1] + more for more in range(1, last_tries + 1)]


class Narrowing:
    """Shared by all windows of a load.

    One slow answer may be a hiccup: then only that page is asked for in smaller pieces. A page size
    that is too slow twice, and more often than it works, is given up for the whole load; so is a length of windows
    that never worked. When a window was too slow at every size, the next page that works clears the sizes of the
    suspicion: the length was the trouble.
    """

    def __init__(self, size: int) -> None:
        self._lock = threading.Lock()
        self._largest = self.size = size
        self._slow: Counter[int] = Counter()
        self._fine: Counter[int] = Counter()
        self._fine_seconds = 0.0
        self._too_long: list[float] = []
        self._blames_length = False
        self._slow_in_a_row = 0
        self._dense_parts = 0

    def was_fine(self, window: Window, size: int) -> None:
        """A page of `size` of `window` came in time."""
        with self._lock:
            self._fine[size] += 1
            self._fine_seconds = max(self._fine_seconds, window.seconds)
            self._too_long = [seconds for seconds in self._too_long if seconds > self._fine_seconds]
            self._slow_in_a_row = 0
            if self._blames_length:
                self._blames_length = False
                self._slow.clear()
                self.size = self._largest

    def was_slow(self, window: Window, size: int) -> int:
        """A page of `size` of `window` did not come in time; how many in a row did not, up to a few."""
        with self._lock:
            self._slow[size] += not self._is_too_long(window)
            if _is_law(self._slow[size], self._fine[size]):
                self.size = min(self.size, halved(size))
            self._slow_in_a_row += 1
            return min(self._slow_in_a_row, LONGEST_PAUSE_STEP)

    def was_too_long(self, window: Window) -> None:
        """Not even the smallest page of `window` came in time."""
        with self._lock:
            self._too_long = sorted([*self._too_long, window.seconds])[:HICCUPS]
            self._blames_length = True

    def parts_of(self, window: Window) -> list[Window]:
        """The parts in which `window` is to be walked, because its length is known to be too much; usually none."""
        with self._lock:
            if not self._is_too_long(window) or not window.is_splittable:
                return []
            return window.split(ceil(window.seconds / self._fine_seconds) if self._fine_seconds else 2)

    def _is_too_long(self, window: Window) -> bool:
        """Whether windows of this length or shorter were too slow twice, and none so long ever worked."""
        return len(self._too_long) == HICCUPS and window.seconds >= self._too_long[-1] > self._fine_seconds

    def allows_parts(self, parts: int) -> bool:
        """Whether a dense window may be split into `parts`."""
        with self._lock:
            self._dense_parts += parts
            return self._dense_parts <= MOST_DENSE_PARTS


def _is_law(slow: int, fine: int) -> bool:
    return slow >= HICCUPS and slow > fine
