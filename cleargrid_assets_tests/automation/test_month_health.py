"""Months that are missing, failed or stale are listed with the command that repairs them."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from cleargrid_assets.checks.repair_command import repair_command
from cleargrid_assets.commands.instance import dagster_home
from cleargrid_assets.commands.services import LOCATION
from cleargrid_assets.jobs import REFRESH_MONTH
from cleargrid_assets.tables.raw import D23_LOADS
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.automation.ledger_builder import run_ledger_checks
from cleargrid_assets_tests.automation.test_follow_sensor import add_unfinished_run, bad_rows_fault
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

IN_ORDER = "every_month_is_in_order"
NOW = datetime(2026, 4, 10, 7, tzinfo=UTC)


def set_loaded_at(platform: Platform, at: datetime, month: str | None = None) -> None:
    """Set `loaded_at` of all loads, or of one month's, in the ledger."""
    condition = f" WHERE month = DATE '{month}-01'" if month else ""
    with Warehouse(str(platform.file)).writing() as connection:
        connection.execute(f"UPDATE {D23_LOADS.qualified_name} SET loaded_at = ?{condition}", [at.replace(tzinfo=None)])


def months_of(evaluation: Any) -> dict[str, tuple[str, str]]:
    """The state and the reason of each listed month."""
    table = evaluation.metadata.get("months")
    records = table.records if table else []
    return {record.data["month"]: (record.data["state"], record.data["why"]) for record in records}


def test_months_that_were_read_and_computed_are_in_order(start_platform: Callable[..., Platform]) -> None:
    platform = start_platform(variables={"CLEARGRID_START_MONTH": "2026-03"})
    for month in ("2026-03-01", "2026-04-01"):
        assert platform.refresh(month).success
    set_loaded_at(platform, NOW - timedelta(hours=4))
    check = run_ledger_checks(platform.settings, NOW, platform.instance)[IN_ORDER]
    assert check.passed
    assert months_of(check) == {}


def test_missing_failed_and_stale_months_are_told_apart_with_one_command_that_repairs_them(
    start_platform: Callable[..., Platform],
) -> None:
    variables = {"CLEARGRID_START_MONTH": "2025-11", "CLEARGRID_QUARANTINE_LIMIT": "0.001"}
    platform = start_platform(variables=variables, faults=[bad_rows_fault("2026-01")])
    for month in ("2025-12-01", "2026-01-01", "2026-02-01", "2026-04-01"):
        platform.refresh(month)
    platform.load("2026-03-01")
    set_loaded_at(platform, NOW - timedelta(hours=4))
    set_loaded_at(platform, NOW - timedelta(hours=40), "2026-02")
    set_loaded_at(platform, NOW - timedelta(days=9), "2025-12")
    check = run_ledger_checks(platform.settings, NOW, platform.instance)[IN_ORDER]
    months = months_of(check)
    assert {month: state for month, (state, _) in months.items()} == {
        "2025-11": "missing",
        "2025-12": "stale",
        "2026-01": "failed",
        "2026-02": "stale",
        "2026-03": "stale",
    }
    assert "quarantined_rows_are_within_the_limit" in months["2026-01"][1]
    assert months["2026-02"][1] == "last read 40 h ago"
    assert "analytics/outcome_mix" in months["2026-03"][1]
    assert repair_command([f"{month}-01" for month in months]) in check.description
    assert check.description.startswith(
        "Not in order: 2026-01 (failed), 2025-11 (missing), 2025-12 (stale), 2026-02 to 2026-03 (stale). "
    )


def test_a_month_whose_run_failed_is_failed_and_in_order_once_it_was_read_again(
    start_platform: Callable[..., Platform],
) -> None:
    platform = start_platform(variables={"CLEARGRID_START_MONTH": "2026-04"})
    assert platform.refresh("2026-04-01").success
    assert not platform.with_variables(CLEARGRID_PASSWORD="wrong").refresh("2026-04-01").success
    set_loaded_at(platform, NOW - timedelta(hours=4))
    check = run_ledger_checks(platform.settings, NOW, platform.instance)[IN_ORDER]
    assert months_of(check) == {"2026-04": ("failed", "its last run failed")}
    assert platform.refresh("2026-04-01").success
    set_loaded_at(platform, NOW - timedelta(hours=4))
    assert run_ledger_checks(platform.settings, NOW, platform.instance)[IN_ORDER].passed


def test_a_month_that_a_new_history_of_dagster_does_not_know_is_stale(start_platform: Callable[..., Platform]) -> None:
    platform = start_platform(variables={"CLEARGRID_START_MONTH": "2026-04"})
    assert platform.refresh("2026-04-01").success
    set_loaded_at(platform, NOW - timedelta(hours=4))
    with dg.DagsterInstance.ephemeral() as new:
        check = run_ledger_checks(platform.settings, NOW, new)[IN_ORDER]
    assert months_of(check) == {"2026-04": ("stale", "Dagster's history does not hold its load")}


def test_a_month_whose_last_load_is_gone_with_an_earlier_copy_of_the_warehouse_is_stale(
    start_platform: Callable[..., Platform],
) -> None:
    platform = start_platform(variables={"CLEARGRID_START_MONTH": "2026-04"})
    assert platform.refresh("2026-04-01").success
    earlier_copy = platform.file.read_bytes()
    platform.emulator.now = datetime(2026, 6, 25, 12, tzinfo=UTC)
    assert platform.refresh("2026-04-01").success
    set_loaded_at(platform, NOW - timedelta(hours=4))
    assert run_ledger_checks(platform.settings, NOW, platform.instance)[IN_ORDER].passed
    platform.file.write_bytes(earlier_copy)
    set_loaded_at(platform, NOW - timedelta(hours=4))
    months = months_of(run_ledger_checks(platform.settings, NOW, platform.instance)[IN_ORDER])
    assert months["2026-04"][0] == "stale"
    assert months["2026-04"][1].startswith("the warehouse does not hold its load 2 of run ")
    assert platform.refresh("2026-04-01").success
    set_loaded_at(platform, NOW - timedelta(hours=4))
    assert run_ledger_checks(platform.settings, NOW, platform.instance)[IN_ORDER].passed


def test_a_failed_preview_says_nothing_about_the_month(start_platform: Callable[..., Platform]) -> None:
    platform = start_platform(variables={"CLEARGRID_START_MONTH": "2026-04"})
    assert platform.refresh("2026-04-01").success
    assert not platform.with_variables(CLEARGRID_PASSWORD="wrong").preview_job("2026-04-01").success
    set_loaded_at(platform, NOW - timedelta(hours=4))
    assert run_ledger_checks(platform.settings, NOW, platform.instance)[IN_ORDER].passed


def test_a_run_that_has_only_planned_the_checks_does_not_hide_that_one_is_red(
    start_platform: Callable[..., Platform],
) -> None:
    variables = {"CLEARGRID_START_MONTH": "2026-04", "CLEARGRID_QUARANTINE_LIMIT": "0.001"}
    platform = start_platform(variables=variables, faults=[bad_rows_fault("2026-04")])
    assert not platform.refresh("2026-04-01").success
    set_loaded_at(platform, NOW - timedelta(hours=4))
    red = months_of(run_ledger_checks(platform.settings, NOW, platform.instance)[IN_ORDER])
    assert [month for month, (state, _) in red.items() if state == "failed"] == ["2026-04"]
    for status in (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELED):
        add_unfinished_run(platform, REFRESH_MONTH, "2026-04-01", status)
        assert months_of(run_ledger_checks(platform.settings, NOW, platform.instance)[IN_ORDER]) == red


def test_a_preview_does_not_hide_that_the_load_before_it_failed(start_platform: Callable[..., Platform]) -> None:
    platform = start_platform(variables={"CLEARGRID_START_MONTH": "2026-04"})
    assert platform.refresh("2026-04-01").success
    assert not platform.with_variables(CLEARGRID_PASSWORD="wrong").refresh("2026-04-01").success
    assert platform.preview_job("2026-04-01").success
    set_loaded_at(platform, NOW - timedelta(hours=4))
    check = run_ledger_checks(platform.settings, NOW, platform.instance)[IN_ORDER]
    assert months_of(check) == {"2026-04": ("failed", "its last run failed")}


def test_another_months_load_that_takes_rows_does_not_hide_that_the_months_own_load_failed(
    start_platform: Callable[..., Platform],
) -> None:
    march, april = ({"communicated_at": f"2026-{month}-20T09:00:00.000Z"} for month in ("03", "04"))
    platform = start_platform(variables={"CLEARGRID_START_MONTH": "2026-03"})
    serve(platform, [row(100, **march), row(1, **march)])
    assert platform.refresh("2026-03-01").success
    assert not platform.with_variables(CLEARGRID_PASSWORD="wrong").refresh("2026-03-01").success
    serve(platform, [row(100, **march), row(1, **april, updated_at="2026-06-02T00:00:00.000Z")])
    assert platform.refresh("2026-04-01").success
    set_loaded_at(platform, NOW - timedelta(hours=4))
    check = run_ledger_checks(platform.settings, NOW, platform.instance)[IN_ORDER]
    assert months_of(check) == {"2026-03": ("failed", "its last run failed")}


@pytest.mark.parametrize(
    "months", [["2025-11-01", "2026-02-01"], ["2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01"]]
)
def test_the_command_starts_a_backfill_of_exactly_those_months_from_any_folder(
    monkeypatch: pytest.MonkeyPatch, months: list[str]
) -> None:
    home = dagster_home("production")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    command = repair_command(months)
    result = subprocess.run(["sh", "-c", command], env=dict(os.environ), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs = instance.get_runs()
    assert {run.tags["dagster/partition"] for run in runs} == set(months)
    assert {run.remote_job_origin.location_name for run in runs if run.remote_job_origin} == {LOCATION}
