"""How long to wait for an answer, judged by how long answers have taken lately.

Here: deadlines of single requests. Not here: the time of a whole load (`patience`).
"""

from __future__ import annotations

from collections import deque

LATELY = 32
SLOWNESS = 8
SHORTEST_SECONDS = 5.0
UNKNOWN_SECONDS = 10.0


class Pace:
    """When pages come in a hundredth of a second, one that takes five is lost, and waiting longer wastes the load."""

    def __init__(self) -> None:
        self._lately: deque[float] = deque(maxlen=LATELY)

    def took(self, seconds: float) -> None:
        """A page came after `seconds`."""
        self._lately.append(seconds)

    def deadline_seconds(self, slow_before: int) -> float:
        """Eight times the slowest of the latest pages, five seconds at least; ten before the first page.

        Doubled after every second time (`slow_before`) that the same rows were too slow to come.
        """
        lately = tuple(self._lately)
        usual = max(SHORTEST_SECONDS, SLOWNESS * max(lately)) if lately else UNKNOWN_SECONDS
        return usual * 2.0 ** (slow_before // 2)
