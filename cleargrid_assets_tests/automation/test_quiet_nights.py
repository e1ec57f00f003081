"""A re-read that finds nothing changed computes nothing that follows from rows alone; every figure stays correct."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
import pytest
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.storage.tags import BACKFILL_ID_TAG

from cleargrid_assets.asset_keys import UNPREFIXED
from cleargrid_assets.jobs import CHECK_MONTHS, COMPUTE_MONTH, OBSERVE_CLEARGRID, REFRESH_MONTH, REFRESH_SUMMARY
from cleargrid_assets.staleness import MONTHLY as DERIVED
from cleargrid_assets_tests.automation.test_follow_sensor import run_until_quiet
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_copies import compute_months, load_months
from cleargrid_assets_tests.platform_under_test import LOADS, LOGS, MAY, failure_of_step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

NIGHT = datetime(2026, 6, 20, 3, tzinfo=UTC)
SCHEDULES = ("refresh_recent_months", "observe_cleargrid_daily", "refresh_summary_daily", "check_months_daily")
SIDE_TABLES = {f"raw/d23_{name}" for name in ("quarantine", "loads", "changes")}
WRITTEN_BY_A_LOAD = {
    LOGS.to_user_string(), *SIDE_TABLES, "analytics/cohort_contact", "analytics/kpi_monthly", "analytics/ptp_vintage"
}  # fmt: skip
MONTHLY = UNPREFIXED.tables(DERIVED)
EVERYTHING = WRITTEN_BY_A_LOAD | {table.to_user_string() for table in MONTHLY}
MATURE = "SELECT denominator FROM analytics.kpi_monthly WHERE metric = 'broken_per_mature_promise' AND slice = 'all'"
OBSERVATIONS = "SELECT load_number, sum(promises), sum(broken) FROM analytics.ptp_vintage GROUP BY ALL ORDER BY 1"


def materialized(run: dg.ExecuteInProcessResult) -> set[str]:
    """The assets that a successful run materialized."""
    assert run.success
    return {str(event.asset_key.to_user_string()) for event in run.all_events if event.is_step_materialization}


def started_steps(run: dg.ExecuteInProcessResult) -> list[str | None]:
    return [event.step_key for event in run.all_events if event.is_step_start]


def run_assets(platform: Platform, assets: Sequence[dg.AssetKey], **tags: str) -> dg.ExecuteInProcessResult:
    """Materialize a selection of assets, as a person does by hand."""
    job = platform.definitions.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        partition_key=MAY, asset_selection=assets, instance=platform.instance, tags=tags, raise_on_error=False
    )


def derived_rows(platform: Platform) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table that is computed from a month."""
    tables = [table.qualified_name for table in DERIVED]
    return {table: platform.query(f"SELECT * FROM {table} ORDER BY ALL") for table in tables}


def change(platform: Platform, statement: str) -> None:
    with platform.warehouse.writing() as connection:
        connection.execute(statement)


def run_night(platform: Platform) -> Counter[str]:
    """Execute what the schedules of a night request, each followed by what the sensors request; count runs by job."""
    repository = platform.definitions.get_repository_def()
    runs: Counter[str] = Counter()
    for name in SCHEDULES:
        schedule = repository.get_schedule_def(name)
        with dg.build_schedule_context(
            platform.instance, scheduled_execution_time=NIGHT, repository_def=repository
        ) as context:
            requests = schedule.evaluate_tick(context).run_requests or []
        for request in requests:
            assert platform.run_job(schedule.job_name, request.partition_key, request.tags).success
        runs[schedule.job_name] += len(requests)
        runs.update(str(job) for job, _ in run_until_quiet(platform))
        runs.update(str(request.job_name) for request in platform.requested_runs("changed_months_refresh"))
    return runs


def test_a_quiet_night_costs_the_loads_one_observation_one_summary_and_the_checks(
    start_platform: Callable[..., Platform],
) -> None:
    platform = start_platform(rows_per_day=4, variables={"CLEARGRID_TRAILING_MONTHS": "1"})
    quiet = {REFRESH_MONTH: 2, OBSERVE_CLEARGRID: 1, REFRESH_SUMMARY: 1, CHECK_MONTHS: 1}
    assert run_night(platform) == {**quiet, REFRESH_SUMMARY: 2}
    for _ in range(2):
        assert run_night(platform) == quiet
    written = derived_rows(platform)
    for (month,) in platform.query("SELECT DISTINCT month::VARCHAR FROM core.contact_attempts"):
        assert platform.run_job(COMPUTE_MONTH, str(month)).success
    assert derived_rows(platform) == written


def test_a_re_read_that_finds_nothing_changed_starts_no_step_but_the_load(platform: Platform) -> None:
    assert materialized(platform.refresh()) == EVERYTHING
    again = platform.refresh()
    assert started_steps(again) == [LOGS.to_python_identifier()]
    assert materialized(again) == WRITTEN_BY_A_LOAD


def test_a_load_by_hand_that_finds_nothing_changed_writes_what_depends_on_its_time(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MAY)
    platform.run_job(REFRESH_SUMMARY)
    ((first, *figures),) = platform.query(OBSERVATIONS)
    assert materialized(platform.load()) == WRITTEN_BY_A_LOAD
    assert run_until_quiet(platform) == []
    assert platform.query(OBSERVATIONS) == [(first, *figures), (first + 1, *figures)]


def test_a_selection_by_hand_computes_nothing_either_and_a_table_on_its_own_is_always_computed(
    start_after: StartAfter,
) -> None:
    platform = start_after(compute_months, MAY)
    mix = dg.AssetKey(["analytics", "outcome_mix"])
    assert materialized(run_assets(platform, [LOGS, *MONTHLY])) == WRITTEN_BY_A_LOAD
    assert materialized(run_assets(platform, [mix])) == {mix.to_user_string()}


def test_a_backfill_of_assets_sees_every_table_that_it_waits_for(start_after: StartAfter) -> None:
    """Dagster ends it as failed if one of its tables has no materialization."""
    platform = start_after(compute_months, MAY)
    selection = [LOGS, *MONTHLY]
    backfill = PartitionBackfill.from_asset_partitions(
        "b", platform.definitions.resolve_asset_graph(), [MAY], selection, NIGHT.timestamp(), {}, platform.instance,
        all_partitions=False, title=None, description=None, run_config=None,
    )  # fmt: skip
    platform.instance.add_backfill(backfill)
    run = run_assets(platform, selection, **{BACKFILL_ID_TAG: "b"})
    assert started_steps(run) == [LOGS.to_python_identifier()]
    assert materialized(run) == EVERYTHING


def test_promises_mature_with_every_load_also_with_one_that_finds_nothing_changed(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MAY)
    promised = platform.query(MATURE)
    change(platform, f"UPDATE {LOADS} SET loaded_at = until + INTERVAL 5 DAY")
    assert platform.run_job(COMPUTE_MONTH, MAY).success
    assert 0 < platform.query(MATURE)[0][0] < promised[0][0]
    assert materialized(platform.refresh()) == WRITTEN_BY_A_LOAD
    assert platform.query(MATURE) == promised


def test_a_flag_that_changed_computes_the_month_and_the_summary(platform: Platform) -> None:
    serve(platform, [row(1), row(2)])
    platform.refresh()
    assert run_until_quiet(platform) == [(REFRESH_SUMMARY, None)]
    serve(platform, [row(1), row(2, is_ptp_broken=True)])
    assert materialized(platform.refresh()) == EVERYTHING
    assert run_until_quiet(platform) == [(REFRESH_SUMMARY, None)]
    assert [broken for _, _, broken in platform.query(OBSERVATIONS)] == [0, 1]


def test_a_month_that_was_never_computed_is_computed_although_its_rows_are_unchanged(start_after: StartAfter) -> None:
    platform = start_after(load_months, MAY)
    assert materialized(platform.refresh()) == EVERYTHING


def test_a_month_under_other_rules_is_computed_although_its_rows_are_unchanged(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MAY)
    changed = platform.with_variables(CLEARGRID_ROW_SCOPE="all")
    assert materialized(changed.refresh()) == EVERYTHING
    assert materialized(changed.refresh()) == WRITTEN_BY_A_LOAD


@pytest.mark.parametrize("table", ["core.contact_attempts", "analytics.outcome_mix", "analytics.calling_hours"])
def test_a_table_that_lost_rows_is_repaired_by_the_next_re_read(start_after: StartAfter, table: str) -> None:
    platform = start_after(compute_months, MAY)
    rows = platform.query(f"SELECT * FROM {table} ORDER BY ALL")
    change(platform, f"DELETE FROM {table}")
    assert materialized(platform.refresh()) == EVERYTHING
    assert platform.query(f"SELECT * FROM {table} ORDER BY ALL") == rows


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM core.outcome_spellings",
        "UPDATE core.contact_attempts SET rules_version = 'those of a restored warehouse'",
        "UPDATE analytics.outcome_mix SET load_number = 0",
    ],
)
def test_tables_that_the_warehouse_does_not_hold_as_the_event_log_says_are_computed(
    start_after: StartAfter, statement: str
) -> None:
    platform = start_after(compute_months, MAY)
    expected = derived_rows(platform)
    change(platform, statement)
    assert materialized(platform.refresh()) == EVERYTHING
    vintage = "analytics.ptp_vintage"  # which gains an observation with every load
    assert {**derived_rows(platform), vintage: None} == {**expected, vintage: None}


def test_a_table_that_cannot_be_checked_does_not_keep_the_rows_from_landing(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MAY)
    change(platform, "DROP TABLE analytics.outcome_mix")
    change(platform, "CREATE OR REPLACE TABLE analytics.outcome_mix AS SELECT 1 AS a_column_that_is_not_ours")
    run = platform.refresh()
    assert failure_of_step(run)["description"].startswith("analytics.outcome_mix: BinderException")
    recorded = {event.asset_key.to_user_string() for event in run.all_events if event.is_step_materialization}
    assert recorded == EVERYTHING - {"analytics/outcome_mix"}


def test_the_checks_of_tables_that_were_not_computed_are_up_to_date(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MAY)
    again = platform.refresh()
    storage = platform.instance.event_log_storage
    monthly = {LOGS, *MONTHLY}
    keys = [
        node.key
        for node in platform.definitions.resolve_asset_graph().asset_check_nodes
        if node.key.asset_key in monthly
    ]
    infos = storage.get_asset_check_partition_info(keys, partition_keys=[MAY])
    assert {info.check_key for info in infos} == set(keys)
    assert {info.latest_planned_run_id for info in infos} == {again.run_id}
    assert all(info.is_current for info in infos)
    assert {info.check_key.name for info in infos if info.latest_execution_status.value != "SUCCEEDED"} <= {
        "outcomes_are_mapped"
    }


def test_only_what_every_night_writes_has_a_freshness_badge(platform: Platform) -> None:
    nodes = platform.definitions.resolve_asset_graph().asset_nodes
    monthly = {node.key.to_user_string() for node in nodes if node.freshness_policy and node.partitions_def}
    assert monthly == WRITTEN_BY_A_LOAD - SIDE_TABLES


def test_rules_that_cannot_be_read_do_not_keep_the_rows_from_landing(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MAY)
    run = platform.with_variables(CLEARGRID_OUTCOMES="missing.csv").load()
    assert materialized(run) == {LOGS.to_user_string(), *SIDE_TABLES}
