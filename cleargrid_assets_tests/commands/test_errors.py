"""A command ends with one sentence about what its reader can do, and quietly when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.commands.instance import EMULATOR, PROJECT, dagster_home
from cleargrid_assets.commands.services import services
from cleargrid_assets.warehouse import WarehouseBusyError
from cleargrid_assets.warehouse.locks import file_lock
from cleargrid_assets_tests.end_to_end.dagster_dev import wait_until
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import MAY
from cleargrid_assets_tests.warehouse_kinds import FILE

COMMAND = (sys.executable, "-m", "cleargrid_assets.commands")
# Not longer: where a background thread of DuckDB has taken the query, an interruption waits for its end.
LONG = """
CREATE OR REPLACE VIEW raw.last_loads AS
SELECT * EXCLUDE (total)
FROM raw.d23_loads, (SELECT sum(hash(range)) AS total FROM range(1000000000))
WHERE total > 0
"""


def run(*arguments):
    """The exit code of a command and what it printed."""
    result = CliRunner().invoke(cleargrid, arguments, catch_exceptions=False)
    return result.exit_code, result.output


def start(*arguments, folder, **options):
    """Start a command in a process of its own that minds SIGINT, whatever the tests were started with."""
    environment = {**os.environ, "DAGSTER_HOME": str(folder), **options.pop("variables", {})}
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=PROJECT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread holds a lock of ours
        **options,
    )


def interrupt(command):
    """Press Ctrl-C until the command has ended, because Python loses a signal that comes amid an import; its errors."""
    while True:
        command.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return command.communicate(timeout=60)[1]


@pytest.mark.parametrize("warehouse_variables", [FILE], indirect=True)
def test_a_command_that_is_interrupted_in_a_query_is_aborted(start_after, tmp_path):
    platform = start_after(load_months, MAY)
    with platform.warehouse.writing() as connection:
        connection.execute(LONG)
    path = Path(platform.warehouse.address).absolute()
    with start(
        "status", folder=tmp_path, variables={**platform.variables, "CLEARGRID_WAREHOUSE": str(path)}
    ) as command:
        wait_until(lambda: is_locked(path) or command.poll() is not None, "the query")
        assert interrupt(command).splitlines() == ["", "Aborted!"]
        assert command.returncode == 1


@pytest.mark.parametrize("warehouse_variables", [FILE], indirect=True)
@pytest.mark.parametrize("dropped", ["TABLE raw.d23_changes", "VIEW raw.last_loads"])
def test_what_somebody_dropped_is_named(start_after, monkeypatch, dropped):
    platform = start_after(load_months, MAY)
    for name, value in platform.variables.items():
        monkeypatch.setenv(name, value)
    with platform.warehouse.writing() as connection:
        connection.execute(f"DROP {dropped}")
    code, printed = run("status")
    assert code == 1
    assert printed.startswith("Error: the warehouse lacks one of our tables or views")
    assert dropped.rpartition(".")[2] in printed


def is_locked(path):
    with suppress(WarehouseBusyError), file_lock(path, 0):
        return False
    return True


def test_a_command_that_is_interrupted_while_it_imports_dagster_is_aborted(tmp_path):
    (tmp_path / "dagster.py").write_text("raise KeyboardInterrupt")
    with start("--help", folder=tmp_path, variables={"PYTHONPATH": str(tmp_path)}) as command:
        assert command.communicate()[1] == "Aborted!\n"
        assert command.returncode == 1


@pytest.mark.parametrize("argument", ["status", "--help"])
def test_output_that_cannot_be_written_is_one_sentence(tmp_path, argument):
    with Path("/dev/full").open("w") as full, start(argument, folder=tmp_path, stdout=full) as command:
        assert command.communicate()[1] == "Error: input or output failed: No space left on device\n"
        assert command.returncode == 1


def test_a_file_that_the_system_refuses_is_named():
    lock = dagster_home(EMULATOR) / "daemon.lock"
    lock.mkdir()
    message = f"Error: {lock} cannot be used (Is a directory): correct its owner and permissions\n"
    assert run("demo") == (1, message)


def test_what_the_demo_saved_and_nobody_can_read_is_named():
    saved = dagster_home(EMULATOR) / "demo.env"
    saved.write_bytes(b"CLEARGRID_START_MONTH=\xff")
    assert run("status") == (1, f"Error: {saved} is not a UTF-8 text file; save it as one\n")


def test_a_demo_without_a_usable_warehouse_starts_nothing():
    Path("data").touch()
    code, printed = run("demo")
    assert code == 1
    assert printed.startswith(f"Error: {Path('data/emulator.duckdb').absolute()} cannot be used as a warehouse")


def test_a_fault_without_rows_is_refused_before_anything_is_loaded():
    code, printed = run("demo", "--rows-per-day", "0", "--fault", "bad-rows")
    assert code == 2
    assert "pass a larger --rows-per-day" in printed
    assert not Path(".dagster").exists()


def test_a_temporary_folder_that_is_too_deep_for_a_socket_is_named(monkeypatch, tmp_path):
    deep = tmp_path / ("deep" * 25)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with (
        pytest.raises(click.ClickException, match=r"deepdeep.* is too long for a socket: set TMPDIR to /tmp"),
        Path(os.devnull).open() as lock,
        services(os.environ, tmp_path, tmp_path / "log", lock=lock.fileno()),
    ):
        pass
