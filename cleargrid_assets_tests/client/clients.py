"""Clients with short waits, and complete loads through them.

What tests need to create a client belongs here; what they expect of it does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cleargrid_assets.client import D23, ClearGridClient, RetryPolicy, Window, plan_windows
from cleargrid_assets_tests.client.fault_server import EMAIL, LENDER, PASSWORD
from cleargrid_assets_tests.client.vendor_rows import END, START

if TYPE_CHECKING:
    from cleargrid_assets.client import FetchResult
    from cleargrid_assets_tests.client.fault_server import FaultServer

WINDOW = Window(START, END)
QUICK = RetryPolicy(base_seconds=0.002, cap_seconds=0.01, rate_limited_cap_seconds=0.02)
TARGET_ROWS = 300


def client_of(server: FaultServer, **overrides: Any) -> ClearGridClient:
    """A client of `server` that gives up within a second."""
    options = {"page_size": 100, "timeout_seconds": 1.0, "retry": QUICK, **overrides}
    return ClearGridClient(server.base_url, LENDER, EMAIL, PASSWORD, **options)


def load(client: ClearGridClient, **options: Any) -> FetchResult[list[Any]]:
    """Load the whole window, as landing does."""
    total = client.count(D23, WINDOW)
    return client.fetch(
        D23,
        plan_windows(WINDOW, total.total if total.exact else None, TARGET_ROWS),
        lambda rows, _window: rows,
        **{"stall_seconds": 5.0, **options},
    )


def rows_of(result: FetchResult[list[Any]]) -> list[Any]:
    """All rows in order of their windows."""
    return [row for window in result.windows for page in window.batches for row in page]
