"""The retry policy: how often the same request is sent again, and after which wait.

A rule about repeating one request belongs here; `requester` and `login` say what an attempt is. Repeated elsewhere, for
other reasons: a smaller request for the same rows (`pagination`, by `adaptive_page_size`), a month's whole read
(`landing.read_month`), a transaction (`warehouse.conflicts`), opening a file that another program holds
(`warehouse.duckdb_file`), an upload (`warehouse.s3_config`), an alert (`alerts`), a step (`failures`) and a run
(`dagster.yaml`, `sensors`). docs/faults.md lists how long requests, loads and steps wait.
"""

from __future__ import annotations

import email.utils
import logging
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from random import random
from typing import TYPE_CHECKING, TypeVar

from cleargrid_assets.client.errors import ClearGridError, RateLimitedError, TransientError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets.client.deadlines import Deadline

T = TypeVar("T")

LOG = logging.getLogger(__name__)

MAX_WAIT_SECONDS = 61.0
"""A minute, which rate limits often ask for, plus the jitter."""

LONG_OUTAGE_SECONDS = 30.0


@dataclass(frozen=True)
class FailedAttempt:
    """An attempt that may be retried: the error to raise if it was the last, and the wait that the server requests.

    `max_attempts` replaces the policy's number for such an attempt.
    """

    error: ClearGridError
    wait_seconds: float | None = None
    max_attempts: int | None = None

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
    their own number of attempts and their own cap. `jitter`: a random number from 0 to 1.
    """

    attempts: int = 5
    patient_attempts: int = 12
    rate_limited_attempts: int = 10
    base_seconds: float = 0.5
    cap_seconds: float = 4.0
    rate_limited_cap_seconds: float = 16.0
    jitter: Callable[[], float] = random

    def run(
        self,
        attempt: Callable[[], T | FailedAttempt],
        deadline: Deadline,
        *,
        server_is_up: Callable[[], bool] = lambda: False,
        on_retry: Callable[[], None] = lambda: None,
    ) -> T:
        """Call `attempt` until it returns something other than a `FailedAttempt`; sleep in between.

        `on_retry` is called before each sleep. Raises the last attempt's error once its attempts are used up, or
        `CancelledError`.
        """
        started, failures = time.monotonic(), Counter[type[ClearGridError]]()
        while isinstance(outcome := attempt(), FailedAttempt):
            failures[outcome.budget] += 1
            number, is_up = failures[outcome.budget], server_is_up()
            wait = self.wait_after(outcome, number)
            if number >= self.max_attempts(outcome, server_is_up=is_up) or not self.allows_wait(wait, deadline):
                outcome.error.attempts = failures.total()
                raise self.give_up(outcome.error, time.monotonic() - started + wait, server_is_up=is_up)
            LOG.debug("%s: attempt %d failed, waiting %.1f s", type(outcome.error).__name__, number, wait)
            on_retry()
            deadline.sleep(wait, requested_by_server=outcome.wait_seconds is not None)
        return outcome

    def wait_seconds(self, attempt: int, cap_seconds: float | None = None) -> float:
        """The backoff after the `attempt`-th failure (from 1): between half the exponential step and the whole step."""
        step = min(cap_seconds or self.cap_seconds, self.base_seconds * 2.0 ** (attempt - 1))
        return step * (0.5 + 0.5 * self.jitter())

    def wait_after(self, failure: FailedAttempt, attempt: int) -> float:
        """The wait after `failure`: what the server requests plus jitter, otherwise our own backoff."""
        if failure.wait_seconds is not None:
            return failure.wait_seconds + self.jitter() * min(1.0, self.base_seconds)
        is_rate_limit = isinstance(failure.error, RateLimitedError)
        return self.wait_seconds(attempt, self.rate_limited_cap_seconds if is_rate_limit else None)

    def max_attempts(self, failure: FailedAttempt, *, server_is_up: bool) -> int:
        """How often to send a request that fails like this. `server_is_up`: other requests succeed meanwhile."""
        if failure.max_attempts is not None:
            return failure.max_attempts
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
