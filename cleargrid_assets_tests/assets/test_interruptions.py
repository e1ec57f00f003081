"""A run that was asked to stop ends as interrupted, whatever its last error looks like, so that it is restarted."""

from __future__ import annotations

import signal

import duckdb
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError

from cleargrid_assets.failures import dagster_failures

ENDLESS = "SELECT sum(range) FROM range(1_000_000_000_000)"
ONE_THREAD = {"threads": 1}  # an interrupted query waits for what other threads have begun, which here would never end
SOON = 0.2


def test_a_query_that_a_signal_stopped_is_an_interruption() -> None:
    inherited = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with duckdb.connect(config=ONE_THREAD) as connection:
            signal.setitimer(signal.ITIMER_REAL, SOON)
            with pytest.raises(DagsterExecutionInterruptedError), dagster_failures():
                connection.execute(ENDLESS)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, inherited)


def test_a_cleanup_that_fails_does_not_hide_the_interruption() -> None:
    def raise_in_cleanup() -> None:
        try:
            raise DagsterExecutionInterruptedError
        finally:
            raise OSError("the connection is closed")

    with pytest.raises(DagsterExecutionInterruptedError), dagster_failures():
        raise_in_cleanup()
