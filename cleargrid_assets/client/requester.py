"""One request until it is answered: a token, a place in flight, bounded retries.

Here: the only place where a request for rows is repeated unchanged. Not here: what an answer means (`meaning`),
what comes after a page, and narrowing (`walk`).
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from cleargrid_assets.client.answers import OK, Reply
from cleargrid_assets.client.auth import Authenticator, Token
from cleargrid_assets.client.errors import ClearGridError, UnreachableError
from cleargrid_assets.client.exchange import Answer, BodyTooLargeError, BrokenExchangeError, TimedOutError
from cleargrid_assets.client.login import Login
from cleargrid_assets.client.meaning import TooSlowError, Trouble, meaning_of, too_large
from cleargrid_assets.client.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cleargrid_assets.client.flight import Flight
    from cleargrid_assets.client.patience import Patience
    from cleargrid_assets.client.redaction import Redactor
    from cleargrid_assets.client.retry import RetryPolicy
    from cleargrid_assets.client.transport import Transport

LOG = logging.getLogger(__name__)


@dataclass
class Counters:
    """Requests sent, repeated and answered, over all threads, and the latest trouble."""

    requests: int = 0
    retries: int = 0
    answered: int = 0
    trouble: ClearGridError | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, *, requests: int = 0, retries: int = 0, answered: int = 0) -> None:
        """Add."""
        with self._lock:
            self.requests += requests
            self.retries += retries
            self.answered += answered

    def had_trouble(self, error: ClearGridError) -> None:
        """Remember the latest."""
        self.trouble = error


@dataclass(frozen=True)
class Work:
    """What the requests of one piece of work share. `doing`: the start of every message about it."""

    doing: str
    patience: Patience
    flight: Flight
    counters: Counters


class Requester:
    """Sends requests of one account: `account` is lender, email, password."""

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
        self._pace = Pace()
        login = Login(transport, redactor, account, retry, random_number)
        self._auth = Authenticator(login.log_in, login.refresh)

    def get(
        self, path: str, params: Mapping[str, str], work: Work, *, slow_before: int = 0, seconds: float | None = None
    ) -> Reply:
        """The decoded 200 of a request for `path` under the lender's exports, which may take `seconds`.

        Without `seconds` the pace of the latest pages decides; `slow_before` is how often the same rows were too
        slow to come. Raises `TooSlowError` at once on 504 and on a time-out, any other `ClearGridError` when
        attempts are spent.
        """
        started, answered, failures = time.monotonic(), work.counters.answered, Counter[type[ClearGridError]]()
        while True:
            work.patience.check()
            with work.flight.slot() as era:
                work.patience.check()
                outcome = self._attempt(path, params, work, seconds or self._pace.deadline_seconds(slow_before))
            if isinstance(outcome, Reply):
                work.flight.succeeded()
                work.counters.count(answered=1)
                return outcome
            if outcome.is_congestion:
                work.flight.congested(era)
            work.counters.had_trouble(outcome.error)
            failures[outcome.kind] += 1
            attempt, others_succeed = failures[outcome.kind], work.counters.answered > answered
            wait = self.retry.wait_for(outcome, attempt, self._random)
            most = self.retry.attempts_for(outcome, others_succeed=others_succeed)
            if attempt >= most or not self.retry.may_wait(wait, work.patience):
                outcome.error.attempts = failures.total()
                waited = time.monotonic() - started + wait
                raise self.retry.spent(outcome.error, waited, others_succeed=others_succeed)
            LOG.debug("%s: attempt %d failed, waiting %.1f s", work.doing, attempt, wait)
            work.counters.count(retries=1)
            work.patience.wait(wait, is_asked_for=outcome.wait_seconds is not None)

    def log_in(self, patience: Patience) -> str:
        """Log in, unless somebody did already; ClearGrid's public id of the lender."""
        return self._auth.token(patience).lender_public_id

    def pause(self, work: Work, troubles: int, already_waited: float) -> None:
        """The wait after a request that was too slow, `troubles` of them in a row; less what it took anyway."""
        work.patience.wait(max(0.0, self.retry.wait_seconds(troubles, self._random) - already_waited))

    def _attempt(self, path: str, params: Mapping[str, str], work: Work, seconds: float) -> Reply | Trouble:
        def exchange(token: Token) -> Answer:
            work.patience.check()
            work.counters.count(requests=1)
            lender = quote(token.lender_public_id, safe="")
            headers = {"Authorization": f"Bearer {token.bearer}"}
            url = f"/admin/v3/lenders/{lender}{path}"
            return self._transport.send("GET", url, params=params, headers=headers, seconds=seconds)

        try:
            answer = self._auth.send(exchange, work.patience)
        except TimedOutError as late:
            raise TooSlowError(None, None, late.seconds) from None
        except BodyTooLargeError as body:
            raise too_large(body, work.doing, self._redactor) from None
        except BrokenExchangeError as broken:
            message = f"{work.doing}: no complete answer ({broken})"
            return Trouble(UnreachableError(message, doing=work.doing))
        if answer.status == OK:
            self._pace.took(answer.seconds)
        return meaning_of(answer, work.doing, self._redactor, has_cursor="cursor" in params)
