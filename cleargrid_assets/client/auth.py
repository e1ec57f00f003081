"""Tokens: logging in, renewing, and sharing one token among threads without a stampede.

Here: who asks for a token and when. Not here: how a request is sent or repeated.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleargrid_assets.client.errors import LoginRejectedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets.client.exchange import Answer
    from cleargrid_assets.client.patience import Patience

UNAUTHORIZED = 401
MOST_TAKEOVERS = 3
"""How often a request goes on with a token that another thread has renewed before it insists on its own."""


@dataclass(frozen=True)
class Token:
    """A bearer token and the lender it speaks for."""

    bearer: str
    refresh: str | None
    lender_public_id: str

    def __repr__(self) -> str:
        return "Token(***)"


class Authenticator:
    """Holds the one token of a client; `log_in` and `refresh` fetch new ones."""

    def __init__(self, log_in: Callable[[Patience], Token], refresh: Callable[[Token], Token | None]) -> None:
        self._fetch = log_in
        self._refresh = refresh
        self._lock = threading.RLock()
        self._token: Token | None = None
        self._refusal: LoginRejectedError | None = None

    def token(self, patience: Patience) -> Token:
        """The shared token; the first caller logs in while the others wait."""
        with self._lock:
            return self._token or self._log_in(patience)

    def send(self, exchange: Callable[[Token], Answer], patience: Patience) -> Answer:
        """`exchange` with a token that is accepted, if any is.

        A 401 answer is returned only when a token that was fetched for this very request, and that no other thread
        could use up, was refused as well.
        """
        token = self.token(patience)
        answer = exchange(token)
        for _ in range(MOST_TAKEOVERS):
            if answer.status != UNAUTHORIZED or self._token in (None, token):
                break
            token = self.token(patience)
            answer = exchange(token)
        return self._insist(token, exchange, patience) if answer.status == UNAUTHORIZED else answer

    def _insist(self, failed: Token, exchange: Callable[[Token], Answer], patience: Patience) -> Answer:
        """Renew, then log in, each time trying this request before anybody else can use the token."""
        with self._lock:
            if self._token is not None and self._token != failed:
                answer = exchange(self._token)
                if answer.status != UNAUTHORIZED:
                    return answer
            renewed = self._refresh(self._token) if self._token else None
            if renewed is not None:
                self._token = renewed
                answer = exchange(renewed)
                if answer.status != UNAUTHORIZED:
                    return answer
            return exchange(self._log_in(patience))

    def _log_in(self, patience: Patience) -> Token:
        """A new token; a refusal is remembered, so that many threads do not knock many times."""
        if self._refusal is not None:
            raise self._refusal
        try:
            self._token = self._fetch(patience)
        except LoginRejectedError as error:
            self._refusal = error
            raise
        return self._token
