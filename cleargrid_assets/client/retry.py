"""How often and after which wait the same request is sent again.

Here: backoff, `Retry-After`, when to give up. Not here: sending (`requester`, `login`).
"""

from __future__ import annotations

import email.utils
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cleargrid_assets.client.errors import ClearGridError, RateLimitedError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets.client.meaning import Trouble
    from cleargrid_assets.client.patience import Patience

LONGEST_WAIT = 61.0
"""A minute, which rate limits often ask for, and the moment more."""

LONG_TROUBLE_SECONDS = 30.0


@dataclass(frozen=True)
class RetryPolicy:
    """Attempts per request and the waits between them, in seconds; exponential with jitter.

    `patient_attempts`: while the server answers other requests, so that it is worth going on. Rate limits often last
    a minute, so they have attempts and a cap of their own.
    """

    attempts: int = 5
    patient_attempts: int = 12
    rate_limited_attempts: int = 10
    base_seconds: float = 0.5
    cap_seconds: float = 4.0
    rate_limited_cap_seconds: float = 16.0

    def wait_seconds(self, attempt: int, random: Callable[[], float], cap_seconds: float | None = None) -> float:
        """The wait after the `attempt`-th failure (from 1): at least half of the exponential step."""
        step = min(cap_seconds or self.cap_seconds, self.base_seconds * 2.0 ** (attempt - 1))
        return step * (0.5 + 0.5 * random())

    def wait_for(self, trouble: Trouble, attempt: int, random: Callable[[], float]) -> float:
        """The wait after `trouble`: what the server asks for and a moment more, or our own step."""
        if trouble.wait_seconds is not None:
            return trouble.wait_seconds + random() * min(1.0, self.base_seconds)
        is_rate_limit = isinstance(trouble.error, RateLimitedError)
        return self.wait_seconds(attempt, random, self.rate_limited_cap_seconds if is_rate_limit else None)

    def attempts_for(self, trouble: Trouble, *, others_succeed: bool) -> int:
        """How often the request is sent at most."""
        if isinstance(trouble.error, RateLimitedError):
            return self.rate_limited_attempts
        return max(self.attempts, self.patient_attempts) if others_succeed else self.attempts

    def may_wait(self, seconds: float, patience: Patience) -> bool:
        """Whether a wait is short enough: asking again sooner than we were told would be no answer to a 429."""
        return seconds <= min(LONGEST_WAIT, patience.seconds_left)

    def spent(self, error: ClearGridError, seconds: float, *, others_succeed: bool) -> ClearGridError:
        """The error after the last attempt, and whether the whole load is worth starting over.

        It is not after trouble that took, or would take, long, nor after a fault of this request alone while others
        are answered.
        """
        if isinstance(error, TransientError):
            is_fault_of_one = others_succeed and not isinstance(error, RateLimitedError)
            error.budget_spent = seconds > LONG_TROUBLE_SECONDS or is_fault_of_one
        return error


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """`Retry-After` as seconds or as an HTTP date; None when absent or unusable."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((aware - now).total_seconds(), 0.0)
