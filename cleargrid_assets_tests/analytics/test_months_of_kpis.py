"""Monthly figures and vintages over real runs: the effects of a re-read, a repeated run and another outcome map."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest
from dagster._core.errors import DagsterAssetCheckFailedError

from cleargrid_assets.assets.sql_asset import sql_path
from cleargrid_assets.jobs import REFRESH_SUMMARY
from cleargrid_assets.rules_version import rules_version
from cleargrid_assets.settings import Settings
from cleargrid_assets.staleness import DataVersions
from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.analytics_views import ANALYTICS_VIEWS
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS, CORE_TABLES
from cleargrid_assets.warehouse.schema import view_sql
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.platform_copies import compute_months
from cleargrid_assets_tests.platform_under_test import LOADS, MAY

if TYPE_CHECKING:
    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

PAGE_SQL = sql_path(CONTACT_ATTEMPTS).parents[1] / "reports" / "page" / "sections"
APRIL = "2026-04-01"
KPIS = "SELECT * FROM analytics.kpi_monthly ORDER BY ALL"
VINTAGES = (PAGE_SQL / "promise_vintages.sql").read_text(encoding="utf-8")
OBSERVED = f"SELECT observed_at, promises FROM ({VINTAGES}) WHERE channel = '(all)'"
COMPARED = "SELECT count(prev_value), count(change_pp) FROM analytics.kpi_monthly"
RULES_CHECK = "every_month_follows_the_current_rules"


def recompute(platform: Platform, month: str, *tables: str) -> dg.ExecuteInProcessResult:
    """Run assets of a month again, without loading it."""
    keys = [dg.AssetKey(table.split(".")) for table in tables]
    job = platform.definitions.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(partition_key=month, asset_selection=keys, instance=platform.instance)


def summarise(platform: Platform) -> dg.ExecuteInProcessResult:
    job = platform.definitions.resolve_job_def(REFRESH_SUMMARY)
    return job.execute_in_process(instance=platform.instance, raise_on_error=False)


def test_figures_do_not_depend_on_the_order_of_months_or_on_how_often_they_are_computed(
    start_after: StartAfter,
) -> None:
    platform = start_after(compute_months, MAY)
    platform.refresh(APRIL)
    computed = platform.query(KPIS)
    compared = platform.query(
        "SELECT count(*) FROM analytics.kpi_monthly AS may JOIN analytics.kpi_monthly AS april "
        "USING (slice, communication_type, interaction_source, metric) "
        "WHERE may.month = DATE '2026-05-01' AND april.month = DATE '2026-04-01' AND may.prev_value = april.value"
    )
    assert compared[0][0] > 100
    for month in (APRIL, MAY):
        recompute(platform, month, "analytics.kpi_monthly")
    assert platform.query(KPIS) == computed


def test_a_slice_that_vanishes_from_a_month_leaves_no_comparison_behind(start_after: StartAfter) -> None:
    platform = start_after(compute_months, APRIL, MAY)
    with Warehouse(str(platform.file)).writing() as connection:
        connection.execute("DELETE FROM raw.d23_manual_communication_logs WHERE month = DATE '2026-04-01'")
    recompute(platform, APRIL, "core.contact_attempts", "analytics.calling_hours", "analytics.kpi_monthly")
    assert platform.query(COMPARED) == [(0, 0)]


def test_broken_promises_and_edits_are_never_compared_with_an_older_month(start_after: StartAfter) -> None:
    platform = start_after(compute_months, APRIL, MAY)
    rows = platform.query(
        "SELECT count(prev_value) > 0, count(change_pp) FROM analytics.kpi_monthly "
        "WHERE metric LIKE 'broken_per_%' OR metric = 'edited_per_attempt'"
    )
    assert rows == [(True, 0)]


def test_a_month_loaded_before_its_end_is_provisional_and_final_after_it(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MAY)
    status = "SELECT DISTINCT status FROM analytics.kpi_monthly"
    assert platform.query(status) == [("final",)]
    with Warehouse(str(platform.file)).writing() as connection:
        connection.execute(f"UPDATE {LOADS} SET loaded_at = until - INTERVAL 1 MILLISECOND")
    recompute(platform, MAY, "analytics.kpi_monthly")
    assert platform.query(status) == [("provisional",)]


VINTAGES = "SELECT load_number, sum(promises), sum(broken) FROM analytics.ptp_vintage GROUP BY ALL ORDER BY ALL"


def test_each_load_has_one_observation_of_its_own_also_when_it_found_nothing_changed(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MAY)
    ((load_number, promises, broken),) = platform.query(VINTAGES)
    assert promises > broken > 0
    platform.refresh(MAY)
    assert platform.query(VINTAGES) == [(load_number, promises, broken), (load_number + 1, promises, broken)]


def test_a_repeated_computation_replaces_its_observation_and_no_other(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MAY)
    platform.refresh(MAY)
    first, second = platform.query(VINTAGES)
    change(platform, "UPDATE core.contact_attempts SET is_ptp_broken = NOT is_ptp_broken")
    recompute(platform, MAY, "analytics.ptp_vintage")
    promises, broken = second[1:]
    assert platform.query(VINTAGES) == [first, (second[0], promises, promises - broken)]


def test_an_observation_is_booked_under_the_load_whose_rows_it_counted(start_after: StartAfter) -> None:
    """A newer load lands after the attempts are computed and before the vintage is."""
    platform = start_after(compute_months, MAY)
    ((number, promises, broken),) = platform.query(VINTAGES)
    change(platform, "DELETE FROM analytics.ptp_vintage")
    platform.emulator.now += timedelta(days=60)
    assert platform.load(MAY).success
    recompute(platform, MAY, "analytics.ptp_vintage")
    assert platform.query(VINTAGES) == [(number, promises, broken)]
    recompute(platform, MAY, "core.outcome_spellings", "core.contact_attempts", "analytics.ptp_vintage")
    first, second = platform.query(VINTAGES)
    assert first == (number, promises, broken)
    assert second[0] == number + 1
    assert second[2] > broken


def change(platform: Platform, statement: str) -> None:
    with Warehouse(str(platform.file)).writing() as connection:
        connection.execute(statement)


def test_a_changed_outcome_map_marks_the_months_under_the_old_one_and_nothing_is_compared_with_them(
    start_after: StartAfter,
) -> None:
    platform = start_after(compute_months, APRIL, MAY)
    assert rules_check(summarise(platform)).passed
    overlay = Path("mine.csv")
    overlay.write_text("outcome,contact_class,result_class,aliases\nlegal,right_party,dispute,Escalated to legal\n")
    changed = platform.with_variables(CLEARGRID_OUTCOMES=str(overlay))
    changed.refresh(MAY)
    check = rules_check(summarise(changed))
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.WARN
    records = check.metadata["first_offending_rows"].records
    assert [record.data["month"] for record in records] == [APRIL]
    assert "run the job compute_month" in check.description
    assert platform.query(COMPARED) == [(0, 0)]
    changed.refresh(APRIL)
    assert platform.query(COMPARED)[0][0] > 0
    assert rules_check(summarise(changed)).passed


def test_the_report_shows_vintages_under_one_outcome_map_and_the_last_load_of_each_15_days(
    start_after: StartAfter,
) -> None:
    overlay = Path("mine.csv")
    overlay.write_text("outcome,contact_class,result_class,aliases\nrpc,right_party,promise,RPC\n")
    platform = start_after(compute_months, MAY)
    first = platform.query(OBSERVED)
    platform.refresh(MAY)
    before = platform.query(OBSERVED)
    assert (len(first), len(before)) == (1, 1)
    assert before[0][0] > first[0][0]
    changed = platform.with_variables(CLEARGRID_OUTCOMES=str(overlay))
    recompute(changed, MAY, "core.outcome_spellings", "core.contact_attempts", "analytics.calling_hours")
    recompute(changed, MAY, "analytics.kpi_monthly", "analytics.ptp_vintage")
    after = platform.query(OBSERVED)
    assert len(after) == 1
    assert after[0][1] > before[0][1]
    promises = "SELECT denominator FROM analytics.kpi_monthly WHERE metric = 'broken_per_promise' AND slice = 'all'"
    assert platform.query(promises) == [(after[0][1],)]
    recompute(platform, MAY, "core.outcome_spellings", "core.contact_attempts", "analytics.ptp_vintage")
    assert platform.query(OBSERVED) == before


def rules_check(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (check,) = [each for each in result.get_asset_check_evaluations() if each.check_name == RULES_CHECK]
    return check


@pytest.mark.parametrize("variables", [{"CLEARGRID_ROW_SCOPE": "all"}, {"CLEARGRID_PTP_MATURITY_DAYS": "45"}])
def test_every_derived_row_says_by_which_rules_it_was_computed(
    start_after: StartAfter, variables: dict[str, str]
) -> None:
    platform = start_after(compute_months, MAY)
    platform.with_variables(**variables).refresh(APRIL)
    rules = {
        month: rules_version(Settings({**platform.variables, **more}))
        for month, more in ((APRIL, variables), (MAY, {}))
    }
    for table in (*CORE_TABLES, *ANALYTICS_TABLES):
        if table.is_partitioned:
            rows = platform.query(f"SELECT DISTINCT month::VARCHAR, rules_version FROM {table.qualified_name}")
            assert dict(rows) == rules, table.name


def test_a_table_computed_from_stale_attempts_says_so_and_is_computed_again(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MAY)
    before = platform.query("SELECT DISTINCT rules_version FROM analytics.outcome_mix")
    changed = platform.with_variables(CLEARGRID_PTP_MATURITY_DAYS="45")
    recompute(changed, MAY, "analytics.outcome_mix")
    assert platform.query("SELECT DISTINCT rules_version FROM analytics.outcome_mix") == before
    versions = DataVersions(changed.instance, rules_version(changed.settings))
    assert dg.AssetKey(["analytics", "outcome_mix"]) in versions.stale_tables()[MAY]


def test_a_changed_row_scope_makes_the_attempts_stale_and_a_mart_made_of_stale_attempts_is_red(
    start_after: StartAfter,
) -> None:
    platform = start_after(compute_months, MAY)
    attempts = "SELECT sum(attempts) FROM analytics.outcome_mix"
    before = platform.query(attempts)
    changed = platform.with_variables(CLEARGRID_ROW_SCOPE="all")
    versions = DataVersions(changed.instance, rules_version(changed.settings))
    assert dg.AssetKey(CONTACT_ATTEMPTS.key) in versions.stale_tables()[MAY]
    with pytest.raises(DagsterAssetCheckFailedError, match="rows_add_up_to_the_landed_month"):
        recompute(changed, MAY, "analytics.outcome_mix")
    assert platform.query(attempts) == before
    recompute(changed, MAY, "core.outcome_spellings", "core.contact_attempts", "analytics.outcome_mix")
    assert platform.query(attempts) == platform.query("SELECT count(*) FROM core.contact_attempts") != before
    assert platform.query("SELECT DISTINCT in_scope FROM core.contact_attempts") == [(True,)]


def test_a_new_spelling_is_a_warning_with_its_line_and_the_month_lands_all_the_same(
    platform: Platform,
) -> None:
    run = platform.refresh(MAY)
    assert run.success
    (warned,) = [each for each in run.get_asset_check_evaluations() if each.check_name == "outcomes_are_mapped"]
    lines = {record.data["csv_line"] for record in warned.metadata["first_offending_rows"].records}
    assert "escalated_to_legal,unknown,unknown,Escalated to legal" in lines
    summarise(platform)
    assert lines <= {row[0] for row in platform.query("SELECT csv_line FROM analytics.unmapped_outcomes")}


def compute_and_summarise_may(platform: Platform) -> None:
    compute_months(platform, MAY)
    summarise(platform)


@pytest.mark.parametrize("month", [None, datetime(2026, 5, 1, tzinfo=UTC).date()])
def test_every_sql_file_can_be_pasted_as_it_is(start_after: StartAfter, month: object) -> None:
    """With one loaded month, the file returns the table's rows with and without SET VARIABLE."""
    platform = start_after(compute_and_summarise_may, variables={"CLEARGRID_DATASETS": "D23,D21"})
    with Warehouse(str(platform.file)).reading() as connection:
        connection.execute("SET VARIABLE month = ?", [month])
        connection.execute("SET VARIABLE report_month = DATE '2026-05-01'")
        for table in (CONTACT_ATTEMPTS, *ANALYTICS_TABLES):
            if not sql_path(table).exists():
                continue
            paste_line = connection.execute(sql_path(table).read_text(encoding="utf-8"))
            names = {column[0] for column in paste_line.description or ()}
            assert names | {"rules_version"} == {*table.column_names, "rules_version"}
            count = f"SELECT count(*) FROM {table.qualified_name}"
            assert len(paste_line.fetchall()) == connection.execute(count).fetchall()[0][0]
        for view in ANALYTICS_VIEWS:
            count = f"SELECT count(*) FROM {view.qualified_name}"
            assert len(connection.execute(view_sql(view)).fetchall()) == connection.execute(count).fetchall()[0][0]
        folder = sql_path(CONTACT_ATTEMPTS).parents[2]
        for path in [*folder.glob("sql_checks/**/*.sql"), *folder.glob("assets/reports/page/**/*.sql")]:
            text = path.read_text(encoding="utf-8")
            assert "DuckDB shell" in text.split("\n\n", 1)[0].split("SELECT")[0], path.name
            connection.execute(text).fetchall()
