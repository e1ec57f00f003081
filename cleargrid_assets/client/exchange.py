"""What one HTTP exchange ends in: an answer, a time-out, or a broken connection.

Here: the three words. Not here: sending (`transport`), which alone imports the HTTP library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class TimedOutError(Exception):
    """No complete answer came within the deadline of `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class BrokenExchangeError(Exception):
    """The connection failed or the body was cut."""


@dataclass(frozen=True)
class Answer:
    """A complete answer, and the seconds until its last byte."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    seconds: float
