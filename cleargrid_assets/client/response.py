"""The outcome of one HTTP request: a response, a time-out, a broken connection or an oversized body.

These types carry no HTTP library, so modules that only read responses import them from here; `transport` sends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


MAX_BODY_BYTES = 64 * 2**20
"""After decompression. A page of 1,000 rows takes a third of a megabyte; 64 kilobytes per row would be damage."""


class RequestTimeoutError(Exception):
    """The response was not complete within `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class ConnectionBrokenError(Exception):
    """The connection failed or the body was cut off."""


@dataclass(frozen=True)
class Response:
    """A complete response, the seconds until its last byte, and when its request was sent."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    seconds: float
    sent_at: datetime | None = None


class BodyTooLargeError(ConnectionBrokenError):
    """The decompressed body exceeds `MAX_BODY_BYTES`. `response` has the status and headers but no body."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"the body is larger than {MAX_BODY_BYTES // 2**20} MiB")
        self.response = response
