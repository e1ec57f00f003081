"""A client of ClearGrid's export API, usable on its own, for example in a notebook.

Everything about the vendor's HTTP interface belongs here; what becomes of the rows does not. It depends on requests, a
JSON decoder and the standard library only: not on Dagster, pandas or a database.
"""

from cleargrid_assets.client.client import ClearGridClient, fetch_windows
from cleargrid_assets.client.dataset import D23, Dataset
from cleargrid_assets.client.envelope import Total
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
from cleargrid_assets.client.pagination import CompletedWindow
from cleargrid_assets.client.requester import Counters
from cleargrid_assets.client.retry import RetryPolicy
from cleargrid_assets.client.window import Window
from cleargrid_assets.client.window_planning import plan_windows
from cleargrid_assets.client.worker_pool import FetchResult, Progress, Statistics

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
