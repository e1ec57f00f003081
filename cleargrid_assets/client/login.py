"""The login and refresh calls, the only ones that need no token.

How their responses are read and retried belongs here; `auth` decides when to call them.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cleargrid_assets.client.auth import Token
from cleargrid_assets.client.envelope import Envelope, UndecodableBodyError, decode, error_details, is_error_envelope
from cleargrid_assets.client.errors import LoginRejectedError, ServerFaultError, UnexpectedAnswerError, UnreachableError
from cleargrid_assets.client.response import BodyTooLargeError, ConnectionBrokenError, RequestTimeoutError
from cleargrid_assets.client.retry import FailedAttempt
from cleargrid_assets.client.status import RETRYABLE_4XX, TooSlowError, body_too_large, classify

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets.client.deadlines import Deadline
    from cleargrid_assets.client.redaction import Redactor
    from cleargrid_assets.client.response import Response
    from cleargrid_assets.client.retry import RetryPolicy
    from cleargrid_assets.client.transport import Transport

LOGIN_TIMEOUT_SECONDS = 15.0
MAX_FIRST_LOGIN_ATTEMPTS = 3
"""ClearGrid also answers 500 to a wrong password, and more attempts could lock the account."""


class Login:
    """Fetches tokens for one account: `account` is lender, email, password."""

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
        self._has_succeeded = False
        self._refresh_timed_out = False

    def log_in(self, deadline: Deadline) -> Token:
        """A new token. Raises `LoginRejectedError` for a 4xx, and if every attempt of the first login ends in 500."""
        doing = f"logging in as lender {self._lender}"
        started, attempt = time.monotonic(), 0
        while True:
            attempt += 1
            outcome = self._attempt(doing)
            if isinstance(outcome, Token):
                self._has_succeeded = True
                return outcome
            error = outcome.error
            if self._may_be_rejected(outcome):
                error = _rejection(
                    f"{error.args[0]}; ClearGrid also answers 500 to a wrong email, password or lender", error
                )
            wait = self._retry.wait_after(outcome, attempt, self._random)
            if attempt >= self._max_attempts(outcome) or not self._retry.allows_wait(wait, deadline):
                error.attempts = attempt
                raise self._retry.give_up(error, time.monotonic() - started + wait, server_is_up=False)
            deadline.sleep(wait, requested_by_server=outcome.wait_seconds is not None)

    def refresh(self, token: Token) -> Token | None:
        """A renewed token, or None if that fails for any reason: the caller logs in instead."""
        if token.refresh is None or self._refresh_timed_out:
            return None
        try:
            response = self._post("refresh-token", {"refreshToken": token.refresh})
            document = decode(response.body) if response.status == HTTPStatus.OK else {}
        except RequestTimeoutError:
            self._refresh_timed_out = True
            return None
        except (ConnectionBrokenError, UndecodableBodyError):
            return None
        return self._token(token_fields(document), token.lender_public_id, token.refresh)

    def _max_attempts(self, failure: FailedAttempt) -> int:
        if self._may_be_rejected(failure):
            return MAX_FIRST_LOGIN_ATTEMPTS
        return self._retry.max_attempts(failure, server_is_up=False)

    def _may_be_rejected(self, failure: FailedAttempt) -> bool:
        """True if a 500 may mean that the credentials are wrong: they have not worked yet."""
        return failure.error.status == HTTPStatus.INTERNAL_SERVER_ERROR and not self._has_succeeded

    def _attempt(self, doing: str) -> Token | FailedAttempt:
        try:
            response = self._post("login", {"email": self._email, "password": self._password})
            outcome = self._classify(response, doing)
        except BodyTooLargeError as error:
            raise body_too_large(error, doing, self._redactor) from None
        except (RequestTimeoutError, ConnectionBrokenError):
            return FailedAttempt(UnreachableError(f"{doing}: no complete response", doing=doing))
        except TooSlowError as slow:
            message = f"{doing}: HTTP {slow.status}"
            return FailedAttempt(ServerFaultError(message, doing=doing, status=slow.status, request_id=slow.request_id))
        if isinstance(outcome, FailedAttempt):
            return outcome
        fields = token_fields(outcome.document)
        token = self._token(fields, fields.get("lenderPublicId"), None)
        if token is None:
            message = f"{doing}: the response has no token"
            raise UnexpectedAnswerError(message, doing=doing, status=response.status, request_id=outcome.request_id)
        return token

    def _classify(self, response: Response, doing: str) -> Envelope | FailedAttempt:
        """Classify as usual, except that a permanent 4xx, or an error under a 200, means wrong credentials."""
        is_4xx = HTTPStatus.BAD_REQUEST <= response.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if (is_4xx and response.status not in RETRYABLE_4XX) or _is_error_under_200(response):
            text, request_id = (self._redactor.clean(value or "") for value in error_details(response))
            raise LoginRejectedError(
                f"{doing}: HTTP {response.status}, {text!r}",
                doing=doing,
                status=response.status,
                request_id=request_id or None,
                attempts=1,
            )
        return classify(response, doing, self._redactor)

    def _post(self, call: str, body: dict[str, str]) -> Response:
        return self._transport.send("POST", f"{self._path}/{call}", json=body, seconds=LOGIN_TIMEOUT_SECONDS)

    def _token(self, fields: dict[str, Any], lender: Any, refresh: str | None) -> Token | None:
        """The token in the response, or None; its secrets are redacted from now on."""
        bearer, renewed = fields.get("token"), fields.get("refreshToken")
        if not isinstance(bearer, str) or not isinstance(lender, str) or not (_fits_header(bearer) and lender):
            return None
        refresh = renewed if isinstance(renewed, str) and renewed else refresh
        self._redactor.learn(bearer, refresh)
        return Token(bearer, refresh, lender)


def token_fields(document: Any) -> dict[str, Any]:
    """The object that has the token, with or without a success envelope around it."""
    if not isinstance(document, dict):
        return {}
    body = document.get("body")
    return body if "token" not in document and isinstance(body, dict) else document


def _fits_header(bearer: str) -> bool:
    """True if the token can be sent in an HTTP header."""
    return bearer != "" and bearer.isascii() and bearer.isprintable()


def _is_error_under_200(response: Response) -> bool:
    if response.status != HTTPStatus.OK:
        return False
    try:
        return is_error_envelope(decode(response.body))
    except UndecodableBodyError:
        return False


def _rejection(message: str, error: Any) -> LoginRejectedError:
    return LoginRejectedError(message, doing=error.doing, status=error.status, request_id=error.request_id)
