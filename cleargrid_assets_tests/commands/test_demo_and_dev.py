"""`cleargrid demo` and `cleargrid dev` work from nothing, end cleanly, and never reach a real account."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import click
import dagster as dg
import pytest
from click.testing import CliRunner

from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.commands.demo import follow
from cleargrid_assets.commands.instance import EMULATOR, command, dagster_home, home_path, only_daemon, without_settings
from cleargrid_assets.emulator import Emulator
from cleargrid_assets.jobs import REFRESH_MONTH
from cleargrid_assets.warehouse.warehouse import Warehouse

SMALL = ["demo", "--rows-per-day", "5", "--months", "1"]


@pytest.fixture
def real_account(clean_environment):
    """What `.env` and the shell name: an account that must never hear from a demo."""
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


def test_the_demo_lands_its_months_and_never_reaches_the_account_that_the_shell_names(real_account, clean_environment):
    account, settings = real_account
    done = subprocess.run(
        [command("cleargrid"), *SMALL], env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert account.requests == []
    assert not (clean_environment / "real.duckdb").exists()
    assert not (clean_environment / "real_history").exists()
    with Warehouse("data/emulator.duckdb").reading() as connection:
        ((months, landed),) = connection.execute("SELECT count(*), sum(rows_landed) FROM raw.d23_loads").fetchall()
        rows = connection.execute("SELECT count(*) FROM raw.d23_manual_communication_logs").fetchall()
    assert (months, rows) == (2, [(landed,)])


def test_a_demo_whose_daemon_ends_before_its_runs_says_so_instead_of_waiting_for_ever():
    with dg.DagsterInstance.ephemeral() as instance, subprocess.Popen([sys.executable, "-c", ""]) as daemon:
        daemon.wait()
        with pytest.raises(click.ClickException, match="daemon ended before the runs did"):
            follow(instance, REFRESH_MONTH, 0.0, daemon)


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
    done = CliRunner().invoke(cleargrid, arguments)
    assert done.exit_code == 2
    assert "is not in the range" in done.output


def test_a_demo_beside_a_running_daemon_is_refused_because_that_would_take_its_runs():
    with only_daemon(dagster_home(EMULATOR)):
        done = subprocess.run([command("cleargrid"), *SMALL], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "stop `make dev`" in done.stderr


def test_the_emulators_history_is_apart_from_a_real_environments(monkeypatch, clean_environment):
    assert home_path(EMULATOR) != home_path("production") == clean_environment / ".dagster"
    monkeypatch.setenv("DAGSTER_HOME", str(clean_environment / "elsewhere"))
    assert home_path("production") == clean_environment / "elsewhere"
    assert home_path(EMULATOR) == clean_environment / ".dagster" / "emulator"


def test_variables_of_the_shell_are_left_out_of_an_emulators_environment():
    assert without_settings({"CLEARGRID_PASSWORD": "x", "PATH": "/bin"}) == {"PATH": "/bin"}


def test_dev_on_a_taken_port_says_so_at_once():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = CliRunner().invoke(cleargrid, ["dev", "--port", str(taken.getsockname()[1])])
    assert done.exit_code == 1
    assert "is taken" in done.output


@pytest.mark.parametrize("address", ["http://127.0.0.1:none", "http://127.0.0.1:99999", "http://[127.0.0.1"])
def test_dev_on_what_is_no_address_says_so(clean_environment, address):
    (clean_environment / ".env").write_text(f"CLEARGRID_ENVIRONMENT=emulator\nCLEARGRID_BASE_URL={address}\n")
    done = CliRunner().invoke(cleargrid, ["dev", "--port", "0"])
    assert done.exit_code == 1
    assert "CLEARGRID_BASE_URL is no address" in done.output


def test_dev_on_an_emulators_address_that_is_taken_says_so(clean_environment):
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as other:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        (clean_environment / ".env").write_text(
            f"CLEARGRID_ENVIRONMENT=emulator\nCLEARGRID_BASE_URL={address}\nCLEARGRID_LENDER=lender-of-mine\n"
        )
        free = other.getsockname()[1]
        other.close()
        done = CliRunner().invoke(cleargrid, ["dev", "--port", str(free)])
    assert done.exit_code == 1
    assert address in done.output
