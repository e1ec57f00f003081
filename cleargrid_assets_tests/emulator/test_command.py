"""`cleargrid emulator` runs a local ClearGrid in the foreground."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import requests
from click.testing import CliRunner

from cleargrid_assets.commands.emulator import emulator
from cleargrid_assets.emulator.faults import FAULTS

CLEARGRID = Path(sys.executable).with_name("cleargrid")


def test_it_prints_its_settings_serves_and_stops_on_sigterm():
    process = subprocess.Popen(
        [CLEARGRID, "emulator", "--port", "0", "--rows-per-day", "50"], stdout=subprocess.PIPE, text=True
    )
    try:
        settings = dict(process.stdout.readline().strip().split("=", 1) for _ in range(5))
        assert settings["CLEARGRID_ENVIRONMENT"] == "emulator"
        login = f"{settings['CLEARGRID_BASE_URL']}/admin/auth/{settings['CLEARGRID_LENDER']}/login"
        account = {"email": settings["CLEARGRID_EMAIL"], "password": settings["CLEARGRID_PASSWORD"]}
        assert requests.post(login, json=account, timeout=10).json()["token"]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        process.stdout.close()


def test_a_port_that_is_taken_is_said_in_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(emulator, ["--port", str(port)])
    assert result.exit_code == 1
    assert f"port {port} cannot be used (Address already in use)" in result.output
    assert "--port" in result.output


def test_the_help_has_a_line_for_each_fault():
    lines = [line.strip() for line in CliRunner().invoke(emulator, ["--help"]).output.splitlines()]
    assert lines[-len(FAULTS) :] == [f"{name}: {fault.about}" for name, fault in FAULTS.items()]


def test_an_unknown_fault_is_refused_with_the_known_ones():
    result = CliRunner().invoke(emulator, ["--fault", "gremlins"])
    assert result.exit_code == 2
    assert "cursor-loop" in result.output
