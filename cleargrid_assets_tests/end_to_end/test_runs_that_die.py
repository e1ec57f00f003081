"""Runs that are killed or cancelled under a real daemon: what is started again, and that no slot stays taken."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

from cleargrid_assets.jobs import COMPUTE_MONTH
from cleargrid_assets_tests.end_to_end.dagster_dev import ENDED, until

if TYPE_CHECKING:
    from cleargrid_assets_tests.end_to_end.dagster_dev import Site

MONTHS = ["2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01", "2026-06-01"]
EVENTS = """query($id: ID!) { runOrError(runId: $id) { ... on Run { eventConnection { events {
    ... on MessageEvent { message } } } } } }"""


def pid_of(site: Site, run_id: str) -> int | None:
    """The process that executes the run, as the run itself says."""
    events = site.run_query(EVENTS, id=run_id)["runOrError"]["eventConnection"]["events"]
    match = re.search(
        r"Executing steps in process \(pid: (\d+)\)", " ".join(event.get("message") or "" for event in events)
    )
    return int(match[1]) if match else None


def test_a_cancelled_backfill_leaves_no_slot_taken_and_the_next_one_works(site: Site) -> None:
    """Five months: four take every slot and one waits. Pages take so long that no month ends before the cancel."""
    site.emulator.api.page_delay_seconds = 14
    cancelled = site.launch(MONTHS)
    until(lambda: any(run.status == "STARTED" for run in site.runs(cancelled)), "a run of the backfill to start")
    site.cancel(cancelled)
    until(lambda: {run.status for run in site.runs(cancelled)} <= ENDED, "the cancelled runs to end")
    assert "SUCCESS" not in {run.status for run in site.runs(cancelled)}
    site.emulator.api.page_delay_seconds = 0
    following = site.launch(MONTHS[:2])
    until(lambda: [run.status for run in site.runs(following)] == ["SUCCESS"] * 2, "the next backfill")


def loads_of(site: Site, month: str) -> list[str]:
    """The statuses of the runs that load the month, the newest first."""
    return [run.status for run in site.runs() if run.month == month and run.job != COMPUTE_MONTH]


def test_a_month_whose_process_is_killed_is_loaded_once_more(site: Site) -> None:
    """By Dagster; or by our sensor, if Dagster calls the backfill finished before it starts the run again."""
    site.emulator.api.page_delay_seconds = 6
    backfill = site.launch(["2026-05-01"])
    until(lambda: any(pid_of(site, run.run_id) for run in site.runs(backfill)), "the run to have a process")
    (killed,) = site.runs(backfill)
    os.kill(pid_of(site, killed.run_id) or 0, signal.SIGKILL)
    site.emulator.api.page_delay_seconds = 0
    until(lambda: loads_of(site, "2026-05-01") == ["SUCCESS", "FAILURE"], "the second load to succeed")
