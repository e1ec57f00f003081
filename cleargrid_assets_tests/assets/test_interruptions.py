"""A run that was told to stop ends as interrupted, so that it is started again, whatever its last error looks like."""

from __future__ import annotations

import signal

import duckdb
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError

from cleargrid_assets.failures import dagster_failures

ENDLESS = "SELECT sum(a.range * b.range) FROM range(10_000_000) a, range(10_000_000) b"
SOON = 0.2


def test_a_query_that_a_signal_stopped_is_an_interruption() -> None:
    inherited = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, SOON)
        with pytest.raises(DagsterExecutionInterruptedError), dagster_failures():
            duckdb.sql(ENDLESS).fetchall()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, inherited)


def test_a_cleanup_that_fails_does_not_hide_the_interruption() -> None:
    def interrupted() -> None:
        try:
            raise DagsterExecutionInterruptedError
        finally:
            raise OSError("the connection is closed")

    with pytest.raises(DagsterExecutionInterruptedError), dagster_failures():
        interrupted()
