"""Everything that can go wrong with ClearGrid, by what the reader does first.

Here: the error tree. Not here: deciding which error an answer is (`answers`, `transport`).

ClearGridError
    SettingsError: nothing was sent
    PermanentError: the same request will be refused again
        LoginRejectedError, AccessDeniedError, DatasetUnavailableError, RequestRefusedError
    TransientError: the client's own attempts are spent
        UnreachableError, ServerFaultError, QueryTooLargeError, RateLimitedError
    ContractError: a 200 that breaks the contract
        UnexpectedAnswerError, CursorLoopError
"""

from __future__ import annotations


class ClearGridError(Exception):
    """Any trouble with ClearGrid.

    `doing`: what was being done. `status`: the HTTP status, where there was an answer. `request_id`: ClearGrid's
    name for the request, which its support asks for. `attempts`: how often the request was sent.
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
        self.status = status
        self.request_id = request_id
        self.attempts = attempts

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} (request id {self.request_id})" if self.request_id else message


class SettingsError(ClearGridError):
    """Before anything is sent: plain HTTP, a naive window, an unknown environment, a missing variable."""


class PermanentError(ClearGridError):
    """When the same request will be refused again: do not retry."""


class LoginRejectedError(PermanentError):
    """When login answers 400 or 401, or 500 on every attempt."""


class AccessDeniedError(PermanentError):
    """When a fresh token is answered with 401, or any with 403."""


class DatasetUnavailableError(PermanentError):
    """When the section or dataset is unknown or unavailable: 404."""


class RequestRefusedError(PermanentError):
    """When ClearGrid answers any other 4xx, or sends us elsewhere."""


class TransientError(ClearGridError):
    """When the client's own attempts are spent. `budget_spent`: so is the time for the whole load."""

    budget_spent: bool = False


class UnreachableError(TransientError):
    """When there is no answer: DNS, TCP, TLS, reset, time-out."""


class ServerFaultError(TransientError):
    """When the answer is 500, 502, 503, 408 or 425, whatever its body is."""


class QueryTooLargeError(TransientError):
    """When even the smallest page of the smallest window ends in 504."""


class RateLimitedError(TransientError):
    """When the answer is 429 for longer than we may wait."""


class ContractError(ClearGridError):
    """When a 200 breaks the contract: tell someone, do not retry."""


class UnexpectedAnswerError(ContractError):
    """When there is no JSON, no rows, no pagination, an echo that is not what was asked, or a body beyond the limit."""


class CursorLoopError(ContractError):
    """When a walk is sent back to a cursor it has been at."""
