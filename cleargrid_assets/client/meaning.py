"""What an answer means: a decoded 200, trouble that may pass, or the error that will not.

Here: the contract's table of statuses. Not here: sending again (`requester`, `login`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from cleargrid_assets.client.answers import OK, Reply, UndecodableBodyError, decode, is_error_envelope, reason_of
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
from cleargrid_assets.client.retry import retry_after_seconds

if TYPE_CHECKING:
    from cleargrid_assets.client.exchange import Answer, BodyTooLargeError
    from cleargrid_assets.client.redaction import Redactor

MULTIPLE_CHOICES, BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY = 300, 400, 401, 403, 404, 429
SERVER_ERROR, UNAVAILABLE, GATEWAY_TIMEOUT = 500, 503, 504

TRANSIENT_4XX: dict[int, type[ClearGridError]] = {
    HTTPStatus.REQUEST_TIMEOUT: ServerFaultError,
    HTTPStatus.TOO_EARLY: ServerFaultError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitedError,
}
"""What a gateway in trouble answers; every other 4xx would be answered again."""


class TooSlowError(Exception):
    """504, or no answer within `seconds`: the same request must not be sent again unchanged."""

    def __init__(self, status: int | None, request_id: str | None, seconds: float) -> None:
        super().__init__()
        self.status = status
        self.request_id = request_id
        self.seconds = seconds

    def as_error(self, doing: str) -> ClearGridError:
        """What it is for somebody who cannot narrow the request."""
        if self.status is None:
            return UnreachableError(f"{doing}: no complete answer within {self.seconds:.0f} s", doing=doing)
        message = f"{doing}: HTTP {self.status}"
        return QueryTooLargeError(message, doing=doing, status=self.status, request_id=self.request_id)


@dataclass(frozen=True)
class Trouble:
    """One failed attempt: the error to raise when it was the last, and how long the server asks us to wait."""

    error: ClearGridError
    wait_seconds: float | None = None

    @property
    def kind(self) -> type[ClearGridError]:
        """Rate limits are counted apart from faults: being told to slow down says nothing about the request."""
        return RateLimitedError if isinstance(self.error, RateLimitedError) else ClearGridError

    @property
    def is_congestion(self) -> bool:
        """Whether fewer requests at once may help."""
        return isinstance(self.error, (RateLimitedError, UnreachableError)) or self.error.status == UNAVAILABLE


def too_large(error: BodyTooLargeError, doing: str, redactor: Redactor) -> UnexpectedAnswerError:
    """Classifies a body beyond the limit: whatever its status, ClearGrid did not send it."""
    _, request_id = reason_of(error.answer)
    return UnexpectedAnswerError(
        f"{doing}: HTTP {error.answer.status}, {error}, and was not read to its end",
        doing=doing,
        status=error.answer.status,
        request_id=redactor.clean(request_id) if request_id else None,
        attempts=1,
    )


def meaning_of(answer: Answer, doing: str, redactor: Redactor, *, has_cursor: bool = False) -> Reply | Trouble:
    """Raises `TooSlowError` for 504, and a `PermanentError` or `ContractError` where repeating is of no use."""
    message, request_id = (None if text is None else redactor.clean(text) for text in reason_of(answer))
    said = f"{doing}: HTTP {answer.status}" + (f", {message!r}" if message else "")
    status = answer.status
    if status == OK:
        return _meaning_of_200(answer, said, doing, request_id)
    if status == GATEWAY_TIMEOUT:
        raise TooSlowError(status, request_id, answer.seconds)
    kind = _kind(status)
    if kind is ServerFaultError and has_cursor and status == SERVER_ERROR:
        said += " (a corrupted cursor is answered so, too)"
    if MULTIPLE_CHOICES <= status < BAD_REQUEST:
        said += ", a redirect, which is not followed: check the base URL"
    error = kind(said, doing=doing, status=status, request_id=request_id)
    if kind not in (RateLimitedError, ServerFaultError):
        error.attempts = 1
        raise error
    wait = retry_after_seconds(answer.headers.get("retry-after"), datetime.now(UTC))
    return Trouble(error, wait if status in (TOO_MANY, UNAVAILABLE) else None)


def _meaning_of_200(answer: Answer, said: str, doing: str, request_id: str | None) -> Reply | Trouble:
    """A cut document and an error envelope under a 200 may be a gateway's hiccup."""
    try:
        envelope = decode(answer.body)
    except UndecodableBodyError:
        message = f"{doing}: the answer is no complete JSON document"
        return Trouble(UnexpectedAnswerError(message, doing=doing, status=OK, request_id=request_id))
    if is_error_envelope(envelope):
        message = f"{said}: HTTP says 200, the envelope says otherwise"
        return Trouble(UnexpectedAnswerError(message, doing=doing, status=OK, request_id=request_id))
    return Reply(envelope, request_id, answer.sent_at)


def _kind(status: int) -> type[ClearGridError]:
    """The error of a status that is neither 200 nor 504."""
    if status >= SERVER_ERROR:
        return ServerFaultError
    if status < MULTIPLE_CHOICES:
        return UnexpectedAnswerError
    kinds: dict[int, type[ClearGridError]] = {
        UNAUTHORIZED: AccessDeniedError,
        FORBIDDEN: AccessDeniedError,
        NOT_FOUND: DatasetUnavailableError,
        **TRANSIENT_4XX,
    }
    return kinds.get(status, RequestRefusedError)
