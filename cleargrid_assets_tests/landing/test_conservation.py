"""The conservation law: each received row is landed, quarantined or a collapsed duplicate, whatever is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleargrid_assets.client import ClearGridClient, RetryPolicy
from cleargrid_assets.emulator import Emulator
from cleargrid_assets.emulator.faults import FAULTS
from cleargrid_assets.landing.errors import ConservationError
from cleargrid_assets.landing.read_month import LoadLimits, read_month
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets_tests.fixed_rows import LoggedRows
from cleargrid_assets_tests.landing.rows_of_may import MAY, row

pytestmark = pytest.mark.slow

LIMITS = LoadLimits(concurrency=3, page_size=60, load_seconds=60, stall_seconds=30)
PASSING = (
    "server-errors",
    "bad-gateway",
    "unavailable",
    "request-timeouts",
    "half-json",
    "cut-bodies",
    "large-pages-time-out",
)
"""Faults that a load survives."""


@pytest.fixture(scope="module")
def emulator():
    """One server for all examples."""
    with Emulator() as running:
        yield running


def sent(numbers_and_damage):
    """A row of May for each number; some rows are sent twice and some are damaged."""
    return [
        row(
            number,
            communicated_at=f"2026-05-{number % 28 + 1:02d}T09:00:00.000Z",
            **({"is_active": "yes"} if is_bad else {}),
        )
        for number, is_bad in numbers_and_damage
    ]


def client_of(emulator):
    """A client that hardly waits between attempts."""
    known = emulator.credentials
    retry = RetryPolicy(attempts=20, base_seconds=0.001, cap_seconds=0.002)
    return ClearGridClient(emulator.base_url, known.lender, known.email, known.password, page_size=60, retry=retry)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.integers(1, 90), st.booleans()), max_size=150),
    faults=st.sets(st.sampled_from(PASSING), max_size=2),
)
def test_every_received_row_is_landed_quarantined_or_a_copy_under_any_faults(emulator, rows, faults):
    emulator.api.manual_logs = LoggedRows(sent(rows))
    emulator.api.faults = [FAULTS[name] for name in sorted(faults)]
    load = read_month(client_of(emulator), D23, date(2026, 5, 1), MAY, LIMITS)
    good = {number for number, is_bad in rows if not is_bad}
    assert set(pa.table(load.rows)["public_id"].to_pylist()) == {row(number)["public_id"] for number in good}
    assert load.rows.num_rows == len(good)
    assert len(load.quarantine) == sum(is_bad for _, is_bad in rows)
    assert load.rows_received == len(rows)
    assert load.rows_received == load.rows.num_rows + len(load.quarantine) + load.duplicates_collapsed


def test_a_load_that_lost_a_row_is_refused(emulator):
    emulator.api.manual_logs, emulator.api.faults = LoggedRows(sent([(1, False), (2, False)])), []
    load = read_month(client_of(emulator), D23, date(2026, 5, 1), MAY, LIMITS)
    with pytest.raises(ConservationError, match="3 rows were received but 2 landed"):
        replace(load, rows_received=3).verify_conservation()
