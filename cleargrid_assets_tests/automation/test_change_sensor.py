"""An older month that changed at ClearGrid is loaded again by itself: once, by name, and no other month."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from cleargrid_assets.emulator.faults import FAULTS, ExportRequest, Fault
from cleargrid_assets.jobs import OBSERVE_CLEARGRID, REFRESH_MONTH
from cleargrid_assets_tests.automation.observing import observe, summary
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.communication_logs import BOTH
from cleargrid_assets_tests.landing.communication_logs import load as load_d21
from cleargrid_assets_tests.landing.communication_logs import row as row_of_d21
from cleargrid_assets_tests.landing.communication_logs import serve as serve_d21
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import MAY
from cleargrid_assets_tests.warehouse_kinds import FILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

MUCH_LATER = datetime(2027, 9, 20, 2, tzinfo=UTC)
"""When the schedules read the months from June 2026 on."""

ONE_MORE = "D23: count 3 instead of 2 at load 1"


def load_two_rows(platform: Platform) -> None:
    """Two rows of May are landed."""
    serve(platform, [row(1), row(2)])
    load_months(platform, MAY)


@pytest.fixture
def platform(start_after: StartAfter) -> Platform:
    """The platform long after that."""
    return start_after(load_two_rows, variables={"CLEARGRID_START_MONTH": "2026-04"}, now=MUCH_LATER)


def night(platform: Platform) -> list[dg.RunRequest]:
    """Observe ClearGrid, and return the loads that the sensor then requests."""
    assert observe(platform, MUCH_LATER).success
    return requests(platform)


def requests(platform: Platform) -> list[dg.RunRequest]:
    return list(platform.requested_runs("changed_months_refresh"))


def months(requested: list[dg.RunRequest]) -> list[str | None]:
    return [request.partition_key for request in requested]


def add_a_row(platform: Platform) -> None:
    serve(platform, [row(1), row(2), row(3)])


def test_nothing_is_requested_before_the_first_observation(platform: Platform) -> None:
    add_a_row(platform)
    assert requests(platform) == []


def test_nothing_is_requested_while_the_counts_are_those_of_the_last_loads(platform: Platform) -> None:
    assert night(platform) == []


def test_an_older_month_whose_count_moved_is_loaded_again_and_then_no_more(platform: Platform) -> None:
    add_a_row(platform)
    (request,) = night(platform)
    assert (request.partition_key, request.tags["cleargrid/change"]) == (MAY, ONE_MORE)
    assert "2026-05 (count 3 instead of 2 at load 1)" in summary(platform)["summary"]
    assert platform.run_job(REFRESH_MONTH, MAY, request.tags).success
    assert len(platform.landed()) == 3
    assert requests(platform) == []
    assert night(platform) == []


def test_a_month_before_a_later_start_month_is_left_alone(platform: Platform) -> None:
    add_a_row(platform)
    assert months(night(platform)) == [MAY]
    assert requests(platform.with_variables(CLEARGRID_START_MONTH="2026-06")) == []


def test_one_change_has_one_run_key_however_often_it_is_observed(platform: Platform) -> None:
    """Dagster starts one run for each key."""
    add_a_row(platform)
    (first,) = night(platform)
    assert not platform.with_variables(CLEARGRID_PASSWORD="wrong").run_job(REFRESH_MONTH, MAY, first.tags).success
    assert {request.run_key for _ in range(2) for request in night(platform)} == {first.run_key}


def test_a_count_that_comes_back_after_a_load_has_a_run_key_of_its_own(platform: Platform) -> None:
    keys = []
    for number in (3, 2, 3):
        serve(platform, [row(each + 1) for each in range(number)])
        (request,) = night(platform)
        keys.append(request.run_key)
        assert platform.load().success
    assert len({*keys}) == 3


@pytest.mark.parametrize("warehouse_variables", [FILE], indirect=True)
def test_a_change_that_a_restored_warehouse_has_lost_is_loaded_again(platform: Platform) -> None:
    backup = platform.file.read_bytes()
    add_a_row(platform)
    (first,) = night(platform)
    assert platform.run_job(REFRESH_MONTH, MAY, first.tags).success
    platform.file.write_bytes(backup)
    (again,) = night(platform)
    assert again.tags["cleargrid/change"] == first.tags["cleargrid/change"]
    assert again.run_key != first.run_key


def test_a_second_dataset_that_lands_does_not_repeat_the_load_of_one_that_fails(
    start_platform: Callable[..., Platform],
) -> None:
    platform = start_platform(variables={"CLEARGRID_START_MONTH": "2026-05", **BOTH}, now=MUCH_LATER)
    serve(platform, [row(1), row(2)])
    serve_d21(platform, [row_of_d21(1)])
    assert platform.load().success
    assert load_d21(platform).success
    add_a_row(platform)
    serve_d21(platform, [row_of_d21(1), row_of_d21(2)])
    (first,) = night(platform)
    assert load_d21(platform).success
    (second,) = requests(platform)
    assert load_d21(platform).success
    assert [request.run_key for request in requests(platform)] == [second.run_key]
    assert first.run_key != second.run_key


def test_a_month_that_is_being_loaded_waits(platform: Platform) -> None:
    add_a_row(platform)
    definition = platform.definitions.resolve_job_def(REFRESH_MONTH)
    running = platform.instance.create_run_for_job(
        definition, tags={"dagster/partition": MAY}, status=dg.DagsterRunStatus.STARTED
    )
    assert night(platform) == []
    platform.instance.report_run_failed(running)
    assert months(requests(platform)) == [MAY]


def test_an_observation_of_one_month_by_hand_leaves_the_changes_of_the_others_on_record(platform: Platform) -> None:
    add_a_row(platform)
    (request,) = night(platform)
    assert platform.run_job(OBSERVE_CLEARGRID, "2026-04-01").success
    assert [again.run_key for again in requests(platform)] == [request.run_key]


@pytest.mark.parametrize("observed", [None, "2026-04-01"], ids=["every month", "another month by hand"])
def test_a_month_that_is_loaded_during_an_observation_is_not_loaded_again(
    platform: Platform, observed: str | None
) -> None:
    loads: list[bool] = []

    def load_once(envelope: dict[str, Any], _: ExportRequest) -> dict[str, Any]:
        if not loads:
            loads.append(True)
            assert platform.load().success
        return envelope

    add_a_row(platform)
    assert months(night(platform)) == [MAY]
    with platform.inject_fault(Fault("May is loaded during the first count", alter=load_once)):
        assert platform.run_job(OBSERVE_CLEARGRID, observed).success
    assert loads
    assert requests(platform) == []


def test_a_capped_count_starts_nothing(platform: Platform) -> None:
    add_a_row(platform)
    with platform.inject_fault(FAULTS["total-capped"]):
        assert night(platform) == []
    assert summary(platform)["months_not_known"][MAY] == "capped"


def test_a_month_that_the_schedules_read_is_left_to_them(platform: Platform) -> None:
    add_a_row(platform)
    recent = datetime(2026, 6, 20, 2, tzinfo=UTC)
    assert observe(platform, recent).success
    assert requests(platform) == []


def test_a_month_that_was_never_loaded_is_not_started(platform: Platform) -> None:
    serve(platform, [row(1), row(2), row(3, communicated_at="2026-04-03T08:00:00.000Z")])
    assert night(platform) == []


def test_a_month_whose_load_counted_nothing_exactly_is_compared_with_the_rows_it_received(platform: Platform) -> None:
    with platform.inject_fault(FAULTS["total-capped"]):
        assert platform.load().success
    assert night(platform) == []
    add_a_row(platform)
    assert [request.tags["cleargrid/change"] for request in night(platform)] == ["D23: count 3 instead of 2 at load 2"]


def test_a_change_in_the_second_dataset_has_its_month_loaded_again(start_platform: Callable[..., Platform]) -> None:
    platform = start_platform(variables={"CLEARGRID_START_MONTH": "2026-04", **BOTH}, now=MUCH_LATER)
    serve(platform, [row(1), row(2)])
    serve_d21(platform, [row_of_d21(1)])
    assert platform.load().success
    assert load_d21(platform).success
    serve_d21(platform, [row_of_d21(1), row_of_d21(2)])
    (request,) = night(platform)
    assert (request.partition_key, request.tags["cleargrid/change"]) == (MAY, "D21: count 2 instead of 1 at load 1")
