"""A month's tables and their checks are one step in one opening of the warehouse; each keeps a fate of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from cleargrid_assets.assets import month_run, month_tables
from cleargrid_assets.assets.month_run import read_month_checks
from cleargrid_assets.staleness import MONTHLY
from cleargrid_assets.warehouse import WarehouseConflictError
from cleargrid_assets.warehouse.duckdb_file import DuckDBFile
from cleargrid_assets_tests.platform_copies import compute_months
from cleargrid_assets_tests.platform_under_test import LOGS, MAY, failure_of_step

if TYPE_CHECKING:
    import duckdb

    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

STEP = "month_tables"
OPENINGS = 4
"""The last load's page size and identity, the write, the checks of the rows, and everything else."""

CHECKS = {(f"{check.table.schema}/{check.table.name}", check.name): check for check in read_month_checks()}
TABLES = {f"{table.schema}/{table.name}" for table in MONTHLY}
HOURS, FIGURES = "analytics/calling_hours", "analytics/kpi_monthly"


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each opening of a warehouse's file from now on: whether it is read-only."""
    opened: list[bool] = []
    connection = DuckDBFile.connection

    def counted(store: DuckDBFile, *, read_only: bool) -> Any:
        opened.append(read_only)
        return connection(store, read_only=read_only)

    monkeypatch.setattr(DuckDBFile, "connection", counted)
    return opened


@pytest.fixture
def fail_check(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that makes a check find a row, whatever its table holds."""

    def fail(name: str, table: str, sql: str = "SELECT 1 AS a_row") -> None:
        changed = [
            replace(check, sql=sql) if (check.name, check.table.qualified_name) == (name, table) else check
            for check in CHECKS.values()
        ]
        assert changed != [*CHECKS.values()]
        monkeypatch.setattr(month_tables, "read_month_checks", lambda _marts: changed)

    return fail


def run_selected(
    platform: Platform, *tables: str, checks: set[dg.AssetCheckKey] | None = None
) -> dg.ExecuteInProcessResult:
    """Materialize tables by hand with their checks, or only run `checks`."""
    job = platform.definitions.resolve_implicit_global_asset_job_def()
    keys = {dg.AssetKey(table.split("/")) for table in tables}
    return job.get_subset(asset_selection=keys, asset_check_selection=checks).execute_in_process(
        partition_key=MAY, instance=platform.instance, raise_on_error=False
    )


def evaluations(run: dg.ExecuteInProcessResult) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
    """The results of the checks of monthly tables."""
    found = run.get_asset_check_evaluations()
    by_name = {(one.asset_key.to_user_string(), one.check_name): one for one in found if one.asset_key != LOGS}
    assert len(by_name) == sum(one.asset_key != LOGS for one in found)
    return by_name


def computed(run: dg.ExecuteInProcessResult) -> set[str]:
    """The monthly tables that a run materialized."""
    keys = (event.asset_key for event in run.all_events if event.is_step_materialization)
    return {key.to_user_string() for key in keys if key} & TABLES


def test_a_month_is_two_steps_the_load_and_everything_that_is_made_of_it(platform: Platform) -> None:
    run = platform.refresh()
    assert [event.step_key for event in run.all_events if event.is_step_start] == [LOGS.to_python_identifier(), STEP]


def test_a_month_opens_the_warehouse_four_times(platform: Platform, openings: list[bool]) -> None:
    assert platform.refresh().success
    assert len(openings) <= OPENINGS + 1  # the first load creates the warehouse
    openings.clear()
    assert platform.refresh("2026-04-01").success
    assert openings.count(False) == 2
    assert len(openings) <= OPENINGS + 1


def test_every_check_has_a_result_of_its_own_about_the_month_just_computed(platform: Platform) -> None:
    run = platform.refresh()
    results = evaluations(run)
    assert results.keys() == CHECKS.keys()
    for key, result in results.items():
        check = CHECKS[key]
        target = result.target_materialization_data
        assert target is not None
        assert target.run_id == run.run_id
        assert (result.severity, result.blocking, result.partition) == (check.severity, check.is_blocking, MAY)
        assert "olds: " in (result.description or "") or "hold: " in (result.description or "")


def test_nothing_is_computed_from_a_table_whose_blocking_check_fails(platform: Platform, fail_check: Any) -> None:
    fail_check("every_local_date_is_in_its_month", "core.contact_attempts")
    run = platform.refresh()
    assert not run.success
    assert computed(run) == {"core/outcome_spellings", "core/contact_attempts"}
    assert {table for table, _ in evaluations(run)} == computed(run)


def test_a_blocking_check_that_fails_stops_only_what_is_made_of_its_table(platform: Platform, fail_check: Any) -> None:
    fail_check("outside_is_within_the_known_times", "analytics.calling_hours")
    run = platform.refresh()
    assert not run.success
    assert computed(run) == TABLES - {FIGURES}


def test_a_check_that_only_warns_stops_nothing(platform: Platform, fail_check: Any) -> None:
    fail_check("outcomes_are_mapped", "core.outcome_spellings")
    run = platform.refresh()
    assert run.success
    assert computed(run) == TABLES
    assert not evaluations(run)["core/outcome_spellings", "outcomes_are_mapped"].passed


def test_a_check_that_cannot_be_run_fails_the_run_and_keeps_the_results_of_the_others(
    platform: Platform, fail_check: Any
) -> None:
    fail_check("the_funnel_narrows", "analytics.outcome_mix", sql="SELECT no_such_column FROM analytics.outcome_mix")
    run = platform.refresh()
    sentence = "The check the_funnel_narrows of analytics.outcome_mix: BinderException"
    assert failure_of_step(run)["description"].startswith(sentence)
    assert computed(run) == TABLES
    assert CHECKS.keys() - evaluations(run).keys() == {("analytics/outcome_mix", "the_funnel_narrows")}


def test_a_table_that_cannot_be_computed_leaves_its_month_and_every_other_table_as_they_should_be(
    start_after: StartAfter,
) -> None:
    platform = start_after(compute_months, MAY)
    with platform.warehouse.writing() as connection:
        connection.execute("DROP TABLE analytics.calling_hours")
        connection.execute("CREATE TABLE analytics.calling_hours AS SELECT 1 AS a_column_that_is_not_ours")
        connection.execute("UPDATE analytics.outcome_mix SET load_number = 0")
    run = platform.run_job("compute_month", MAY)
    assert failure_of_step(run)["description"].startswith("analytics.calling_hours: ")
    assert computed(run) == TABLES - {HOURS, FIGURES}
    assert platform.query("SELECT DISTINCT load_number > 0 FROM analytics.outcome_mix") == [(True,)]
    assert platform.query("SELECT a_column_that_is_not_ours FROM analytics.calling_hours") == [(1,)]
    assert platform.query("SELECT count(*) > 0 FROM analytics.kpi_monthly") == [(True,)]


def test_a_table_on_its_own_is_computed_and_checked_alone(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MAY)
    run = run_selected(platform, HOURS)
    assert run.success
    assert computed(run) == {HOURS}
    assert {table for table, _ in evaluations(run)} == {HOURS}


def test_checks_alone_read_the_warehouse_and_compute_nothing(platform: Platform, openings: list[bool]) -> None:
    load = platform.refresh()
    openings.clear()
    checks = {dg.AssetCheckKey(dg.AssetKey(table.split("/")), name) for table, name in CHECKS if table == HOURS}
    run = run_selected(platform, checks=checks)
    assert run.success
    assert computed(run) == set()
    assert all(openings)
    results = evaluations(run)
    assert {table for table, _ in results} == {HOURS}
    assert {result.target_materialization_data.run_id for result in results.values()} == {load.run_id}


def test_a_conflict_with_another_program_is_tried_again_from_its_result(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    conflicts = iter([WarehouseConflictError("another program changed the table at the same moment")])
    store = month_run.store_month

    def store_after_conflict(connection: duckdb.DuckDBPyConnection, *arguments: Any) -> Any:
        metadata = store(connection, *arguments)
        for conflict in conflicts:
            raise conflict
        return metadata

    monkeypatch.setattr(month_run, "store_month", store_after_conflict)
    run = platform.refresh()
    assert run.success
    assert computed(run) == TABLES
    ((spellings, distinct),) = platform.query(
        "SELECT count(*), count(DISTINCT outcome_option) FROM core.outcome_spellings"
    )
    assert spellings == distinct > 0
