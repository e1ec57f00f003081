"""Holds the client's token: logs in, renews it, and shares it among threads without a stampede.

When a token is needed is decided here; `login` makes the calls that return one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from cleargrid_assets.client.errors import LoginRejectedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets.client.deadlines import Deadline
    from cleargrid_assets.client.response import Response

MAX_TOKEN_SWITCHES = 3
"""How often a request switches to a token that another thread has renewed before it renews one itself."""


@dataclass(frozen=True)
class Credentials:
    """What an account logs in with. `lender` is the subdomain identifier."""

    lender: str
    email: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True)
class Token:
    """A bearer token and the lender it belongs to."""

    bearer: str
    refresh: str | None
    lender_public_id: str

    def __repr__(self) -> str:
        return "Token(***)"


class Authenticator:
    """Holds the one token of a client. `log_in` and `refresh` return a new one."""

    def __init__(self, log_in: Callable[[Deadline], Token], refresh: Callable[[Token], Token | None]) -> None:
        self._log_in = log_in
        self._refresh = refresh
        self._lock = threading.RLock()
        self._token: Token | None = None
        self._rejection: LoginRejectedError | None = None

    def token(self, deadline: Deadline) -> Token:
        """The shared token; the first caller logs in while the others wait."""
        with self._lock:
            return self._token or self._new_token(deadline)

    def send(self, request: Callable[[Token], Response], deadline: Deadline) -> Response:
        """Send `request` with a token that ClearGrid accepts.

        Returns a 401 only if ClearGrid also refused a token that was fetched for this very request and that no other
        thread could have used up.
        """
        token = self.token(deadline)
        response = request(token)
        for _ in range(MAX_TOKEN_SWITCHES):
            if response.status != HTTPStatus.UNAUTHORIZED or self._token in (None, token):
                break
            token = self.token(deadline)
            response = request(token)
        if response.status == HTTPStatus.UNAUTHORIZED:
            return self._reauthenticate(token, request, deadline)
        return response

    def _reauthenticate(self, failed: Token, request: Callable[[Token], Response], deadline: Deadline) -> Response:
        """Renew the token, then log in; try the request after each, before another thread can use the token."""
        with self._lock:
            if self._token is not None and self._token != failed:
                response = request(self._token)
                if response.status != HTTPStatus.UNAUTHORIZED:
                    return response
            renewed = self._refresh(self._token) if self._token else None
            if renewed is not None:
                self._token = renewed
                response = request(renewed)
                if response.status != HTTPStatus.UNAUTHORIZED:
                    return response
            return request(self._new_token(deadline))

    def _new_token(self, deadline: Deadline) -> Token:
        """Log in. A rejection is remembered, so that further requests do not repeat the login and lock the account."""
        if self._rejection is not None:
            raise self._rejection
        try:
            self._token = self._log_in(deadline)
        except LoginRejectedError as error:
            self._rejection = error
            raise
        return self._token
