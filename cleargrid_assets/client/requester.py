"""Sends one request for rows until it succeeds: with a token, within the concurrency limit, with bounded retries.

This is the only place that repeats such a request unchanged; `pagination` narrows those that are too slow.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from cleargrid_assets.client.auth import Authenticator, Token
from cleargrid_assets.client.deadlines import AdaptiveTimeout
from cleargrid_assets.client.envelope import Envelope
from cleargrid_assets.client.errors import ClearGridError, UnreachableError
from cleargrid_assets.client.login import Login
from cleargrid_assets.client.response import BodyTooLargeError, ConnectionBrokenError, RequestTimeoutError, Response
from cleargrid_assets.client.retry import FailedAttempt
from cleargrid_assets.client.status import TooSlowError, body_too_large, classify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cleargrid_assets.client.deadlines import Deadline
    from cleargrid_assets.client.limiter import ConcurrencyLimiter
    from cleargrid_assets.client.redaction import Redactor
    from cleargrid_assets.client.retry import RetryPolicy
    from cleargrid_assets.client.transport import Transport

LOG = logging.getLogger(__name__)


@dataclass
class Counters:
    """Requests sent, retried and answered with a 200, summed over all threads, and the latest error."""

    requests: int = 0
    retries: int = 0
    successes: int = 0
    last_error: ClearGridError | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, *, requests: int = 0, retries: int = 0, successes: int = 0) -> None:
        """Increment the counters; safe to call from any thread."""
        with self._lock:
            self.requests += requests
            self.retries += retries
            self.successes += successes

    def record_error(self, error: ClearGridError) -> None:
        """Keep the error to explain a load that stalls or runs out of time."""
        self.last_error = error


@dataclass(frozen=True)
class RequestContext:
    """What the requests of one operation share. `doing` starts every message about it."""

    doing: str
    deadline: Deadline
    limiter: ConcurrencyLimiter
    counters: Counters


class Requester:
    """Sends the requests of one account: `account` is lender, email, password."""

    def __init__(
        self,
        transport: Transport,
        redactor: Redactor,
        account: tuple[str, str, str],
        retry: RetryPolicy,
        random_number: Callable[[], float] = random.random,
    ) -> None:
        self._transport = transport
        self._redactor = redactor
        self.retry = retry
        self._random = random_number
        self._timeout = AdaptiveTimeout()
        login = Login(transport, redactor, account, retry, random_number)
        self._auth = Authenticator(login.log_in, login.refresh)

    def get(
        self,
        path: str,
        params: Mapping[str, str],
        context: RequestContext,
        *,
        timeouts_so_far: int = 0,
        seconds: float | None = None,
    ) -> Envelope:
        """The envelope of a 200 for `path` under the lender's exports.

        An attempt may take `seconds`; without them the time-out adapts to the latest pages and to `timeouts_so_far`,
        the number of time-outs on the same rows. Raises `TooSlowError` at once on a 504 or a time-out, and any other
        `ClearGridError` once the attempts are used up.
        """
        started, successes = time.monotonic(), context.counters.successes
        failures = Counter[type[ClearGridError]]()
        while True:
            context.deadline.raise_if_cancelled()
            with context.limiter.acquire() as generation:
                context.deadline.raise_if_cancelled()
                outcome = self._attempt(path, params, context, seconds or self._timeout.seconds(timeouts_so_far))
            if isinstance(outcome, Envelope):
                context.limiter.on_success()
                context.counters.add(successes=1)
                return outcome
            if outcome.is_overload:
                context.limiter.on_overload(generation)
            context.counters.record_error(outcome.error)
            failures[outcome.budget] += 1
            attempt, server_is_up = failures[outcome.budget], context.counters.successes > successes
            wait = self.retry.wait_after(outcome, attempt, self._random)
            max_attempts = self.retry.max_attempts(outcome, server_is_up=server_is_up)
            if attempt >= max_attempts or not self.retry.allows_wait(wait, context.deadline):
                outcome.error.attempts = failures.total()
                raise self.retry.give_up(outcome.error, time.monotonic() - started + wait, server_is_up=server_is_up)
            LOG.debug("%s: attempt %d failed, waiting %.1f s", context.doing, attempt, wait)
            context.counters.add(retries=1)
            context.deadline.sleep(wait, requested_by_server=outcome.wait_seconds is not None)

    def log_in(self, deadline: Deadline) -> str:
        """Log in unless there is a token already; returns ClearGrid's public id of the lender."""
        return self._auth.token(deadline).lender_public_id

    def back_off(self, context: RequestContext, timeouts: int, elapsed_seconds: float) -> None:
        """Sleep after `timeouts` consecutive time-outs, less the `elapsed_seconds` that the latest one took."""
        context.deadline.sleep(max(0.0, self.retry.wait_seconds(timeouts, self._random) - elapsed_seconds))

    def _attempt(
        self, path: str, params: Mapping[str, str], context: RequestContext, seconds: float
    ) -> Envelope | FailedAttempt:
        def request(token: Token) -> Response:
            context.deadline.raise_if_cancelled()
            context.counters.add(requests=1)
            lender = quote(token.lender_public_id, safe="")
            headers = {"Authorization": f"Bearer {token.bearer}"}
            url = f"/admin/v3/lenders/{lender}{path}"
            return self._transport.send("GET", url, params=params, headers=headers, seconds=seconds)

        try:
            response = self._auth.send(request, context.deadline)
        except RequestTimeoutError as error:
            raise TooSlowError(None, None, error.seconds) from None
        except BodyTooLargeError as error:
            raise body_too_large(error, context.doing, self._redactor) from None
        except ConnectionBrokenError as error:
            message = f"{context.doing}: no complete response ({error})"
            return FailedAttempt(UnreachableError(message, doing=context.doing))
        if response.status == HTTPStatus.OK:
            self._timeout.record(response.seconds)
        return classify(response, context.doing, self._redactor, has_cursor="cursor" in params)
