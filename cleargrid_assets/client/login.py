"""Logging in and renewing: the two calls that take no token.

Here: what their answers mean. Not here: who asks for a token and when (`auth`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cleargrid_assets.client.answers import OK, Reply, UndecodableBodyError, decode, is_error_envelope, reason_of
from cleargrid_assets.client.auth import Token
from cleargrid_assets.client.errors import LoginRejectedError, ServerFaultError, UnexpectedAnswerError, UnreachableError
from cleargrid_assets.client.exchange import BodyTooLargeError, BrokenExchangeError, TimedOutError
from cleargrid_assets.client.meaning import (
    BAD_REQUEST,
    SERVER_ERROR,
    TRANSIENT_4XX,
    TooSlowError,
    Trouble,
    meaning_of,
    too_large,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets.client.exchange import Answer
    from cleargrid_assets.client.patience import Patience
    from cleargrid_assets.client.redaction import Redactor
    from cleargrid_assets.client.retry import RetryPolicy
    from cleargrid_assets.client.transport import Transport

AUTH_SECONDS = 15.0
FIRST_LOGIN_ATTEMPTS = 3
"""A wrong password is answered with 500, too: knocking more often could lock the account."""


class Login:
    """Fetches tokens of one account: `account` is lender, email, password."""

    def __init__(
        self,
        transport: Transport,
        redactor: Redactor,
        account: tuple[str, str, str],
        retry: RetryPolicy,
        random_number: Callable[[], float],
    ) -> None:
        self._transport = transport
        self._redactor = redactor
        self._lender, self._email, self._password = account
        self._retry = retry
        self._random = random_number
        self._path = f"/admin/auth/{quote(self._lender, safe='')}"
        self._was_let_in = False
        self._renewal_hangs = False

    def log_in(self, patience: Patience) -> Token:
        """A new token. Raises `LoginRejectedError` for 4xx, and for 500 on every attempt of the first login."""
        doing = f"logging in as lender {self._lender}"
        started, attempt = time.monotonic(), 0
        while True:
            attempt += 1
            outcome = self._attempt(doing)
            if isinstance(outcome, Token):
                self._was_let_in = True
                return outcome
            error = outcome.error
            if not self._was_let_in and error.status == SERVER_ERROR:
                error = _rejected(
                    f"{error.args[0]}; ClearGrid answers so when email, password or lender is wrong", error
                )
            wait = self._retry.wait_for(outcome, attempt, self._random)
            if attempt >= self._attempts(outcome) or not self._retry.may_wait(wait, patience):
                error.attempts = attempt
                raise self._retry.spent(error, time.monotonic() - started + wait, others_succeed=False)
            patience.wait(wait, is_asked_for=outcome.wait_seconds is not None)

    def refresh(self, token: Token) -> Token | None:
        """A renewed token; None when that fails in any way, because a login follows then."""
        if token.refresh is None or self._renewal_hangs:
            return None
        try:
            answer = self._post("refresh-token", {"refreshToken": token.refresh})
            envelope = decode(answer.body) if answer.status == OK else {}
        except TimedOutError:
            self._renewal_hangs = True
            return None
        except (BrokenExchangeError, UndecodableBodyError):
            return None
        return self._token(fields_of(envelope), token.lender_public_id, token.refresh)

    def _attempts(self, trouble: Trouble) -> int:
        """How often the login is sent at most."""
        if trouble.error.status == SERVER_ERROR and not self._was_let_in:
            return FIRST_LOGIN_ATTEMPTS
        return self._retry.attempts_for(trouble, others_succeed=False)

    def _attempt(self, doing: str) -> Token | Trouble:
        try:
            answer = self._post("login", {"email": self._email, "password": self._password})
            meaning = self._meaning(answer, doing)
        except BodyTooLargeError as body:
            raise too_large(body, doing, self._redactor) from None
        except (TimedOutError, BrokenExchangeError):
            return Trouble(UnreachableError(f"{doing}: no complete answer", doing=doing))
        except TooSlowError as slow:
            message = f"{doing}: HTTP {slow.status}"
            return Trouble(ServerFaultError(message, doing=doing, status=slow.status, request_id=slow.request_id))
        if isinstance(meaning, Trouble):
            return meaning
        fields = fields_of(meaning.envelope)
        token = self._token(fields, fields.get("lenderPublicId"), None)
        if token is None:
            message = f"{doing}: the answer holds no token"
            raise UnexpectedAnswerError(message, doing=doing, status=OK, request_id=meaning.request_id)
        return token

    def _meaning(self, answer: Answer, doing: str) -> Reply | Trouble:
        """As for any request, but a 4xx that stays, and a 200 that says no, mean that these credentials will not do."""
        is_refusal = BAD_REQUEST <= answer.status < SERVER_ERROR and answer.status not in TRANSIENT_4XX
        if is_refusal or _says_no(answer):
            message, request_id = (self._redactor.clean(text or "") for text in reason_of(answer))
            said = f"{doing}: HTTP {answer.status}, {message!r}"
            raise LoginRejectedError(said, doing=doing, status=answer.status, request_id=request_id or None, attempts=1)
        return meaning_of(answer, doing, self._redactor)

    def _post(self, call: str, body: dict[str, str]) -> Answer:
        return self._transport.send("POST", f"{self._path}/{call}", json=body, seconds=AUTH_SECONDS)

    def _token(self, fields: dict[str, Any], lender: Any, refresh: str | None) -> Token | None:
        """The token in an answer; its secrets are masked from now on."""
        bearer, renewed = fields.get("token"), fields.get("refreshToken")
        if not isinstance(bearer, str) or not isinstance(lender, str) or not (_is_sendable(bearer) and lender):
            return None
        refresh = renewed if isinstance(renewed, str) and renewed else refresh
        self._redactor.learn(bearer, refresh)
        return Token(bearer, refresh, lender)


def fields_of(envelope: Any) -> dict[str, Any]:
    """The object that holds the token, with or without a success envelope around it."""
    if not isinstance(envelope, dict):
        return {}
    body = envelope.get("body")
    return body if "token" not in envelope and isinstance(body, dict) else envelope


def _is_sendable(bearer: str) -> bool:
    """Whether it fits into a header."""
    return bearer != "" and bearer.isascii() and bearer.isprintable()


def _says_no(answer: Answer) -> bool:
    if answer.status != OK:
        return False
    try:
        return is_error_envelope(decode(answer.body))
    except UndecodableBodyError:
        return False


def _rejected(message: str, error: Any) -> LoginRejectedError:
    return LoginRejectedError(message, doing=error.doing, status=error.status, request_id=error.request_id)
