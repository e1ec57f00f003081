"""How long to wait before the same request is sent again.

Here: backoff and `Retry-After`. Not here: whether to send it again (`requester`).
"""

from __future__ import annotations

import email.utils
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_RETRY_AFTER = 60.0


@dataclass(frozen=True)
class RetryPolicy:
    """Attempts per request and the waits between them, in seconds; exponential with full jitter."""

    attempts: int = 5
    rate_limited_attempts: int = 8
    base_seconds: float = 0.5
    cap_seconds: float = 8.0

    def wait_seconds(self, attempt: int, random: Callable[[], float]) -> float:
        """The wait after the `attempt`-th failure (from 1): at least half of the exponential step."""
        step = min(self.cap_seconds, self.base_seconds * 2.0 ** (attempt - 1))
        return step * (0.5 + 0.5 * random())


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """`Retry-After` as seconds or as an HTTP date; None when absent or unusable. At most a minute."""
    if not header:
        return None
    text = header.strip()
    if text.isdigit():
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)
