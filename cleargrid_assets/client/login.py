"""The login and refresh calls, the only ones that need no token.

How their responses are read and retried belongs here; `auth` decides when to call them.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cleargrid_assets.client.auth import Token
from cleargrid_assets.client.envelope import Envelope, UndecodableBodyError, decode, error_details, is_error_envelope
from cleargrid_assets.client.errors import (
    LoginRejectedError,
    ServerFaultError,
    UnexpectedAnswerError,
    UnreachableError,
    during,
)
from cleargrid_assets.client.response import BodyTooLargeError, ConnectionBrokenError, RequestTimeoutError
from cleargrid_assets.client.retry import FailedAttempt
from cleargrid_assets.client.status import RETRYABLE_4XX, TooSlowError, body_too_large, classify

if TYPE_CHECKING:
    from cleargrid_assets.client.auth import Credentials
    from cleargrid_assets.client.deadlines import Deadline
    from cleargrid_assets.client.redaction import Redactor
    from cleargrid_assets.client.response import Response
    from cleargrid_assets.client.retry import RetryPolicy
    from cleargrid_assets.client.transport import Transport

LOGIN_TIMEOUT_SECONDS = 15.0
MAX_FIRST_LOGIN_ATTEMPTS = 3
"""ClearGrid also answers 500 to a wrong password, and more attempts could lock the account."""


class Login:
    """Fetches tokens for one account."""

    def __init__(self, transport: Transport, redactor: Redactor, credentials: Credentials, retry: RetryPolicy) -> None:
        self._transport = transport
        self._redactor = redactor
        self._credentials = credentials
        self._retry = retry
        self._path = f"/admin/auth/{quote(credentials.lender, safe='')}"
        self._has_succeeded = False
        self._refresh_timed_out = False

    def log_in(self, deadline: Deadline) -> Token:
        """A new token. Raises `LoginRejectedError` for a 4xx, and if every attempt of the first login ends in 500."""
        with during(f"logging in as lender {self._credentials.lender}"):
            token = self._retry.run(self._attempt, deadline)
        self._has_succeeded = True
        return token

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

    def _attempt(self) -> Token | FailedAttempt:
        try:
            response = self._post("login", {"email": self._credentials.email, "password": self._credentials.password})
            outcome = self._classify(response)
        except BodyTooLargeError as error:
            raise body_too_large(error, self._redactor) from None
        except (RequestTimeoutError, ConnectionBrokenError):
            return FailedAttempt(UnreachableError("no complete response"))
        except TooSlowError as slow:
            return FailedAttempt(
                ServerFaultError(f"HTTP {slow.status}", status=slow.status, request_id=slow.request_id)
            )
        if isinstance(outcome, FailedAttempt):
            return self._rejected_if_first(outcome)
        fields = token_fields(outcome.document)
        token = self._token(fields, fields.get("lenderPublicId"), None)
        if token is None:
            message = "the response has no token"
            raise UnexpectedAnswerError(message, status=response.status, request_id=outcome.request_id)
        return token

    def _rejected_if_first(self, failure: FailedAttempt) -> FailedAttempt:
        """A 500 may mean that the credentials are wrong, unless they have worked before."""
        error = failure.error
        if error.status != HTTPStatus.INTERNAL_SERVER_ERROR or self._has_succeeded:
            return failure
        rejection = LoginRejectedError(
            f"{error.message}; ClearGrid also answers 500 to a wrong email, password or lender",
            status=error.status,
            request_id=error.request_id,
        )
        return FailedAttempt(rejection, max_attempts=MAX_FIRST_LOGIN_ATTEMPTS)

    def _classify(self, response: Response) -> Envelope | FailedAttempt:
        """Classify as usual, except that a permanent 4xx, or an error under a 200, means wrong credentials."""
        is_4xx = HTTPStatus.BAD_REQUEST <= response.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if (is_4xx and response.status not in RETRYABLE_4XX) or _is_error_under_200(response):
            text, request_id = (self._redactor.clean(value or "") for value in error_details(response))
            raise LoginRejectedError(
                f"HTTP {response.status}, {text!r}", status=response.status, request_id=request_id or None, attempts=1
            )
        return classify(response, self._redactor)

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
