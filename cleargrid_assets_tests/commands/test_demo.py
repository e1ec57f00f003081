"""`cleargrid demo` works from nothing, ends green or red as asked, and never reaches a real account."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from cleargrid_assets.command_names import executable
from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.commands.demo_faults import ENDING_RED, STRICTER, limit_fault_to_month
from cleargrid_assets.commands.instance import EMULATOR, dagster_home, exclusive_daemon
from cleargrid_assets.emulator import Emulator
from cleargrid_assets.emulator.faults import ExportRequest
from cleargrid_assets.emulator.pagination import Range
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.commands.test_status import run_status
from cleargrid_assets_tests.platform_under_test import NOW

pytestmark = pytest.mark.slow

SMALL = ["demo", "--rows-per-day", "5", "--months", "1"]
NEVER_ANSWERED = {"always-times-out", "down"}


def run(*arguments, **environment):
    """Run the command in the test's folder; return the finished process."""
    return subprocess.run(
        [executable("cleargrid"), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def real_account(clean_environment):
    """An account in `.env` and in the environment, which a demo must never contact."""
    with Emulator() as account:
        settings = {
            "CLEARGRID_ENVIRONMENT": "production",
            "CLEARGRID_BASE_URL": account.base_url,
            "CLEARGRID_LENDER": account.credentials.lender,
            "CLEARGRID_EMAIL": account.credentials.email,
            "CLEARGRID_PASSWORD": account.credentials.password,
            "CLEARGRID_WAREHOUSE": str(clean_environment / "real.duckdb"),
            "CLEARGRID_START_MONTH": "2026-05",
            "DAGSTER_HOME": str(clean_environment / "real_history"),
        }
        (clean_environment / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        yield account, settings


def test_the_demo_ends_green_and_never_reaches_the_account_that_the_shell_names(real_account, clean_environment):
    account, settings = real_account
    result = run(*SMALL, **settings)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "warned" not in result.stdout
    assert "failed" not in result.stdout
    assert "The manager's report is reports/emulator/latest.html" in result.stdout
    assert account.requests == []
    assert not (clean_environment / "real.duckdb").exists()
    assert not (clean_environment / "real_history").exists()
    with Warehouse("data/emulator.duckdb").reading() as connection:
        ((months, landed),) = connection.execute("SELECT count(*), sum(rows_landed) FROM raw.d23_loads").fetchall()
        rows = connection.execute("SELECT count(*) FROM raw.d23_manual_communication_logs").fetchall()
    assert (months, rows) == (2, [(landed,)])
    Path(".env").unlink()
    code, listing = run_status({})
    assert code == 0
    assert [line in result.stdout for line in listing.splitlines()[1:]] == [True] * 3


def test_a_demo_with_a_fault_ends_as_asked_with_one_red_month_that_says_it_is_meant():
    result = run("demo", "--rows-per-day", "100", "--months", "1", "--fault", "bad-rows")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "is red on purpose: --fault bad-rows" in result.stdout
    assert "quarantined rows are within the limit" in result.stdout
    assert "2 of 2" in result.stdout


@pytest.mark.parametrize("name", sorted(set(ENDING_RED) - NEVER_ANSWERED))
def test_each_fault_of_the_demo_ends_in_red_in_its_month_and_in_no_other(start_platform, name):
    platform = start_platform(faults=[limit_fault_to_month("2026-05", name)], variables=STRICTER)
    assert not platform.load("2026-05-01").success
    assert platform.load("2026-04-01").success


@pytest.mark.parametrize("name", sorted(NEVER_ANSWERED))
def test_under_some_faults_no_request_about_their_month_is_answered(name):
    fault = limit_fault_to_month("2026-05", name)
    requests = [export_request(number, since="2026-05-07T00:00:00Z", limit="50") for number in range(1, 20)]
    assert all(fault.refuse(request) for request in requests)
    assert not fault.refuse(export_request(1, since="2026-04-07T00:00:00Z"))
    assert not fault.refuse(export_request(1, until="2026-05-07T00:00:00Z"))


def export_request(number, **params):
    return ExportRequest(number, params, Range.parse(params, NOW), 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo", "--months", "-1"],
        ["demo", "--rows-per-day", "-1"],
        ["dev", "--port", "70000"],
        ["emulator", "--port", "70000"],
        ["emulator", "--port", "0", "--page-delay-ms", "-1"],
        ["emulator", "--port", "0", "--uses-per-token", "0"],
    ],
)
def test_an_option_that_cannot_be_meant_is_refused_with_its_range(arguments):
    result = CliRunner().invoke(cleargrid, arguments)
    assert result.exit_code == 2
    assert "is not in the range" in result.output


def test_more_months_than_the_emulator_has_are_refused():
    result = CliRunner().invoke(cleargrid, ["demo", "--months", "500"])
    assert result.exit_code == 2
    assert "closed months, from 2024-01 on" in result.output
    assert not Path(".dagster").exists()


def test_a_demo_beside_a_running_daemon_is_refused_because_that_would_take_its_runs():
    with exclusive_daemon(dagster_home(EMULATOR)):
        result = CliRunner().invoke(cleargrid, SMALL)
    assert result.exit_code == 1
    assert "is already running" in result.output
    assert "cleargrid dev` or " in result.output
