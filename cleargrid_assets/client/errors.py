"""The errors that the client raises, grouped by what their reader does first.

A new error belongs here only if its reader does something else first; `status`, `envelope` and `login` choose one.

ClearGridError
    SettingsError: nothing was sent
    PermanentError: the same request will be refused again
        LoginRejectedError, AccessDeniedError, DatasetUnavailableError, RequestRefusedError
    TransientError: the client's own attempts are used up
        UnreachableError, ServerFaultError, QueryTooLargeError, RateLimitedError
    ContractError: a 200 that breaks the contract
        UnexpectedAnswerError, CursorLoopError
    RequestBudgetError: the caller's own budget of requests is used up
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class ClearGridError(Exception):
    """Base class of all errors of the client.

    `doing`: the operation that failed, which `during` sets. `status`: the HTTP status, if there was a response.
    `request_id`: ClearGrid's id of the request, which its support asks for. `attempts`: how often the request was sent.
    """

    def __init__(
        self,
        message: str,
        *,
        doing: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        attempts: int | None = None,
    ) -> None:
        super().__init__(message)
        self.doing = doing
        self.status = None if status is None else int(status)
        self.request_id = request_id
        self.attempts = attempts

    @property
    def message(self) -> str:
        """What failed and how, without the request id."""
        return f"{self.doing}: {super().__str__()}" if self.doing else super().__str__()

    def __str__(self) -> str:
        return f"{self.message} (request id {self.request_id})" if self.request_id else self.message


@contextmanager
def during(doing: str) -> Iterator[None]:
    """Name the operation in every `ClearGridError` raised inside, unless it names a narrower one already."""
    try:
        yield
    except ClearGridError as error:
        error.doing = error.doing or doing
        raise


class SettingsError(ClearGridError):
    """A setting or argument is invalid, so nothing was sent: plain HTTP, a window without a time zone, ..."""


class PermanentError(ClearGridError):
    """The same request will be refused again: do not retry."""


class LoginRejectedError(PermanentError):
    """The login was answered with a permanent 4xx, or with 500 on every attempt."""


class AccessDeniedError(PermanentError):
    """A fresh token was answered with 401, or any token with 403."""


class DatasetUnavailableError(PermanentError):
    """404: the section or dataset is unknown or unavailable."""


class RequestRefusedError(PermanentError):
    """Any other 4xx, or a redirect."""


class TransientError(ClearGridError):
    """The client's own attempts are used up. `is_retryable`: the whole load may succeed minutes later."""

    is_retryable: bool = True


class UnreachableError(TransientError):
    """There was no complete response: DNS, TCP, TLS, reset or time-out."""


class ServerFaultError(TransientError):
    """408, 425 or a 5xx other than 504, regardless of the body."""


class QueryTooLargeError(TransientError):
    """Even the smallest page of the smallest window ended in 504."""


class RateLimitedError(TransientError):
    """429 for longer than the client may wait."""


class ContractError(ClearGridError):
    """A 200 breaks the contract: tell someone, do not retry."""


class UnexpectedAnswerError(ContractError):
    """The response lacks JSON, rows or pagination, echoes a different range, or has an oversized body."""


class CursorLoopError(ContractError):
    """The pages of a window lead back to a cursor or page that came before."""


class RequestBudgetError(ClearGridError):
    """The budget of requests that the caller set is used up, so the next one was not sent."""
