"""A computation that failed waits for a person; one whose process died is requested again, but not for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.jobs import COMPUTE_MONTH, REFRESH_SUMMARY
from cleargrid_assets.staleness import MAX_INTERRUPTIONS
from cleargrid_assets_tests.automation.test_follow_sensor import (
    FEBRUARY,
    MARCH,
    SUMMARY,
    add_unfinished_run,
    end_without_error,
    requests,
    run_until_quiet,
    spoil,
)
from cleargrid_assets_tests.platform_copies import compute_months, load_months

if TYPE_CHECKING:
    from cleargrid_assets_tests.platform_copies import StartAfter

pytestmark = pytest.mark.slow


def test_a_computation_that_was_interrupted_is_requested_again(start_after: StartAfter) -> None:
    platform = start_after(load_months, FEBRUARY)
    (requested,) = platform.requested_runs()
    interrupted = add_unfinished_run(platform, COMPUTE_MONTH, FEBRUARY, tags=requested.tags)
    assert requests(platform) == []
    end_without_error(platform, interrupted)
    assert requests(platform) == [(COMPUTE_MONTH, FEBRUARY)]


def test_a_computation_whose_process_always_dies_is_given_up(start_after: StartAfter) -> None:
    platform = start_after(load_months, FEBRUARY)
    for _ in range(MAX_INTERRUPTIONS):
        (requested,) = platform.requested_runs()
        end_without_error(platform, add_unfinished_run(platform, COMPUTE_MONTH, FEBRUARY, tags=requested.tags))
    assert requests(platform) == []
    assert platform.load(FEBRUARY).success
    assert requests(platform) == [(COMPUTE_MONTH, FEBRUARY)]


def test_a_computation_that_failed_in_the_run_that_loaded_its_month_waits_for_a_person(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MARCH)
    spoil(platform, "analytics.calling_hours")
    assert not platform.refresh(FEBRUARY).success
    assert run_until_quiet(platform) == [SUMMARY]


def test_a_scheduled_summary_that_failed_waits_for_a_person(start_after: StartAfter) -> None:
    platform = start_after(compute_months, FEBRUARY)
    spoil(platform, "analytics.unmapped_outcomes")
    assert not platform.run_job(REFRESH_SUMMARY).success
    assert requests(platform) == []


def test_a_computation_that_dagster_will_start_again_is_not_requested_beside_that(start_after: StartAfter) -> None:
    platform = start_after(load_months, FEBRUARY)
    (requested,) = platform.requested_runs()
    interrupted = add_unfinished_run(platform, COMPUTE_MONTH, FEBRUARY, tags=requested.tags)
    end_without_error(platform, interrupted)
    platform.instance.add_run_tags(interrupted.run_id, {"dagster/will_retry": "true"})
    assert requests(platform) == []
