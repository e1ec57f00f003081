"""A client of ClearGrid's export API, usable on its own, for example in a notebook.

Everything about the vendor's HTTP interface belongs here; what becomes of the rows does not. It depends on requests, a
JSON decoder and the standard library only: not on Dagster, pandas or a database. What reads the export is imported when
it is asked for: Dagster's definitions need only the errors and windows.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cleargrid_assets.client.dataset import D23, Dataset
from cleargrid_assets.client.errors import (
    AccessDeniedError,
    ClearGridError,
    ContractError,
    CursorLoopError,
    DatasetUnavailableError,
    LoginRejectedError,
    PermanentError,
    QueryTooLargeError,
    RateLimitedError,
    RequestBudgetError,
    RequestRefusedError,
    ServerFaultError,
    SettingsError,
    TransientError,
    UnexpectedAnswerError,
    UnreachableError,
)
from cleargrid_assets.client.window import Window, plan_windows

if TYPE_CHECKING:
    from cleargrid_assets.client.client import ClearGridClient, fetch_windows
    from cleargrid_assets.client.envelope import Total
    from cleargrid_assets.client.pagination import CompletedWindow
    from cleargrid_assets.client.requester import Counters
    from cleargrid_assets.client.retry import RetryPolicy
    from cleargrid_assets.client.worker_pool import FetchResult, Progress, Statistics

MODULES = {
    "ClearGridClient": "client",
    "CompletedWindow": "pagination",
    "Counters": "requester",
    "FetchResult": "worker_pool",
    "Progress": "worker_pool",
    "RetryPolicy": "retry",
    "Statistics": "worker_pool",
    "Total": "envelope",
    "fetch_windows": "client",
}
"""The names that are imported when they are asked for, and their modules."""

__all__ = [
    "D23",
    "AccessDeniedError",
    "ClearGridClient",
    "ClearGridError",
    "CompletedWindow",
    "ContractError",
    "Counters",
    "CursorLoopError",
    "Dataset",
    "DatasetUnavailableError",
    "FetchResult",
    "LoginRejectedError",
    "PermanentError",
    "Progress",
    "QueryTooLargeError",
    "RateLimitedError",
    "RequestBudgetError",
    "RequestRefusedError",
    "RetryPolicy",
    "ServerFaultError",
    "SettingsError",
    "Statistics",
    "Total",
    "TransientError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "Window",
    "fetch_windows",
    "plan_windows",
]


def __getattr__(name: str) -> Any:
    """Import what reads the export when it is asked for."""
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{MODULES[name]}"), name)


def __dir__() -> list[str]:
    """The public names, with those that are not imported yet."""
    return sorted({*globals(), *__all__})
