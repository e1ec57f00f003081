"""Requests in flight: never more than asked for, fewer while the server shows that it is too many.

Here: the gate. Not here: who passes it.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Flight:
    """A gate for at most `most` requests. Congestion halves the limit, success lets it grow back one by one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = most
        self._flying = 0
        self._successes = 0
        self._era = 0
        self._changed = threading.Condition()

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return self._limit

    @contextmanager
    def slot(self) -> Iterator[int]:
        """A place in flight; yields the era, which `congested` wants back."""
        with self._changed:
            self._changed.wait_for(lambda: self._flying < self._limit)
            self._flying += 1
            era = self._era
        try:
            yield era
        finally:
            with self._changed:
                self._flying -= 1
                self._changed.notify_all()

    def congested(self, era: int) -> None:
        """The server refused for load: halve, once for all the requests that flew together."""
        with self._changed:
            if era == self._era:
                self._era += 1
                self._limit = max(1, self._limit // 2)
                self._successes = 0

    def succeeded(self) -> None:
        """After ten times as many successes as places, one place more."""
        with self._changed:
            self._successes += 1
            if self._limit < self._most and self._successes >= 10 * self._limit:
                self._limit += 1
                self._successes = 0
                self._changed.notify_all()
