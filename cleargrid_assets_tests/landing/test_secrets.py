"""Passwords and tokens never reach a log, an event, the run storage, an error, a table or a file."""

from __future__ import annotations

import os
import subprocess

import pytest

from cleargrid_assets.command_names import executable
from cleargrid_assets.commands.instance import EMULATOR, dagster_home
from cleargrid_assets.emulator import Credentials
from cleargrid_assets.emulator.faults import Fault, error
from cleargrid_assets_tests.platform_under_test import LOGS, MAY

pytestmark = pytest.mark.slow

PASSWORD = "planted-password-7f3a"
TOKENS = ("token-0", "refresh-0")
"""How every token of the emulator begins."""


def repeat_credentials(ask):
    """Respond with an error message that repeats the request's credentials."""
    if ask.number % 3:
        return None
    message = f"rejected Bearer token-{2:08d} refresh-{1:08d} of {PASSWORD}"
    return error(404 if ask.number > 3 else 500, message, ask.number)


def bytes_below(folder):
    """Every byte of every file below `folder`."""
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "faults", [(), (Fault("tells secrets", refuse=repeat_credentials),)], ids=["succeeding", "failing"]
)
def test_no_secret_is_found_in_any_file_or_output_of_a_run(start_platform, clean_environment, faults):
    platform = start_platform(faults=faults, credentials=Credentials(password=PASSWORD))
    arguments = ["asset", "materialize", "-m", "cleargrid_assets.definitions"]
    result = subprocess.run(
        [executable("dagster"), *arguments, "--select", LOGS.to_user_string(), "--partition", MAY],
        env={**os.environ, **platform.variables, "DAGSTER_HOME": str(dagster_home(EMULATOR))},
        capture_output=True,
        check=False,
    )
    assert (result.returncode == 0) is not bool(faults)
    assert platform.emulator.accounts.logins
    stored_bytes = bytes_below(clean_environment) + result.stdout + result.stderr
    assert b"RUN_START" in stored_bytes or b"STEP_START" in stored_bytes  # the run's history is among what was searched
    assert [secret for secret in (PASSWORD, *TOKENS) if secret.encode() in stored_bytes] == []
