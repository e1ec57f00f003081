"""Sends one request for rows until it succeeds: with a token, within the concurrency limit, with bounded retries.

This is the only place that repeats such a request unchanged; `pagination` asks for less if it is too slow.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cleargrid_assets.client.auth import Authenticator, Token
from cleargrid_assets.client.deadlines import AdaptiveTimeout
from cleargrid_assets.client.envelope import Envelope, decode, parse_page
from cleargrid_assets.client.errors import ClearGridError, RequestBudgetError, UnreachableError
from cleargrid_assets.client.login import Login
from cleargrid_assets.client.response import BodyTooLargeError, ConnectionBrokenError, RequestTimeoutError, Response
from cleargrid_assets.client.retry import FailedAttempt
from cleargrid_assets.client.status import TooSlowError, body_too_large, classify
from cleargrid_assets.client.window import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets.client.auth import Credentials
    from cleargrid_assets.client.concurrency_limiter import ConcurrencyLimiter
    from cleargrid_assets.client.dataset import Dataset
    from cleargrid_assets.client.deadlines import Deadline
    from cleargrid_assets.client.envelope import Page
    from cleargrid_assets.client.redaction import Redactor
    from cleargrid_assets.client.retry import RetryPolicy
    from cleargrid_assets.client.transport import Transport
    from cleargrid_assets.client.window import Window

EXPORT_URL = "/admin/v3/lenders/{lender}{path}"


@dataclass(frozen=True)
class FailedRequests:
    """The failed requests of one kind in a load: how many, and the error of the latest."""

    count: int
    latest: ClearGridError


@dataclass
class Counters:
    """Requests sent, retried, answered with a 200 and failed by all threads of one load, and its latest error.

    `max_requests`: the budget of requests, retries included; None for no limit.
    """

    max_requests: int | None = None
    requests: int = 0
    retries: int = 0
    successes: int = 0
    last_error: ClearGridError | None = None
    failures: dict[type[ClearGridError], FailedRequests] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def requests_left(self) -> float:
        """How many more requests may be sent; infinite without a budget."""
        return float("inf") if self.max_requests is None else self.max_requests - self.requests

    def add(self, *, requests: int = 0, retries: int = 0, successes: int = 0) -> None:
        """Increment the counters; safe to call from any thread.

        Raises `RequestBudgetError`, and counts nothing, if the budget does not allow the request.
        """
        with self._lock:
            if requests > self.requests_left:
                raise RequestBudgetError(f"the budget of {self.max_requests} requests is used up")
            self.requests += requests
            self.retries += retries
            self.successes += successes

    def record_error(self, error: ClearGridError) -> None:
        """Keep the error to explain a load that is slow, stalls or runs out of time."""
        with self._lock:
            failed = self.failures.get(type(error))
            self.failures[type(error)] = FailedRequests(failed.count + 1 if failed else 1, error)
            self.last_error = error

    def failed_requests(self) -> tuple[FailedRequests, ...]:
        """The failed requests so far, by kind."""
        with self._lock:
            return tuple(self.failures.values())


@dataclass(frozen=True)
class RequestContext:
    """What the requests of one operation share."""

    deadline: Deadline
    limiter: ConcurrencyLimiter
    counters: Counters


@dataclass(frozen=True)
class PageRequest:
    """A request for one page of `window`: the one at `cursor`, or the first, which may ask for the window's total.

    `decode`: what decodes its answer; see `declared_pages`.
    """

    dataset: Dataset
    window: Window
    limit: int
    cursor: str | None = None
    wants_total: bool = False
    decode: Callable[[bytes], Any] = decode

    @property
    def params(self) -> dict[str, str]:
        """The query of its URL."""
        since, until = format_instant(self.window.since), format_instant(self.window.until)
        params = {"since": since, "until": until, "limit": str(self.limit), "sort": "asc"}
        if self.cursor is not None:
            params["cursor"] = self.cursor
        if self.wants_total:
            params["includeTotal"] = "true"
        return params


class Requester:
    """Sends the requests of one account."""

    def __init__(self, transport: Transport, redactor: Redactor, credentials: Credentials, retry: RetryPolicy) -> None:
        self._transport = transport
        self._redactor = redactor
        self._retry = retry
        self._timeout = AdaptiveTimeout()
        login = Login(transport, redactor, credentials, retry)
        self._auth = Authenticator(login.log_in, login.refresh)

    def get(
        self,
        request: PageRequest,
        context: RequestContext,
        *,
        timeouts_so_far: int = 0,
        seconds: float | None = None,
    ) -> Page:
        """The page that `request` asks for.

        An attempt may take `seconds`; without them the time-out adapts to the latest pages and to `timeouts_so_far`,
        the number of time-outs on the same rows. Raises `TooSlowError` at once on a 504 or a time-out, and any other
        `ClearGridError` once the attempts are used up.
        """
        counters, limiter = context.counters, context.limiter
        successes = counters.successes

        def attempt() -> Envelope | FailedAttempt:
            context.deadline.raise_if_cancelled()
            with limiter.acquire() as generation:
                context.deadline.raise_if_cancelled()
                outcome = self._attempt(request, context, seconds or self._timeout.seconds(timeouts_so_far))
            if isinstance(outcome, Envelope):
                limiter.on_success()
                counters.add(successes=1)
                return outcome
            if outcome.is_overload:
                limiter.on_overload(generation)
            counters.record_error(outcome.error)
            return outcome

        envelope = self._retry.run(
            attempt,
            context.deadline,
            server_is_up=lambda: counters.successes > successes,
            on_retry=lambda: counters.add(retries=1),
        )
        return parse_page(envelope, request.window, is_first=request.cursor is None, wants_total=request.wants_total)

    def log_in(self, deadline: Deadline) -> str:
        """Log in unless there is a token already; returns ClearGrid's public id of the lender."""
        return self._auth.token(deadline).lender_public_id

    def back_off(self, context: RequestContext, timeouts: int, elapsed_seconds: float) -> None:
        """Sleep after `timeouts` consecutive time-outs, less the `elapsed_seconds` that the latest one took."""
        context.deadline.sleep(max(0.0, self._retry.wait_seconds(timeouts) - elapsed_seconds))

    def allow_more_time(self, slow: TooSlowError) -> None:
        """Wait longer for the next pages, after even the smallest one took too long."""
        self._timeout.record_timeout(slow.seconds)

    def _attempt(self, request: PageRequest, context: RequestContext, seconds: float) -> Envelope | FailedAttempt:
        def send(token: Token) -> Response:
            context.deadline.raise_if_cancelled()
            context.counters.add(requests=1)
            url = EXPORT_URL.format(lender=quote(token.lender_public_id, safe=""), path=request.dataset.path)
            headers = {"Authorization": f"Bearer {token.bearer}"}
            return self._transport.send("GET", url, params=request.params, headers=headers, seconds=seconds)

        try:
            response = self._auth.send(send, context.deadline)
        except RequestTimeoutError as error:
            raise TooSlowError(None, None, error.seconds) from None
        except BodyTooLargeError as error:
            raise body_too_large(error, self._redactor) from None
        except ConnectionBrokenError as error:
            return FailedAttempt(UnreachableError(f"no complete response ({error})"))
        if response.status == HTTPStatus.OK and not request.wants_total:  # a count says nothing about pages of rows
            self._timeout.record(response.seconds)
        has_cursor = request.cursor is not None
        return classify(response, self._redactor, has_cursor=has_cursor, decode_page=request.decode)
