"""Interrupted loads of a finished backfill are restarted once; run retries take care of all other runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from cleargrid_assets.jobs import REFRESH_MONTH
from cleargrid_assets_tests.platform_under_test import LOGS, MAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets_tests.platform_under_test import Platform

BACKFILL, RUN = "backfill", "run"
INTERRUPTED = {"dagster/backfill": BACKFILL, "dagster/partition": MAY, "dagster/will_retry": "true"}


@pytest.fixture
def platform(start_platform: Callable[..., Platform]) -> Platform:
    return start_platform()


def add_backfill(platform: Platform, status: BulkActionStatus) -> None:
    """A backfill as Dagster lists it."""
    backfill = PartitionBackfill(
        backfill_id=BACKFILL,
        status=status,
        from_failure=False,
        tags={},
        backfill_timestamp=datetime.now(UTC).timestamp(),
        partition_names=[MAY],
    )
    platform.instance.add_backfill(backfill)


def fail(
    platform: Platform,
    tags: dict[str, str],
    job: str = REFRESH_MONTH,
    assets: frozenset[dg.AssetKey] | None = None,
    config: dict[str, Any] | None = None,
) -> None:
    """A run that failed."""
    run = dg.DagsterRun(job, run_id=RUN, tags=tags, asset_selection=assets, run_config=config)
    platform.instance.add_run(run)
    platform.instance.report_run_failed(run)


def requests(platform: Platform) -> list[dg.RunRequest]:
    sensor = platform.definitions.resolve_sensor_def("interrupted_months_resume")
    repository = platform.definitions.get_repository_def()
    with dg.build_sensor_context(platform.instance, repository_def=repository) as context:
        return list(sensor.evaluate_tick(context).run_requests or [])


def test_an_interrupted_run_of_a_finished_backfill_is_restarted_for_its_month_under_one_key(platform: Platform) -> None:
    """Dagster starts one run for each key, however often it is requested."""
    add_backfill(platform, BulkActionStatus.COMPLETED_SUCCESS)
    fail(platform, INTERRUPTED)
    for _ in range(2):
        (request,) = requests(platform)
        assert (request.partition_key, request.run_key) == (MAY, RUN)
    platform.instance.add_run(dg.DagsterRun(REFRESH_MONTH, tags={"dagster/run_key": RUN}))
    assert requests(platform) == []


def test_a_month_before_a_later_start_month_is_not_restarted(platform: Platform) -> None:
    add_backfill(platform, BulkActionStatus.COMPLETED_SUCCESS)
    fail(platform, INTERRUPTED)
    assert requests(platform.with_variables(CLEARGRID_START_MONTH="2026-06")) == []


@pytest.mark.parametrize(("asset", "restarted"), [(LOGS, 1), (dg.AssetKey(["analytics", "kpi_monthly"]), 0)])
def test_of_an_assets_backfill_that_failed_with_its_code_server_the_loads_are_restarted(
    platform: Platform, asset: dg.AssetKey, restarted: int
) -> None:
    add_backfill(platform, BulkActionStatus.FAILED)
    fail(platform, INTERRUPTED, "__ASSET_JOB", frozenset([asset]))
    assert len(requests(platform)) == restarted


@pytest.mark.parametrize("status", [BulkActionStatus.REQUESTED, BulkActionStatus.CANCELED])
def test_a_backfill_that_is_going_on_or_was_cancelled_is_left_alone(
    platform: Platform, status: BulkActionStatus
) -> None:
    add_backfill(platform, status)
    fail(platform, INTERRUPTED)
    assert requests(platform) == []


@pytest.mark.parametrize(
    ("tags", "job"),
    [
        ({**INTERRUPTED, "dagster/will_retry": "false"}, REFRESH_MONTH),
        ({**INTERRUPTED, "dagster/auto_retry_run_id": "another"}, REFRESH_MONTH),
        ({"dagster/partition": MAY, "dagster/will_retry": "true"}, REFRESH_MONTH),
        (INTERRUPTED, "somebody_elses_job"),
    ],
    ids=["failed for good", "retried by Dagster", "not of a backfill", "of another job"],
)
def test_other_failed_runs_are_left_alone(platform: Platform, tags: dict[str, str], job: str) -> None:
    add_backfill(platform, BulkActionStatus.COMPLETED_SUCCESS)
    fail(platform, tags, job)
    assert requests(platform) == []


def test_a_preview_is_never_started_again_as_a_load(platform: Platform) -> None:
    add_backfill(platform, BulkActionStatus.COMPLETED_SUCCESS)
    fail(platform, INTERRUPTED, config={"ops": {LOGS.to_python_identifier(): {"config": {"preview": True}}}})
    assert requests(platform) == []
