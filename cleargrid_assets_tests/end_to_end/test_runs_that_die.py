"""Runs that are killed or cancelled under a real daemon: which are restarted, and that every slot is freed."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.jobs import COMPUTE_MONTH
from cleargrid_assets_tests.end_to_end.dagster_dev import ENDED, wait_until

if TYPE_CHECKING:
    from cleargrid_assets_tests.end_to_end.dagster_dev import RunningDagster

pytestmark = pytest.mark.slow

MONTHS = ["2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01", "2026-06-01"]
EVENTS = """query($id: ID!) { runOrError(runId: $id) { ... on Run { eventConnection { events {
    ... on MessageEvent { message } } } } } }"""


def pid_of(dagster: RunningDagster, run_id: str) -> int | None:
    """The id of the process that executes the run, from the run's own events."""
    events = dagster.run_query(EVENTS, id=run_id)["runOrError"]["eventConnection"]["events"]
    match = re.search(
        r"Executing steps in process \(pid: (\d+)\)", " ".join(event.get("message") or "" for event in events)
    )
    return int(match[1]) if match else None


def test_a_cancelled_backfill_leaves_no_slot_taken_and_the_next_one_works(dagster: RunningDagster) -> None:
    """Of five months, four occupy every slot and one waits. Pages are so slow that no month ends before the cancel."""
    dagster.emulator.api.page_delay_seconds = 14
    cancelled = dagster.launch(MONTHS)
    wait_until(
        lambda: any(run.status == "STARTED" for run in dagster.runs(cancelled)), "a run of the backfill to start"
    )
    dagster.cancel(cancelled)
    wait_until(lambda: {run.status for run in dagster.runs(cancelled)} <= ENDED, "the cancelled runs to end")
    assert "SUCCESS" not in {run.status for run in dagster.runs(cancelled)}
    dagster.emulator.api.page_delay_seconds = 0
    following = dagster.launch(MONTHS[:2])
    wait_until(lambda: [run.status for run in dagster.runs(following)] == ["SUCCESS"] * 2, "the next backfill")


def loads_of(dagster: RunningDagster, month: str) -> list[str]:
    """The statuses of the runs that load the month, the newest first."""
    return [run.status for run in dagster.runs() if run.month == month and run.job != COMPUTE_MONTH]


def test_a_month_whose_process_is_killed_is_loaded_once_more(dagster: RunningDagster) -> None:
    """By Dagster; or by our sensor, if Dagster calls the backfill finished before it starts the run again."""
    dagster.emulator.api.page_delay_seconds = 6
    backfill = dagster.launch(["2026-05-01"])
    wait_until(lambda: any(pid_of(dagster, run.run_id) for run in dagster.runs(backfill)), "the run to have a process")
    (killed,) = dagster.runs(backfill)
    os.kill(pid_of(dagster, killed.run_id) or 0, signal.SIGKILL)
    dagster.emulator.api.page_delay_seconds = 0
    wait_until(lambda: loads_of(dagster, "2026-05-01")[:2] == ["SUCCESS", "FAILURE"], "the second load to succeed")
