"""Each night ClearGrid counts every month, within a budget of requests; an unknown count changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from cleargrid_assets.asset_keys import UNPREFIXED
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.emulator.faults import FAULTS, ExportRequest, Fault, error
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.d21 import D21
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets_tests.automation.observing import OVERLOAD, counted_months, observe, summary, versions
from cleargrid_assets_tests.landing.communication_logs import BOTH
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import MAY, failure_of_step

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform

MONTHS = [f"2026-{month:02}" for month in range(1, 7)]
LATER = datetime(2026, 7, 3, 2, tzinfo=UTC)


def capped(month: str) -> Fault:
    """A fault that caps the count of one month."""

    def alter(envelope: dict[str, Any], request: ExportRequest) -> dict[str, Any]:
        is_month = request.params["since"].startswith(month)
        return FAULTS["total-capped"].alter(envelope, request) if is_month else envelope

    return Fault(f"the count of {month} is capped", alter=alter)


def refused(month: str, status: int = 500) -> Fault:
    """A fault that answers every request for one month with an error."""
    return Fault(
        f"requests for {month} fail",
        lambda request: error(status, "Oops", request.number) if request.params["since"].startswith(month) else None,
    )


def rows_at_cleargrid(platform: Platform, month: str) -> int:
    return len(platform.truth(f"{month}-01"))


def test_the_count_of_each_month_is_its_data_version_with_one_request_each_in_one_run(
    platform: Platform,
) -> None:
    assert observe(platform).success
    assert versions(platform) == {month: str(rows_at_cleargrid(platform, month)) for month in MONTHS}
    assert counted_months(platform) == MONTHS
    assert summary(platform)["months_counted"] == summary(platform)["requests"] == len(MONTHS)
    (run,) = platform.instance.get_runs()
    assert "dagster/partition" not in run.tags


def test_rows_that_are_logged_later_change_the_version_of_their_month_alone(platform: Platform) -> None:
    observe(platform)
    before = versions(platform)
    platform.emulator.now = datetime(2026, 6, 21, 12, tzinfo=UTC)
    observe(platform)
    changed = {month for month, version in versions(platform).items() if version != before[month]}
    assert changed == {"2026-06"}


def test_a_capped_count_keeps_the_months_version_and_is_listed(platform: Platform) -> None:
    observe(platform)
    before = versions(platform)
    with platform.inject_fault(capped("2026-04")):
        assert observe(platform).success
    assert versions(platform) == before
    assert summary(platform)["months_not_known"] == {"2026-04-01": "capped"}
    assert "Not known, so these months keep their version: 2026-04 (capped)." in summary(platform)["summary"]


def test_a_month_that_was_never_counted_has_no_version(platform: Platform) -> None:
    with platform.inject_fault(capped("2026-04")):
        observe(platform)
    assert versions(platform).keys() == {*MONTHS} - {"2026-04"}


@pytest.mark.parametrize(("status", "note"), [(500, "failed"), (400, "refused"), (404, "not available")])
def test_a_month_whose_count_fails_does_not_cost_the_others_theirs(platform: Platform, status: int, note: str) -> None:
    with platform.inject_fault(refused("2026-02", status)):
        assert observe(platform).success
    assert versions(platform).keys() == {*MONTHS} - {"2026-02"}
    assert summary(platform)["months_not_known"] == {"2026-02-01": note}


def test_a_count_that_breaks_the_contract_is_not_known(platform: Platform) -> None:
    with platform.inject_fault(FAULTS["no-pagination"]):
        assert observe(platform).success
    assert versions(platform) == {}
    assert set(summary(platform)["months_not_known"].values()) == {"unusable"}


def test_the_budget_is_kept_and_the_months_left_out_are_listed_and_come_first_next_time(
    start_platform: Callable[..., Platform],
) -> None:
    platform = start_platform(variables={"CLEARGRID_OBSERVE_REQUESTS": "4"})
    observe(platform)
    assert counted_months(platform) == MONTHS[:4]
    assert summary(platform)["months_left_out"] == ["2026-05-01", "2026-06-01"]
    assert "CLEARGRID_OBSERVE_REQUESTS was used up: 2026-05 to 2026-06. They come first" in summary(platform)["summary"]
    observe(platform)
    assert counted_months(platform)[4:] == [*MONTHS[4:], *MONTHS[:2]]
    assert versions(platform).keys() == {*MONTHS}


def test_after_two_counts_that_an_overload_refuses_the_others_are_left_out_and_the_summary_says_why(
    platform: Platform,
) -> None:
    with platform.inject_fault(OVERLOAD):
        assert observe(platform).success
    assert counted_months(platform) == MONTHS[:2]
    assert summary(platform)["months_not_known"] == dict.fromkeys(["2026-01-01", "2026-02-01"], "rate limited")
    assert "because ClearGrid was overloaded or out of reach: 2026-03 to 2026-06." in summary(platform)["summary"]


def test_repeated_requests_count_against_the_budget_too(start_platform: Callable[..., Platform]) -> None:
    platform = start_platform(variables={"CLEARGRID_OBSERVE_REQUESTS": "3"}, faults=[refused("2026-01")])
    observe(platform)
    assert counted_months(platform) == ["2026-01"] * 3
    assert summary(platform)["months_not_known"] == {"2026-01-01": "budget used up"}
    observe(platform)
    assert counted_months(platform)[3:] == MONTHS[1:4]


def test_a_run_of_one_partition_observes_that_month_alone(platform: Platform) -> None:
    assert platform.run_job("observe_cleargrid", MAY).success
    assert counted_months(platform) == ["2026-05"]


def test_a_run_of_one_partition_leaves_every_months_version_as_it_is(platform: Platform) -> None:
    observe(platform)
    before = versions(platform)
    assert platform.run_job("observe_cleargrid", MAY).success
    assert versions(platform) == before


def test_both_datasets_are_observed_within_one_budget(start_platform: Callable[..., Platform]) -> None:
    platform = start_platform(variables={**BOTH, "CLEARGRID_OBSERVE_REQUESTS": "9"})
    observe(platform)
    assert len(counted_months(platform)) == 9
    assert len(versions(platform, D23)) + len(versions(platform, D21)) == 9
    assert len(summary(platform, D23)["months_left_out"]) + len(summary(platform, D21)["months_left_out"]) == 3


def test_a_refused_login_fails_the_run_with_its_sentence_and_leaves_no_observation(platform: Platform) -> None:
    failure = failure_of_step(observe(platform.with_variables(CLEARGRID_PASSWORD="wrong")))
    assert failure["error"] == "LoginRejectedError"
    assert platform.instance.fetch_observations(UNPREFIXED.source(D23), limit=1).records == []


def test_a_wrong_setting_fails_the_run_before_anything_is_sent(platform: Platform) -> None:
    failure = failure_of_step(observe(platform.with_variables(CLEARGRID_OBSERVE_REQUESTS="0")))
    assert failure["error"] == "SettingsError"
    assert "CLEARGRID_OBSERVE_REQUESTS" in failure["description"]
    assert counted_months(platform) == []


def test_a_warehouse_of_another_time_zone_is_refused_before_a_month_is_counted(start_after: StartAfter) -> None:
    platform = start_after(load_months, MAY)
    failure = failure_of_step(observe(platform.with_variables(CLEARGRID_TIMEZONE="Asia/Dubai")))
    assert failure["error"] == "WarehouseIdentityError"
    assert counted_months(platform) == []


@pytest.mark.parametrize("variables", [{}, BOTH])
def test_the_schedule_requests_one_run_a_night_at_two_in_the_configured_zone(variables: dict[str, str]) -> None:
    definitions = build_definitions(Settings({"CLEARGRID_TIMEZONE": "Asia/Dubai", **variables}))
    repository = definitions.get_repository_def()
    schedule = repository.get_schedule_def("observe_cleargrid_daily")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "Asia/Dubai")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    tick = dg.build_schedule_context(scheduled_execution_time=LATER, repository_def=repository)
    (request,) = schedule.evaluate_tick(tick).run_requests or []
    assert request.partition_key is None
