"""`cleargrid status` shows the state of every month, whatever else is running."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner

from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.commands.instance import EMULATOR, dagster_home, home_path
from cleargrid_assets.commands.status import month_statuses
from cleargrid_assets.tables.d21 import D21
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.communication_logs import BOTH, landed
from cleargrid_assets_tests.landing.communication_logs import load as load_of_d21
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import MAY, NOW, Platform
from cleargrid_assets_tests.warehouse_kinds import FILE

pytestmark = pytest.mark.slow

JULY = datetime(2026, 7, 1, tzinfo=UTC)
HOLD = """
import sys, time
from cleargrid_assets.warehouse.warehouse import Warehouse
with Warehouse(sys.argv[1]).writing():
    print("held", flush=True)
    sys.stdin.read()
"""


def run_status(variables, *arguments):
    """What `cleargrid status` says, and its exit code."""
    result = CliRunner(env=dict(variables)).invoke(cleargrid, ["status", *arguments], catch_exceptions=False)
    return result.exit_code, result.output


@pytest.fixture
def platform_with_history(platform):
    """The platform with a persistent Dagster history in the working directory."""
    with dg.DagsterInstance.from_config(str(dagster_home(EMULATOR))) as instance:
        yield Platform(platform.emulator, platform.variables, instance)


def test_every_month_is_told_with_rows_load_state_and_checks(platform_with_history):
    platform_with_history.refresh()
    months = {month.month: month for month in month_statuses(platform_with_history.settings, NOW)}
    assert list(months) == [f"2026-{number:02d}-01" for number in range(1, 7)]
    may = months["2026-05-01"]
    assert (may.state, may.rows, may.quarantined, may.checks_failed) == (
        "complete",
        len(platform_with_history.truth()),
        0,
        (),
    )
    assert may.checks_passed > 15
    assert months["2026-04-01"].state == "missing"


def test_a_month_that_was_read_before_its_end_is_open(platform, monkeypatch):
    monkeypatch.setattr("cleargrid_assets.landing.ledger.datetime", clock_at(NOW))
    platform.load("2026-06-01")
    (june,) = [month for month in month_statuses(platform.settings, NOW) if month.state != "missing"]
    assert (june.month, june.state) == ("2026-06-01", "open")


def test_a_month_that_ended_while_it_was_read_is_open(platform, monkeypatch):
    monkeypatch.setattr("cleargrid_assets.landing.read_month.datetime", clock_at(JULY - timedelta(seconds=5)))
    monkeypatch.setattr("cleargrid_assets.landing.ledger.datetime", clock_at(JULY + timedelta(seconds=5)))
    platform.load("2026-06-01")
    (june,) = [month for month in month_statuses(platform.settings, JULY) if month.state != "missing"]
    assert (june.month, june.state, june.last_load) == ("2026-06-01", "open", "2026-06-30 23:59")


def clock_at(moment):
    """A clock that is stopped at `moment`."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return moment.astimezone(tz or UTC)

    return Clock


def test_checks_that_failed_and_checks_that_warned_are_named_apart(platform_with_history):
    rows = [row(number, note="x") for number in range(1, 10)]
    serve(platform_with_history, [*rows, row(10, is_active="true")])
    platform_with_history.load()
    (may,) = [month for month in month_statuses(platform_with_history.settings, NOW) if month.state != "missing"]
    assert may.quarantined == 1
    assert may.checks_failed == ("quarantined_rows_are_within_the_limit of raw/d23_manual_communication_logs",)
    assert may.checks_warned == (
        "no_row_is_quarantined of raw/d23_manual_communication_logs",
        "no_unknown_field_was_sent of raw/d23_manual_communication_logs",
    )


def test_json_is_for_programs_and_the_table_for_people(start_after):
    platform = start_after(load_months, MAY)
    code, output = run_status(platform.variables, "--json")
    (may,) = [month for month in json.loads(output) if month["month"] == "2026-05-01"]
    assert (code, may["rows"], may["state"]) == (0, len(platform.truth()), "complete")
    code, output = run_status(platform.variables)
    assert code == 0
    assert "2026-05" in output
    assert "never loaded: " in output


def test_the_table_says_whose_warehouse_it_is(start_after):
    platform = start_after(load_months, MAY)
    _, output = run_status(platform.variables)
    lender = f"lender demo-lender ({platform.emulator.credentials.lender_public_id}) in emulator, months in UTC"
    assert output.startswith(f"Warehouse of {lender}")


def test_loaded_months_before_the_first_month_are_listed(start_after):
    platform = start_after(load_months, MAY)
    variables = {**platform.variables, "CLEARGRID_START_MONTH": "2026-06"}
    code, output = run_status(variables, "--json")
    assert code == 0
    assert [month["month"] for month in json.loads(output)][:2] == [MAY, "2026-06-01"]
    _, output = run_status(variables)
    assert f"2026-05{len(platform.truth()):>12,}" in output


def test_without_a_history_of_dagster_checks_are_not_known_and_its_place_is_asked_for(start_after, monkeypatch):
    platform = start_after(load_months, MAY)
    _, output = run_status(platform.variables)
    assert "not known" in output
    assert f"no Dagster history in {home_path(EMULATOR)}: run the command in the folder where" in output
    monkeypatch.setenv("DAGSTER_HOME", "elsewhere")
    _, output = run_status({**platform.variables, "CLEARGRID_ENVIRONMENT": "staging"})
    assert f"no Dagster history in {home_path('staging')}: set DAGSTER_HOME" in output
    dagster_home(EMULATOR)
    _, output = run_status(platform.variables)
    assert "not run" in output
    assert "no Dagster history" not in output


@pytest.mark.parametrize("warehouse_variables", [FILE], indirect=True)
def test_a_database_with_other_tables_only_is_told(platform):
    with closing(duckdb.connect(platform.file)) as connection:
        connection.execute("CREATE TABLE notes AS SELECT 'mine' AS note")
    code, output = run_status(platform.variables)
    assert code == 0
    assert "It holds other tables only: is CLEARGRID_WAREHOUSE right?" in output


def test_without_a_warehouse_every_month_is_missing(platform):
    code, output = run_status(platform.variables, "--json")
    assert code == 0
    assert {month["state"] for month in json.loads(output)} == {"missing"}
    assert not platform.file.exists()


def test_with_nothing_set_it_shows_what_a_demo_left_here(platform):
    emulators = {"CLEARGRID_WAREHOUSE": "data/emulator.duckdb", "CLEARGRID_ENVIRONMENT": "emulator"}
    platform.with_variables(**emulators).load()
    code, output = run_status({})
    assert code == 0
    assert f"2026-05{len(platform.truth()):>12,}" in output


def test_an_account_without_an_environment_is_not_taken_for_the_emulator():
    code, output = run_status({"CLEARGRID_LENDER": "a-real-lender"})
    assert code == 1
    assert "CLEARGRID_ENVIRONMENT is not set" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("warehouse_variables", [FILE], indirect=True)
def test_what_is_no_warehouse_is_said_in_one_sentence(platform):
    platform.file.write_text("notes, not a database\n" * 500)
    code, output = run_status(platform.variables)
    assert code == 1
    assert "CLEARGRID_WAREHOUSE" in output


@pytest.mark.parametrize("warehouse_variables", [FILE], indirect=True)
def test_while_somebody_writes_it_waits_and_then_answers(start_after):
    platform = start_after(load_months, MAY)
    holding = [sys.executable, "-c", HOLD, str(platform.file)]
    with (
        subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder,
        ThreadPoolExecutor(1) as pool,
    ):
        assert holder.stdout.readline() == "held\n"
        answer = pool.submit(month_statuses, platform.settings, NOW)
        with pytest.raises(TimeoutError):
            answer.result(timeout=0.3)
        holder.stdin.close()
        assert len(platform.truth()) in {month.rows for month in answer.result(timeout=60)}


def test_the_months_of_another_dataset_are_listed_with_its_own_checks(platform_with_history):
    platform = platform_with_history.with_variables(**BOTH)
    assert load_of_d21(platform).success
    (may,) = [month for month in month_statuses(platform.settings, NOW, dataset=D21) if month.state != "missing"]
    assert (may.month, may.rows, may.checks_failed) == (MAY, len(landed(platform)), ())
    assert may.checks_passed > 10
    code, output = run_status(platform.variables, "--dataset", "D23")
    assert code == 0
    assert "No month of D23 has been loaded" in output


def test_a_dataset_that_is_not_landed_says_how_to_land_it(platform):
    code, output = run_status(platform.variables, "--dataset", "D21")
    assert code == 1
    assert "CLEARGRID_DATASETS does not name D21: add it there" in output
