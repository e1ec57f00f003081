"""Classifies a response by its HTTP status: an envelope, an attempt to retry, or an error that a retry cannot fix.

The contract's table of statuses belongs here; `requester` and `login` decide whether to send the request again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from cleargrid_assets.client.envelope import (
    Envelope,
    UndecodableBodyError,
    decode,
    details,
    error_details,
    is_error_envelope,
)
from cleargrid_assets.client.errors import (
    AccessDeniedError,
    ClearGridError,
    DatasetUnavailableError,
    QueryTooLargeError,
    RateLimitedError,
    RequestRefusedError,
    ServerFaultError,
    UnexpectedAnswerError,
    UnreachableError,
)
from cleargrid_assets.client.retry import FailedAttempt, parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets.client.redaction import Redactor
    from cleargrid_assets.client.response import BodyTooLargeError, Response

RETRYABLE_4XX: dict[int, type[ClearGridError]] = {
    HTTPStatus.REQUEST_TIMEOUT: ServerFaultError,
    HTTPStatus.TOO_EARLY: ServerFaultError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitedError,
}
"""What an overloaded gateway sends; any other 4xx would come back the same."""


class TooSlowError(Exception):
    """504, or no response within `seconds`: the same request must not be sent again unchanged."""

    def __init__(self, status: int | None, request_id: str | None, seconds: float) -> None:
        super().__init__()
        self.status = status
        self.request_id = request_id
        self.seconds = seconds

    @property
    def is_silence(self) -> bool:
        """True if no response came within `seconds`."""
        return self.status is None

    def as_error(self) -> ClearGridError:
        """The public error, for a caller who cannot ask for less."""
        if self.is_silence:
            return UnreachableError(f"no complete response within {self.seconds:.0f} s")
        return QueryTooLargeError(f"HTTP {self.status}", status=self.status, request_id=self.request_id)


def body_too_large(error: BodyTooLargeError, redactor: Redactor) -> UnexpectedAnswerError:
    """The public error for an oversized body, regardless of its HTTP status: ClearGrid sends no such body."""
    _, request_id = error_details(error.response)
    return UnexpectedAnswerError(
        f"HTTP {error.response.status}, {error}, so the rest was not read",
        status=error.response.status,
        request_id=redactor.clean(request_id) if request_id else None,
        attempts=1,
    )


def classify(
    response: Response,
    redactor: Redactor,
    *,
    has_cursor: bool = False,
    decode_page: Callable[[bytes], Any] = decode,
) -> Envelope | FailedAttempt:
    """The envelope of a 200, decoded by `decode_page`, or the failed attempt if a retry may succeed.

    Raises `TooSlowError` for 504, and a `PermanentError` or `ContractError` if a retry cannot succeed.
    """
    if response.status == HTTPStatus.OK:
        return _classify_200(response, redactor, decode_page)
    message, request_id = _clean(error_details(response), response.status, redactor)
    status = response.status
    if status == HTTPStatus.GATEWAY_TIMEOUT:
        raise TooSlowError(status, request_id, response.seconds)
    if has_cursor and status == HTTPStatus.INTERNAL_SERVER_ERROR:
        message += " (ClearGrid also answers 500 to a corrupted cursor)"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        message += ", a redirect, which is not followed: check the base URL"
    error = _error_class(status)(message, status=status, request_id=request_id)
    if not isinstance(error, (RateLimitedError, ServerFaultError)):
        error.attempts = 1
        raise error
    honors_retry_after = status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
    wait = parse_retry_after(response.headers.get("retry-after"), datetime.now(UTC)) if honors_retry_after else None
    return FailedAttempt(error, wait)


def _classify_200(
    response: Response, redactor: Redactor, decode_page: Callable[[bytes], Any]
) -> Envelope | FailedAttempt:
    """A truncated document or an error envelope under a 200 may be a gateway's hiccup, so both are retried."""
    try:
        document = decode_page(response.body)
    except UndecodableBodyError:
        _, request_id = _clean(details(None, response), response.status, redactor)
        message = "the response is not a complete JSON document"
    else:
        message, request_id = _clean(details(document, response), response.status, redactor)
        if not is_error_envelope(document):
            return Envelope(document, request_id, response.sent_at)
        message += ": the envelope reports an error although HTTP says 200"
    return FailedAttempt(UnexpectedAnswerError(message, status=response.status, request_id=request_id))


def _clean(message_and_id: tuple[str | None, str | None], status: int, redactor: Redactor) -> tuple[str, str | None]:
    """What to report of a response: its status with the server's message, and its request id, both redacted."""
    text, request_id = (None if value is None else redactor.clean(value) for value in message_and_id)
    return f"HTTP {status}" + (f", {text!r}" if text else ""), request_id


def _error_class(status: int) -> type[ClearGridError]:
    """The error for any status but 200 and 504."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerFaultError
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return UnexpectedAnswerError
    classes: dict[int, type[ClearGridError]] = {
        HTTPStatus.UNAUTHORIZED: AccessDeniedError,
        HTTPStatus.FORBIDDEN: AccessDeniedError,
        HTTPStatus.NOT_FOUND: DatasetUnavailableError,
        **RETRYABLE_4XX,
    }
    return classes.get(status, RequestRefusedError)
