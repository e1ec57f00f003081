"""One request until it is answered: tokens, bounded retries, and what each refusal means.

Here: the only place where a request is repeated. Not here: what comes after a page, and narrowing (`walk`).
"""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cleargrid_assets.client.answers import UndecodableBodyError, decode, reason_of
from cleargrid_assets.client.auth import Authenticator, Token, fields_of, token_of
from cleargrid_assets.client.errors import (
    AccessDeniedError,
    ClearGridError,
    DatasetUnavailableError,
    LoginRejectedError,
    RateLimitedError,
    RequestRefusedError,
    ServerFaultError,
    TransientError,
    UnexpectedAnswerError,
    UnreachableError,
)
from cleargrid_assets.client.retry import RetryPolicy, retry_after_seconds
from cleargrid_assets.client.transport import Answer, BrokenExchangeError, TimedOutError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cleargrid_assets.client.flight import Flight
    from cleargrid_assets.client.patience import Patience
    from cleargrid_assets.client.redaction import Redactor
    from cleargrid_assets.client.transport import Transport

LOG = logging.getLogger(__name__)

OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY, SERVER_ERROR, UNAVAILABLE, GATEWAY_TIMEOUT = (
    200, 401, 403, 404, 429, 500, 503, 504,
)  # fmt: skip
LOGIN_ATTEMPTS = 3
LONG_TROUBLE_SECONDS = 30.0


class TooSlowError(Exception):
    """504 or no answer in time: the same request must not be sent again unchanged."""

    def __init__(self, status: int | None, request_id: str | None) -> None:
        super().__init__()
        self.status = status
        self.request_id = request_id


@dataclass
class Counters:
    """Requests sent and repeated, over all threads."""

    requests: int = 0
    retries: int = 0
    last_fault: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, *, requests: int = 0, retries: int = 0, fault: str = "") -> None:
        """Add, and remember the latest fault."""
        with self._lock:
            self.requests += requests
            self.retries += retries
            self.last_fault = fault or self.last_fault


@dataclass(frozen=True)
class Trouble:
    """One failed attempt: the error to raise when it was the last, and how long the server asks us to wait."""

    error: ClearGridError
    attempts: int
    wait_seconds: float | None = None


class Requester:
    """Sends requests of one account."""

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
        self._lender, self._email, self._password = account
        self._retry = retry
        self._random = random_number
        self._auth = Authenticator(self._log_in, self._refresh)
        self._auth_path = f"/admin/auth/{quote(self._lender, safe='')}"

    def get(
        self,
        path: str,
        params: Mapping[str, str],
        *,
        doing: str,
        patience: Patience,
        flight: Flight,
        counters: Counters,
        is_first_try: bool = True,
    ) -> Any:
        """The decoded 200 of a request for `path` under the lender's exports.

        Raises `TooSlowError` at once on 504 and on a time-out, any other `ClearGridError` when attempts are spent.
        """
        started, attempt = time.monotonic(), 0
        while True:
            attempt += 1
            patience.check()
            with flight.slot() as era:
                patience.check()
                outcome = self._attempt(path, params, doing, patience, counters, is_first_try=is_first_try)
            if not isinstance(outcome, Trouble):
                flight.succeeded()
                return outcome
            if isinstance(outcome.error, (RateLimitedError, UnreachableError)) or outcome.error.status == UNAVAILABLE:
                flight.congested(era)
            counters.count(fault=str(outcome.error))
            wait = self._wait_seconds(outcome, attempt)
            if attempt >= outcome.attempts or wait > patience.seconds_left:
                raise _spent(outcome.error, attempt, time.monotonic() - started)
            LOG.debug("%s: attempt %d failed, waiting %.1f s", doing, attempt, wait)
            counters.count(retries=1)
            patience.wait(wait)

    def log_in(self) -> None:
        """Log in, unless somebody did already."""
        self._auth.token()

    def _attempt(
        self,
        path: str,
        params: Mapping[str, str],
        doing: str,
        patience: Patience,
        counters: Counters,
        *,
        is_first_try: bool,
    ) -> Any:
        """The decoded answer, or the trouble."""

        def exchange(token: Token) -> Answer:
            patience.check()
            counters.count(requests=1)
            lender = quote(token.lender_public_id, safe="")
            headers = {"Authorization": f"Bearer {token.bearer}"}
            return self._transport.send(
                "GET",
                f"/admin/v3/lenders/{lender}{path}",
                params=params,
                headers=headers,
                is_first_try=is_first_try,
            )

        try:
            answer = self._auth.send(exchange)
        except TimedOutError:
            raise TooSlowError(None, None) from None
        except BrokenExchangeError as error:
            return self._trouble(UnreachableError, f"{doing}: no complete answer ({error})", doing, None, None)
        return self._meaning(answer, doing, has_cursor="cursor" in params)

    def _meaning(self, answer: Answer, doing: str, *, has_cursor: bool) -> Any:
        """The decoded body of a 200; trouble that may pass; or the error that will not."""
        if answer.status == OK:
            try:
                return decode(answer.body)
            except UndecodableBodyError:
                request_id = reason_of(answer)[1]
                message = f"{doing}: the answer is no complete JSON document"
                return self._trouble(UnexpectedAnswerError, message, doing, OK, request_id)
        message, request_id = reason_of(answer)
        said = f"{doing}: HTTP {answer.status}" + (f", {self._redactor.clean(message)!r}" if message else "")
        if answer.status == GATEWAY_TIMEOUT:
            raise TooSlowError(answer.status, request_id)
        if answer.status == TOO_MANY:
            wait = retry_after_seconds(answer.headers.get("retry-after"), datetime.now(UTC))
            error = RateLimitedError(said, doing=doing, status=answer.status, request_id=request_id)
            return Trouble(error, self._retry.rate_limited_attempts, wait)
        if answer.status >= SERVER_ERROR:
            hint = " (a corrupted cursor is answered so, too)" if has_cursor and answer.status == SERVER_ERROR else ""
            return self._trouble(ServerFaultError, said + hint, doing, answer.status, request_id)
        raise _refusal(answer.status)(said, doing=doing, status=answer.status, request_id=request_id, attempts=1)

    def _trouble(
        self, kind: type[ClearGridError], message: str, doing: str, status: int | None, request_id: str | None
    ) -> Trouble:
        return Trouble(kind(message, doing=doing, status=status, request_id=request_id), self._retry.attempts)

    def _wait_seconds(self, trouble: Trouble, attempt: int) -> float:
        backoff = self._retry.wait_seconds(attempt, self._random)
        if trouble.wait_seconds is None:
            return backoff
        return trouble.wait_seconds + self._random() * min(1.0, self._retry.base_seconds)

    def _log_in(self) -> Token:
        """A new token. A 500 on every attempt is ClearGrid's documented way of refusing a login."""
        doing = f"logging in as lender {self._lender}"
        started, attempt = time.monotonic(), 0
        while True:
            attempt += 1
            trouble = self._login_trouble(doing)
            if isinstance(trouble, Token):
                self._redactor.learn(trouble.bearer, trouble.refresh)
                return trouble
            if attempt >= (trouble.attempts if trouble.error.status == TOO_MANY else LOGIN_ATTEMPTS):
                raise _spent(_login_refused(trouble.error), attempt, time.monotonic() - started)
            time.sleep(self._wait_seconds(trouble, attempt))

    def _login_trouble(self, doing: str) -> Token | Trouble:
        credentials = {"email": self._email, "password": self._password}
        try:
            answer = self._transport.send("POST", f"{self._auth_path}/login", json=credentials)
        except (TimedOutError, BrokenExchangeError):
            return self._trouble(UnreachableError, f"{doing}: no complete answer", doing, None, None)
        if answer.status in (400, UNAUTHORIZED):
            message, request_id = reason_of(answer)
            said = f"{doing}: HTTP {answer.status}, {self._redactor.clean(message)!r}"
            raise LoginRejectedError(said, doing=doing, status=answer.status, request_id=request_id, attempts=1)
        try:
            meaning = self._meaning(answer, doing, has_cursor=False)
        except TooSlowError as slow:
            return self._trouble(ServerFaultError, f"{doing}: HTTP 504", doing, slow.status, slow.request_id)
        return meaning if isinstance(meaning, Trouble) else token_of(meaning, doing)

    def _refresh(self, token: Token) -> Token | None:
        """A renewed token; None when that fails in any way, because a login follows then."""
        if token.refresh is None:
            return None
        try:
            answer = self._transport.send(
                "POST", f"{self._auth_path}/refresh-token", json={"refreshToken": token.refresh}
            )
            fields = fields_of(decode(answer.body)) if answer.status == OK else {}
        except (TimedOutError, BrokenExchangeError, UndecodableBodyError):
            return None
        bearer, refresh = fields.get("token"), fields.get("refreshToken")
        if not isinstance(bearer, str) or not bearer:
            return None
        self._redactor.learn(bearer, refresh if isinstance(refresh, str) else None)
        return Token(bearer, refresh if isinstance(refresh, str) and refresh else token.refresh, token.lender_public_id)


def _refusal(status: int) -> type[ClearGridError]:
    if status in (UNAUTHORIZED, FORBIDDEN):
        return AccessDeniedError
    return DatasetUnavailableError if status == NOT_FOUND else RequestRefusedError


def _login_refused(error: ClearGridError) -> ClearGridError:
    """A login that was answered with 500 to the end is a refusal; anything else stays what it is."""
    if error.status != SERVER_ERROR:
        return error
    message = f"{error.args[0]}; ClearGrid answers so when the email, the password or the lender is wrong"
    return LoginRejectedError(message, doing=error.doing, status=error.status, request_id=error.request_id)


def _spent(error: ClearGridError, attempts: int, seconds: float) -> ClearGridError:
    """The error, after its attempts; trouble that took long is not worth starting over at once."""
    error.attempts = attempts
    if isinstance(error, TransientError):
        error.budget_spent = seconds > LONG_TROUBLE_SECONDS
    return error
