"""A cancelled load ends by itself and changes nothing, even if its process never received the signal.

Python loses a signal that arrives while a compiled module is imported, so here none is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest

from cleargrid_assets.emulator.faults import ExportRequest, Fault

if TYPE_CHECKING:
    from starlette.responses import Response

    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

PAGE_SIZE = 10


class CancelWithFirstPage:
    """Cancels the run that is reading, as the UI does, and answers all of its requests."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self.requests = platform, 0

    def __call__(self, _: ExportRequest) -> Response | None:
        self.requests += 1
        if self.requests == 1:
            (run,) = self._platform.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
            self._platform.instance.report_run_canceling(run)
        return None


def requests_of_a_cancelled_load(platform: Platform) -> int:
    """The number of requests that a load of a landed month still sent; it ended as cancelled and wrote nothing."""
    assert platform.load().success
    landed, cancel = platform.version(), CancelWithFirstPage(platform)
    with platform.inject_fault(Fault("cancels the load", refuse=cancel)):
        run_id = platform.load(page_size=PAGE_SIZE, concurrency=1).run_id
    (run,) = platform.instance.get_runs(dg.RunsFilter(run_ids=[run_id]))
    assert run.status is dg.DagsterRunStatus.CANCELED
    assert platform.version() == landed
    return cancel.requests


def test_a_cancelled_load_ends_with_its_next_line_of_progress(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleargrid_assets.client.worker_pool.PROGRESS_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr("cleargrid_assets.client.worker_pool.POLL_SECONDS", 0.01)
    assert requests_of_a_cancelled_load(platform) < len(platform.truth()) / PAGE_SIZE


def test_a_load_that_was_cancelled_after_its_last_line_of_progress_writes_nothing(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleargrid_assets.client.worker_pool.PROGRESS_INTERVAL_SECONDS", 3600.0)
    assert requests_of_a_cancelled_load(platform) >= len(platform.truth()) / PAGE_SIZE
