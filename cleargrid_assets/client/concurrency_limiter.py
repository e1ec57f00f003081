"""Limits how many requests are in flight, and lowers that limit while the server is overloaded.

Concurrency control belongs here; `requester` acquires a slot for each attempt.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class ConcurrencyLimiter:
    """Allows up to `max_in_flight` requests. Overload halves `limit`; success raises it again one by one (AIMD)."""

    def __init__(self, max_in_flight: int) -> None:
        self._max_in_flight = max_in_flight
        self.limit = max_in_flight
        self._in_flight = 0
        self._successes = 0
        self._generation = 0
        self._changed = threading.Condition()

    @contextmanager
    def acquire(self) -> Iterator[int]:
        """Hold a slot for one request; yields the generation to pass to `on_overload`."""
        with self._changed:
            self._changed.wait_for(lambda: self._in_flight < self.limit)
            self._in_flight += 1
            generation = self._generation
        try:
            yield generation
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def on_overload(self, generation: int) -> None:
        """Halve the limit, once for all requests of the same generation."""
        with self._changed:
            if generation == self._generation:
                self._generation += 1
                self.limit = max(1, self.limit // 2)
                self._successes = 0

    def on_success(self) -> None:
        """Raise the limit by one after ten successes per slot."""
        with self._changed:
            self._successes += 1
            if self.limit < self._max_in_flight and self._successes >= 10 * self.limit:
                self.limit += 1
                self._successes = 0
                self._changed.notify_all()
