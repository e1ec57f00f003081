"""ClearGrid's export API: login, windows, pages, errors. Usable on its own, in a notebook too.

Here: everything that is known about the vendor's HTTP interface. Not here: what becomes of the rows. It knows
requests, a JSON decoder and the standard library; neither Dagster nor pandas nor a database.
"""

from cleargrid_assets.client.answers import Total
from cleargrid_assets.client.client import ClearGridClient
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
    RequestRefusedError,
    ServerFaultError,
    SettingsError,
    TransientError,
    UnexpectedAnswerError,
    UnreachableError,
)
from cleargrid_assets.client.fetch import Fetched, Progress, Statistics, fetch_windows
from cleargrid_assets.client.retry import RetryPolicy
from cleargrid_assets.client.walk import WalkedWindow
from cleargrid_assets.client.window import Window, plan_windows

__all__ = [
    "D23",
    "AccessDeniedError",
    "ClearGridClient",
    "ClearGridError",
    "ContractError",
    "CursorLoopError",
    "Dataset",
    "DatasetUnavailableError",
    "Fetched",
    "LoginRejectedError",
    "PermanentError",
    "Progress",
    "QueryTooLargeError",
    "RateLimitedError",
    "RequestRefusedError",
    "RetryPolicy",
    "ServerFaultError",
    "SettingsError",
    "Statistics",
    "Total",
    "TransientError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "WalkedWindow",
    "Window",
    "fetch_windows",
    "plan_windows",
]
