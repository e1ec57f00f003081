"""Runs of the same month wait for each other; runs of other months, and runs without a month, do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.test_utils import create_run_for_test
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon

from cleargrid_assets.commands.instance import dagster_home
from cleargrid_assets.jobs import REFRESH_MONTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dagster import DagsterRun

LOCATION = RegisteredCodeLocationOrigin("cleargrid_assets")
ORIGIN = RemoteJobOrigin(RemoteRepositoryOrigin(LOCATION, "__repository__"), REFRESH_MONTH)
APRIL, MAY = {"dagster/partition": "2026-04-01"}, {"dagster/partition": "2026-05-01"}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """Dagster as `cleargrid dev` and `cleargrid demo` configure it."""
    with dg.DagsterInstance.from_config(str(dagster_home("emulator"))) as configured:
        yield configured


def run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, tags: dict[str, str]) -> str:
    return create_run_for_test(
        instance, job_name=REFRESH_MONTH, status=status, tags=tags, remote_job_origin=ORIGIN
    ).run_id


def startable_runs(instance: dg.DagsterInstance) -> set[str]:
    """The queued runs that the daemon would start now."""
    daemon = QueuedRunCoordinatorDaemon(interval_seconds=1)
    runs: list[DagsterRun] = daemon._get_runs_to_dequeue(  # noqa: SLF001 - what the daemon asks itself
        instance, instance.get_concurrency_config(), fixed_iteration_time=None
    )
    return {each.run_id for each in runs}


def test_of_two_queued_runs_of_a_month_the_first_is_started(instance: dg.DagsterInstance) -> None:
    first = run(instance, dg.DagsterRunStatus.QUEUED, MAY)
    run(instance, dg.DagsterRunStatus.QUEUED, MAY)
    assert startable_runs(instance) == {first}


def test_a_run_waits_while_its_month_is_in_progress_and_others_do_not(instance: dg.DagsterInstance) -> None:
    run(instance, dg.DagsterRunStatus.STARTED, MAY)
    run(instance, dg.DagsterRunStatus.QUEUED, MAY)
    april = run(instance, dg.DagsterRunStatus.QUEUED, APRIL)
    summary = run(instance, dg.DagsterRunStatus.QUEUED, {})
    assert startable_runs(instance) == {april, summary}
