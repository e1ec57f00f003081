"""How many requests a load costs ClearGrid: hardly more than its rows fill pages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import ceil

import pytest

from cleargrid_assets.client import ClearGridClient, Window
from cleargrid_assets.emulator import Emulator
from cleargrid_assets.landing.read_month import LoadLimits, read_month
from cleargrid_assets.tables.d23 import D23

MAY = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize("concurrency", [1, 4, 16])
def test_a_small_month_is_counted_once_and_begins_with_no_window_of_fewer_than_two_pages(concurrency: int) -> None:
    limits = LoadLimits(concurrency, page_size=200, load_seconds=60, stall_seconds=30)
    with Emulator(rows_per_day=40, page_shares=[1.0], now=datetime(2026, 11, 1, tzinfo=UTC)) as server:
        account = server.credentials
        client = ClearGridClient(server.base_url, account.lender, account.email, account.password)
        load = read_month(client, D23, date(2026, 5, 1), MAY, limits)
        requests = [request for request in server.requests if request.path.endswith("/D23")]
    least = ceil(load.rows.num_rows / limits.page_size)
    assert least > 4
    assert ["includeTotal" in request.params for request in requests].count(True) == 1
    assert ["cursor" in request.params for request in requests].count(False) - 1 <= ceil(least / 2)
