"""After a month is loaded by hand, one run computes the month, and one run at the end the tables over all months."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from cleargrid_assets.assets.month_checks import blocking_checks
from cleargrid_assets.emulator.faults import FAULTS, ExportRequest, Fault
from cleargrid_assets.jobs import COMPUTE_MONTH, REFRESH_MONTH, REFRESH_SUMMARY
from cleargrid_assets.rules_version import rules_version
from cleargrid_assets.staleness import Backlog, DataVersions
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_copies import compute_months, load_months
from cleargrid_assets_tests.platform_under_test import LOGS, MAY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

MONTHS = ("2026-02-01", "2026-03-01", "2026-04-01")
FEBRUARY, MARCH, APRIL = MONTHS
SUMMARY = (REFRESH_SUMMARY, None)
UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def bad_rows_fault(month: str) -> Fault:
    """A fault that sends rows that cannot be landed, in one month only."""

    def alter(envelope: dict[str, Any], request: ExportRequest) -> dict[str, Any]:
        return FAULTS["bad-rows"].alter(envelope, request) if request.params["since"].startswith(month) else envelope

    return Fault(f"bad rows in {month}", alter=alter)


def requests(platform: Platform) -> list[tuple[str | None, str | None]]:
    """The job and the month of each run that the sensor requests at a tick."""
    return [(request.job_name, request.partition_key) for request in platform.requested_runs()]


def tick(platform: Platform) -> list[tuple[str | None, str | None]]:
    """Execute what the sensor requests at one tick, and return it."""
    requested = platform.requested_runs()
    for request in requested:
        platform.run_job(str(request.job_name), request.partition_key, request.tags)
    return [(request.job_name, request.partition_key) for request in requested]


def run_until_quiet(platform: Platform) -> list[tuple[str | None, str | None]]:
    """Execute what the sensor requests, tick by tick, until it requests nothing; return all of it."""
    executed: list[tuple[str | None, str | None]] = []
    while requested := tick(platform):
        executed += requested
        assert len(executed) < 20, executed
    return executed


def add_unfinished_run(
    platform: Platform,
    job: str,
    month: str | None,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED,
    tags: Mapping[str, str] | None = None,
) -> dg.DagsterRun:
    """Add a run of a job that another process is executing, or that waits in the queue."""
    definition = platform.definitions.resolve_job_def(job)
    partition = {"dagster/partition": month} if month else {}
    return platform.instance.create_run_for_job(definition, tags={**(tags or {}), **partition}, status=status)


def end_without_error(platform: Platform, run: dg.DagsterRun) -> None:
    """Mark an unfinished run as failed without a step's error, as Dagster does when the run's process has died."""
    platform.instance.report_run_failed(run)


def spoil(platform: Platform, table: str) -> None:
    """Let the table be one that no computation can write."""
    with platform.warehouse.writing() as connection:
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"CREATE TABLE {table} AS SELECT 1 AS a_column_that_is_not_ours")


def compute_february(platform: Platform) -> None:
    """An act: February is landed and computed, and then the tables over all months."""
    compute_months(platform, FEBRUARY)
    assert run_until_quiet(platform) == [SUMMARY]


def test_nothing_is_requested_on_an_empty_warehouse(platform: Platform) -> None:
    assert requests(platform) == []


def test_each_month_loaded_by_hand_is_computed_by_one_run_and_the_summary_comes_last(platform: Platform) -> None:
    load_months(platform, *MONTHS)
    assert run_until_quiet(platform) == [*((COMPUTE_MONTH, month) for month in MONTHS), SUMMARY]
    runs = platform.instance.get_runs()
    assert len(runs) == 2 * len(MONTHS) + 1
    assert all(run.is_success for run in runs)


def test_a_month_is_computed_while_others_are_still_loading_and_the_summary_waits_for_them(
    start_after: StartAfter,
) -> None:
    platform = start_after(load_months, FEBRUARY)
    loading = add_unfinished_run(platform, REFRESH_MONTH, MARCH)
    assert run_until_quiet(platform) == [(COMPUTE_MONTH, FEBRUARY)]
    end_without_error(platform, loading)
    assert run_until_quiet(platform) == [SUMMARY]


@pytest.mark.parametrize("status", UNFINISHED)
def test_a_month_that_a_run_is_working_on_is_not_computed_beside_it(
    start_after: StartAfter, status: dg.DagsterRunStatus
) -> None:
    platform = start_after(load_months, FEBRUARY)
    run = add_unfinished_run(platform, REFRESH_MONTH, FEBRUARY, status)
    assert requests(platform) == []
    end_without_error(platform, run)
    assert requests(platform) == [(COMPUTE_MONTH, FEBRUARY)]


def test_months_computed_by_the_daily_job_are_not_computed_again(platform: Platform) -> None:
    assert platform.run_job(REFRESH_MONTH, FEBRUARY).success
    assert run_until_quiet(platform) == [SUMMARY]


def test_a_summary_that_was_created_before_a_month_was_computed_is_made_again(start_after: StartAfter) -> None:
    """It may have read the month's tables before they were written, even though it ended afterwards."""
    platform = start_after(compute_months, FEBRUARY)
    created = add_unfinished_run(platform, REFRESH_SUMMARY, None)
    assert requests(platform) == []
    assert platform.run_job(REFRESH_MONTH, MARCH).success
    end_without_error(platform, created)
    assert run_until_quiet(platform) == [SUMMARY]


def test_a_table_recomputed_by_hand_from_the_same_rows_takes_nothing_along(start_after: StartAfter) -> None:
    platform = start_after(compute_february)
    core = [dg.AssetKey(["core", "outcome_spellings"]), dg.AssetKey(["core", "contact_attempts"])]
    job = platform.definitions.resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(partition_key=FEBRUARY, asset_selection=core, instance=platform.instance).success
    assert run_until_quiet(platform) == []


def test_changed_rules_compute_every_month_again_without_loading_it(
    start_after: StartAfter, clean_environment: Path
) -> None:
    header = "outcome,contact_class,result_class,aliases"
    (clean_environment / "outcomes.csv").write_text(f"{header}\nptp,right_party,refusal,PTP\n", encoding="utf-8")
    platform = start_after(compute_february)
    assert run_until_quiet(platform.with_variables(CLEARGRID_OUTCOMES="outcomes.csv")) == [
        (COMPUTE_MONTH, FEBRUARY),
        SUMMARY,
    ]


def test_an_upgrade_marks_the_months_that_lag_and_computes_them_again(
    start_after: StartAfter, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = start_after(compute_february)
    assert platform.run_job(REFRESH_MONTH, MARCH).success
    assert run_until_quiet(platform) == [SUMMARY]
    monkeypatch.setattr("cleargrid_assets.rules_version._sql_version", lambda: "upgraded")
    assert months_that_lag(platform) == [FEBRUARY, MARCH]
    assert run_until_quiet(platform) == [(COMPUTE_MONTH, FEBRUARY), (COMPUTE_MONTH, MARCH), SUMMARY]
    assert months_that_lag(platform) == []


def months_that_lag(platform: Platform) -> list[str]:
    """The months that the check on the rules lists."""
    key = dg.AssetCheckKey(dg.AssetKey(["analytics", "unmapped_outcomes"]), "every_month_follows_the_current_rules")
    job = platform.definitions.resolve_implicit_global_asset_job_def()
    run = job.get_subset(asset_selection=set(), asset_check_selection={key}).execute_in_process(
        instance=platform.instance
    )
    (check,) = run.get_asset_check_evaluations()
    offending = check.metadata.get("first_offending_rows")
    return [str(row.data["month"]) for row in offending.records] if isinstance(offending, dg.TableMetadataValue) else []


def test_a_month_with_a_failed_blocking_check_waits_until_it_is_loaded_again_and_holds_nobody_up(
    start_platform: Callable[..., Platform],
) -> None:
    platform = start_platform(faults=[bad_rows_fault("2026-03")], variables={"CLEARGRID_QUARANTINE_LIMIT": "0.001"})
    for month in MONTHS:
        assert platform.load(month).success is (month != MARCH)
    assert run_until_quiet(platform) == [(COMPUTE_MONTH, FEBRUARY), (COMPUTE_MONTH, APRIL), SUMMARY]
    assert platform.with_variables(CLEARGRID_QUARANTINE_LIMIT="1").load(MARCH).success
    assert run_until_quiet(platform) == [(COMPUTE_MONTH, MARCH), SUMMARY]


def test_a_later_load_that_fails_does_not_keep_the_landed_rows_from_being_computed(
    start_platform: Callable[..., Platform],
) -> None:
    platform = start_platform()
    assert platform.load(FEBRUARY).success
    assert not platform.with_variables(CLEARGRID_PASSWORD="wrong").load(FEBRUARY).success
    assert run_until_quiet(platform) == [(COMPUTE_MONTH, FEBRUARY), SUMMARY]


def test_while_the_rules_cannot_be_read_nothing_is_requested(start_after: StartAfter, clean_environment: Path) -> None:
    (clean_environment / "outcomes.csv").write_text("no,such,columns\n", encoding="utf-8")
    platform = start_after(load_months, FEBRUARY)
    assert requests(platform.with_variables(CLEARGRID_OUTCOMES="outcomes.csv")) == []
    assert requests(platform) == [(COMPUTE_MONTH, FEBRUARY)]


def test_a_computation_that_failed_waits_for_a_person_or_the_next_load(start_after: StartAfter) -> None:
    platform = start_after(load_months, FEBRUARY)
    spoil(platform, "analytics.calling_hours")
    assert run_until_quiet(platform) == [(COMPUTE_MONTH, FEBRUARY), SUMMARY]
    with platform.warehouse.writing() as connection:
        connection.execute("DROP TABLE analytics.calling_hours")
    assert requests(platform) == []
    assert platform.load(FEBRUARY).success
    assert run_until_quiet(platform) == [(COMPUTE_MONTH, FEBRUARY), SUMMARY]


def test_a_preview_neither_computes_nor_makes_a_failed_computation_run_again(start_after: StartAfter) -> None:
    platform = start_after(load_months, FEBRUARY)
    spoil(platform, "analytics.calling_hours")
    assert run_until_quiet(platform) == [(COMPUTE_MONTH, FEBRUARY), SUMMARY]
    assert platform.preview_job(FEBRUARY).success
    assert requests(platform) == []


def test_a_month_that_lost_a_row_to_another_months_load_is_computed_again(platform: Platform) -> None:
    in_march = {"communicated_at": "2026-03-20T09:00:00.000Z"}
    serve(platform, [row(1, **in_march), row(2, **in_march)])
    for month in (MARCH, MAY):
        assert platform.run_job(REFRESH_MONTH, month).success
    assert run_until_quiet(platform) == [SUMMARY]
    serve(platform, [row(1, updated_at="2026-06-02T00:00:00.000Z"), row(2, **in_march)])
    assert platform.run_job(REFRESH_MONTH, MAY).success
    assert run_until_quiet(platform) == [(COMPUTE_MONTH, MARCH), SUMMARY]
    assert platform.query("SELECT month::VARCHAR, count(*) FROM core.contact_attempts GROUP BY month ORDER BY 1") == [
        (MARCH, 1),
        (MAY, 1),
    ]


def test_a_month_that_an_earlier_release_loaded_without_todays_checks_is_computed(start_after: StartAfter) -> None:
    platform = start_after(load_months, FEBRUARY)
    versions = DataVersions(platform.instance, rules_version(platform.settings))
    assert Backlog(versions, {LOGS: blocking_checks(D23) | {"a_check_of_today"}}, ()).months() == [FEBRUARY]


def test_months_before_a_later_start_month_stay_as_they_are(start_after: StartAfter) -> None:
    platform = start_after(load_months, FEBRUARY, MARCH)
    assert requests(platform.with_variables(CLEARGRID_START_MONTH="2026-03")) == [(COMPUTE_MONTH, MARCH)]
