"""Processes of a group end together, and the daemon's lock is held until the last of them has ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import click
import pytest

from cleargrid_assets.commands import processes
from cleargrid_assets.commands.instance import exclusive_daemon
from cleargrid_assets.commands.processes import ProcessGroup, interrupt_on_signals
from cleargrid_assets.warehouse.private_folder import PrivateFolder
from cleargrid_assets_tests.end_to_end.dagster_dev import wait_until

PYTHON = sys.executable
STARTS_A_GROUP = """
import os, sys, time
from pathlib import Path
from cleargrid_assets.commands.instance import exclusive_daemon
from cleargrid_assets.commands.processes import ProcessGroup
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
here, log = Path.cwd(), Path("group.log")
with exclusive_daemon(here) as lock, ProcessGroup(os.environ, here, log, inherited=[lock]) as group:
    child = group.start(sys.executable, "-c", DEAF)
    group.wait_until(lambda: log.read_text())
    print(child.pid, flush=True)
    time.sleep(600)
"""
KILLED_WHILE_IT_STARTS_SERVICES = """
import os, signal
from pathlib import Path
from cleargrid_assets.commands.processes import ProcessGroup
from cleargrid_assets.commands.services import services
ProcessGroup.start = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with services({}, Path.cwd(), Path("dev.log"), lock=0):
    pass
"""


def process_group(folder, **options):
    return ProcessGroup(os.environ, folder, folder / "group.log", **options)


def is_alive(pid):
    """True if the process is alive; a zombie, which has ended but was not waited for, is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_group_ends_with_its_block_and_a_process_that_does_not_listen_is_killed(monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "GRACE_SECONDS", 3.0)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)"
    # As in the commands: where tests run in the background, Dagster has this process, and its children, ignore SIGTERM.
    with interrupt_on_signals(), process_group(tmp_path) as group:
        polite = group.start(PYTHON, "-c", "import time; time.sleep(600)")
        stubborn = group.start(PYTHON, "-c", f"{deaf}; time.sleep(600)")
        group.wait_until(lambda: "deaf" in (tmp_path / "group.log").read_text(encoding="utf-8"))
    assert (polite.returncode, stubborn.returncode) == (-signal.SIGTERM, -signal.SIGKILL)


def test_a_group_ends_when_the_process_that_started_it_is_killed(tmp_path):
    with subprocess.Popen([PYTHON, "-c", STARTS_A_GROUP], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as starter:
        child = int(starter.stdout.readline())
        assert is_alive(child)
        starter.kill()
    wait_until(lambda: not is_alive(child), "the end of the child")


def test_a_process_that_ends_by_itself_is_named_with_the_log_that_says_why(tmp_path):
    with process_group(tmp_path) as group:
        group.start(PYTHON, "-c", "print('no such thing'); raise SystemExit(3)")
        with pytest.raises(click.ClickException, match=r"ended unexpectedly with exit code 3: see .*group\.log"):
            group.wait_until(lambda: False)
    assert (tmp_path / "group.log").read_text(encoding="utf-8") == "no such thing\n"


def test_a_command_of_the_group_that_fails_is_shown_with_what_it_printed(tmp_path):
    with process_group(tmp_path) as group, pytest.raises(click.ClickException, match="no such thing"):
        group.run(PYTHON, "-c", "print('no such thing'); raise SystemExit(3)")


def test_what_processes_print_is_on_the_console_too_when_it_is_asked_for(tmp_path, capsys):
    with process_group(tmp_path, echo=True) as group:
        process = group.start(PYTHON, "-c", "print('of interest')")
        process.wait()
    assert capsys.readouterr().out == "of interest\n"


def test_a_child_listens_to_signals_even_when_a_shell_started_us_with_sigint_ignored(tmp_path):
    script = textwrap.dedent("""
        import signal
        from cleargrid_assets.commands.processes import interrupt_on_signals
        import subprocess, sys
        with interrupt_on_signals():
            subprocess.run([sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGINT).__name__)"])
    """)
    ignoring = ["sh", "-c", 'trap "" INT; exec "$0" "$@"', PYTHON, "-c", script]
    result = subprocess.run(ignoring, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert result.stdout == "default_int_handler\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_interrupts_once_and_later_ones_do_not_interrupt_the_end(number, monkeypatch):
    monkeypatch.setattr(processes, "_discard_output", lambda: None)
    inherited = signal.signal(number, signal.default_int_handler)
    before = signal.getsignal(number)
    with interrupt_on_signals():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)
    assert signal.getsignal(number) is before
    signal.signal(number, inherited)


def test_under_nohup_a_closed_terminal_ends_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupt_on_signals():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_lock_is_free_when_the_last_process_of_a_killed_commands_group_has_ended(tmp_path):
    """So a process that holds the lock may mark all runs that were executed under it as failed."""
    with subprocess.Popen([PYTHON, "-c", STARTS_A_GROUP], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as starter:
        child = int(starter.stdout.readline())
        starter.kill()
    wait_until(lambda: not is_locked(tmp_path), "the lock to be free")
    assert not is_alive(child)


def is_locked(home):
    try:
        with exclusive_daemon(home):
            return False
    except click.ClickException:
        return True


def test_the_folder_of_a_killed_command_is_removed_by_the_next_one(monkeypatch):
    with tempfile.TemporaryDirectory() as temporary:  # a path that is short enough for a socket
        monkeypatch.setenv("TMPDIR", temporary)
        monkeypatch.setattr(tempfile, "tempdir", temporary)
        subprocess.run([PYTHON, "-c", KILLED_WHILE_IT_STARTS_SERVICES], check=False)
        assert len([*Path(temporary).iterdir()]) == 1
        with PrivateFolder() as folder:
            assert [*Path(temporary).iterdir()] == [folder]
