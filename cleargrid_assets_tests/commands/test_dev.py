"""`cleargrid dev` says in one sentence why it cannot start, and shows the emulator that the settings name."""

from __future__ import annotations

import socket
from contextlib import nullcontext, suppress
from pathlib import Path

import click
import pytest
import requests
from click.testing import CliRunner

from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.commands.emulator import setting_lines
from cleargrid_assets.commands.emulator_settings import (
    DEMO_ROWS_PER_DAY,
    OUTCOMES,
    ensure_emulator,
    save_demo_settings,
    with_demo_settings,
)
from cleargrid_assets.commands.instance import EMULATOR, dagster_home
from cleargrid_assets.emulator import Emulator, generated_d23_rows
from cleargrid_assets.outcome_map import OutcomeMap
from cleargrid_assets.settings import Settings


def startup_error(*arguments, **variables):
    """Run `cleargrid dev`, which must not start; return its one-sentence reason."""
    result = CliRunner(env=variables).invoke(cleargrid, ["dev", *arguments])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    (sentence,) = result.output.splitlines()
    return sentence


def emulator_error(monkeypatch):
    """Why no emulator can be started with the settings, in one sentence."""
    monkeypatch.setenv("CLEARGRID_ENVIRONMENT", "emulator")
    with pytest.raises(click.ClickException) as refusal, ensure_emulator(effective_settings()):
        pass
    (sentence,) = refusal.value.message.splitlines()
    return sentence


def effective_settings():
    """The settings of a command that runs in this folder."""
    return with_demo_settings(Settings.from_environment())


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def occupy_port(port):
    """Listen on the port, unless another process does already."""
    with suppress(OSError):
        return socket.create_server(("127.0.0.1", port))
    return nullcontext()


def test_a_taken_port_is_named_with_the_option_that_chooses_another():
    with occupy_port(3000):
        assert "port 3000 cannot be used" in startup_error()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert f"port {port} cannot be used (Address already in use)" in startup_error("--port", str(port))


@pytest.mark.parametrize("address", ["http://127.0.0.1:none", "http://127.0.0.1:99999", "http://[127.0.0.1"])
def test_an_address_that_is_not_valid_is_refused(address):
    sentence = startup_error("--port", "0", CLEARGRID_ENVIRONMENT="emulator", CLEARGRID_BASE_URL=address)
    assert "CLEARGRID_BASE_URL is not a valid address" in sentence


@pytest.mark.parametrize(
    "address", ["http://[::1]:{}", "http://127.0.0.2:{}", "https://127.0.0.1:{}", "http://localhost:{}/x"]
)
def test_no_emulator_is_started_for_an_address_on_which_it_would_not_answer(monkeypatch, address):
    monkeypatch.setenv("CLEARGRID_BASE_URL", address.format(free_port()))
    assert "the emulator cannot be started there: use one such as http://127.0.0.1:8123" in emulator_error(monkeypatch)


@pytest.mark.parametrize("address", ["http://localhost:{}", "http://127.0.0.1:{}/"])
def test_an_emulator_is_started_for_any_spelling_of_its_own_address(monkeypatch, address):
    monkeypatch.setenv("CLEARGRID_ENVIRONMENT", "emulator")
    monkeypatch.setenv("CLEARGRID_BASE_URL", address.format(free_port()))
    with ensure_emulator(effective_settings()) as variables:
        assert requests.get(variables["CLEARGRID_BASE_URL"], timeout=10).status_code == 404


@pytest.mark.parametrize("rows_per_day", ["abc", "-5", "1.5"])
def test_a_lender_without_a_size_is_refused(monkeypatch, rows_per_day):
    monkeypatch.setenv(DEMO_ROWS_PER_DAY, rows_per_day)
    assert f"DEMO_ROWS_PER_DAY is '{rows_per_day}'; use a whole number" in emulator_error(monkeypatch)


def test_an_unknown_environment_is_refused():
    assert "CLEARGRID_ENVIRONMENT" in startup_error("--port", "0", CLEARGRID_ENVIRONMENT="prod")


def test_a_folder_that_cannot_be_written_is_named(clean_environment):
    (clean_environment / ".dagster").write_text("a file in the place of the folder")
    assert f"cannot keep its history in {clean_environment}" in startup_error("--port", "0")
    home = str(clean_environment / ".dagster" / "home")
    assert "DAGSTER_HOME" in startup_error("--port", "0", CLEARGRID_ENVIRONMENT="staging", DAGSTER_HOME=home)


def test_an_emulator_that_runs_already_is_used_with_its_faults_and_its_account(capsys):
    with Emulator(faults=["bad-rows"]) as running:
        Path(".env").write_text(setting_lines(running), encoding="utf-8")
        with ensure_emulator(effective_settings()) as variables:
            assert variables["CLEARGRID_BASE_URL"] == running.base_url
            assert variables["CLEARGRID_PASSWORD"] == running.credentials.password
        assert f"Using the ClearGrid that runs on {running.base_url.removeprefix('http://')}" in capsys.readouterr().out


def test_where_no_emulator_runs_one_is_started_on_the_address_and_account_that_the_settings_name(monkeypatch):
    address = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("CLEARGRID_BASE_URL", address)
    monkeypatch.setenv("CLEARGRID_ENVIRONMENT", "emulator")
    monkeypatch.setenv("CLEARGRID_LENDER", "lender-of-mine")
    with ensure_emulator(effective_settings()) as variables:
        assert (variables["CLEARGRID_BASE_URL"], variables["CLEARGRID_LENDER"]) == (address, "lender-of-mine")


def test_what_the_demo_left_holds_while_no_setting_says_otherwise(monkeypatch):
    dagster_home(EMULATOR)
    save_demo_settings("2026-05", 50)
    settings = effective_settings()
    assert (settings.environment, f"{settings.start_month:%Y-%m}") == (EMULATOR, "2026-05")
    assert settings.variables[DEMO_ROWS_PER_DAY] == "50"
    monkeypatch.setenv("CLEARGRID_START_MONTH", "2026-02")
    assert f"{effective_settings().start_month:%Y-%m}" == "2026-02"
    monkeypatch.setenv("CLEARGRID_ENVIRONMENT", "staging")
    assert effective_settings().outcomes is None


def test_the_emulators_own_map_knows_every_outcome_that_its_agents_log():
    spellings = sorted(set(generated_d23_rows.OUTCOMES))
    known = OutcomeMap.load(OUTCOMES).classify(spellings)
    assert [outcome["outcome_option"] for outcome in known if not outcome["is_mapped"]] == []
    assert any(not outcome["is_mapped"] for outcome in OutcomeMap.load().classify(spellings))
