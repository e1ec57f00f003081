"""What one HTTP exchange ends in: an answer, a time-out, a broken connection, or a body that is too large.

`transport` sends and alone imports the HTTP library; what an answer means is in `meaning`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


MAX_BODY_BYTES = 64 * 2**20
"""After decoding. A page of 1,000 rows takes a third of a megabyte; 64 kilobytes for each row would be damage."""


class TimedOutError(Exception):
    """No complete answer came within the deadline of `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class BrokenExchangeError(Exception):
    """The connection failed or the body was cut."""


@dataclass(frozen=True)
class Answer:
    """A complete answer, the seconds until its last byte, and when its request was sent."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    seconds: float
    sent_at: datetime | None = None


class BodyTooLargeError(BrokenExchangeError):
    """The decoded body is longer than `MAX_BODY_BYTES`. `answer`: status and headers; the body was not kept."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"the body is larger than {MAX_BODY_BYTES // 2**20} MiB")
        self.answer = answer
