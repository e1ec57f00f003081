"""The retry policy: how often the same request is sent again, and after which wait.

Backoff, `Retry-After` and giving up belong here; `requester` and `login` run the attempts.
"""

from __future__ import annotations

import email.utils
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from cleargrid_assets.client.errors import ClearGridError, RateLimitedError, TransientError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets.client.deadlines import Deadline

MAX_WAIT_SECONDS = 61.0
"""A minute, which rate limits often ask for, plus the jitter."""

LONG_OUTAGE_SECONDS = 30.0


@dataclass(frozen=True)
class FailedAttempt:
    """An attempt that may be retried: the error to raise if it was the last, and the wait that the server requests."""

    error: ClearGridError
    wait_seconds: float | None = None

    @property
    def budget(self) -> type[ClearGridError]:
        """Which attempts it counts against. A rate limit says nothing about the request, so it has its own budget."""
        return RateLimitedError if isinstance(self.error, RateLimitedError) else ClearGridError

    @property
    def is_overload(self) -> bool:
        """True if sending fewer requests at once may help."""
        is_unavailable = self.error.status == HTTPStatus.SERVICE_UNAVAILABLE
        return is_unavailable or isinstance(self.error, (RateLimitedError, UnreachableError))


@dataclass(frozen=True)
class RetryPolicy:
    """Attempts per request and the waits between them, in seconds: exponential backoff with jitter.

    `patient_attempts` applies while the server answers other requests. Rate limits often last a minute, so they have
    their own number of attempts and their own cap.
    """

    attempts: int = 5
    patient_attempts: int = 12
    rate_limited_attempts: int = 10
    base_seconds: float = 0.5
    cap_seconds: float = 4.0
    rate_limited_cap_seconds: float = 16.0

    def wait_seconds(self, attempt: int, random: Callable[[], float], cap_seconds: float | None = None) -> float:
        """The backoff after the `attempt`-th failure (from 1): between half the exponential step and the whole step."""
        step = min(cap_seconds or self.cap_seconds, self.base_seconds * 2.0 ** (attempt - 1))
        return step * (0.5 + 0.5 * random())

    def wait_after(self, failure: FailedAttempt, attempt: int, random: Callable[[], float]) -> float:
        """The wait after `failure`: what the server requests plus jitter, otherwise our own backoff."""
        if failure.wait_seconds is not None:
            return failure.wait_seconds + random() * min(1.0, self.base_seconds)
        is_rate_limit = isinstance(failure.error, RateLimitedError)
        return self.wait_seconds(attempt, random, self.rate_limited_cap_seconds if is_rate_limit else None)

    def max_attempts(self, failure: FailedAttempt, *, server_is_up: bool) -> int:
        """How often to send a request that fails like this. `server_is_up`: other requests succeed meanwhile."""
        if isinstance(failure.error, RateLimitedError):
            return self.rate_limited_attempts
        return max(self.attempts, self.patient_attempts) if server_is_up else self.attempts

    def allows_wait(self, seconds: float, deadline: Deadline) -> bool:
        """True if the wait is worth it. If not, give up: retrying sooner than the server asks would not help."""
        return seconds <= min(MAX_WAIT_SECONDS, deadline.seconds_left)

    def give_up(self, error: ClearGridError, seconds: float, *, server_is_up: bool) -> ClearGridError:
        """Return the error of the last attempt, marked with whether the whole load is worth retrying.

        It is not after a failure that lasted, or would last, long, nor after one that hits this request alone while
        the server answers others.
        """
        if isinstance(error, TransientError):
            hits_this_request_alone = server_is_up and not isinstance(error, RateLimitedError)
            error.is_retryable = seconds <= LONG_OUTAGE_SECONDS and not hits_this_request_alone
        return error


def parse_retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds in a `Retry-After` header, given as a number or an HTTP date; None if absent or unusable."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((aware - now).total_seconds(), 0.0)
