"""A command named in a message exists where the message is read: in a checkout, an installed wheel or an image."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from cleargrid_assets.checks.repair_command import repair_command
from cleargrid_assets.client import LoginRejectedError
from cleargrid_assets.command_names import as_typed, executable
from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.commands.instance import EMULATOR, PROJECT, dagster_home, our_command
from cleargrid_assets.failures import next_step
from cleargrid_assets.settings import Settings

SCRIPTS = str(Path(sys.executable).parent)


def test_where_path_leads_to_it_the_bare_name_is_shown(monkeypatch):
    monkeypatch.setenv("PATH", f"{SCRIPTS}{os.pathsep}/bin")
    assert as_typed("dagster") == "dagster"
    assert our_command("dev") == "cleargrid dev"


def test_a_link_on_path_is_the_command_itself(monkeypatch, tmp_path):
    (tmp_path / "cleargrid").symlink_to(executable("cleargrid"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert as_typed("cleargrid") == "cleargrid"


def test_another_environments_command_on_path_is_not_taken_for_ours(monkeypatch, tmp_path):
    other = tmp_path / "bin" / "dagster"
    other.parent.mkdir()
    shutil.copy("/bin/true", other)
    monkeypatch.setenv("PATH", str(other.parent))
    assert shlex.split(as_typed("dagster")) == [executable("dagster")]


def test_in_a_checkout_the_path_within_it_is_shown_and_make_where_it_has_a_target(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "/bin")
    scripts = tmp_path / ".venv" / "bin"
    scripts.mkdir(parents=True)
    monkeypatch.setattr(sys, "executable", str(scripts / "python"))
    shutil.copy("/bin/true", scripts / "cleargrid")
    assert as_typed("cleargrid") == ".venv/bin/cleargrid"
    monkeypatch.chdir(PROJECT)
    assert our_command("dev") == "make dev"


def test_advice_names_commands_as_they_are_typed_where_it_is_read(monkeypatch):
    monkeypatch.setenv("PATH", "/bin")
    assert f"with `{executable('cleargrid')} doctor`" in next_step(LoginRejectedError("no"))
    assert f"start one with `{executable('cleargrid')} emulator --port 8123`" in problem_of("CLEARGRID_BASE_URL")
    monkeypatch.setenv("PATH", SCRIPTS)
    assert "with `cleargrid doctor`" in next_step(LoginRejectedError("no"))


def problem_of(name):
    """The message about a wrong emulator setting when nothing else is set."""
    problems = Settings({"CLEARGRID_ENVIRONMENT": "emulator"}).problems()
    return next(str(problem) for problem in problems if name in str(problem))


@pytest.mark.parametrize("has_workspace", [True, False])
def test_the_repair_command_runs_from_the_history_that_it_names(monkeypatch, has_workspace):
    home = dagster_home(EMULATOR)
    if not has_workspace:
        (home / "workspace.yaml").unlink()
        monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    command = repair_command(["2026-05-01"])
    assert (f"-w {home}/workspace.yaml" in command) is has_workspace
    assert shlex.split(command)[1] == as_typed("dagster")


def test_the_version_is_the_installed_packages():
    result = CliRunner().invoke(cleargrid, ["--version"])
    assert result.output == f"cleargrid-assets {version('cleargrid-assets')}\n"
