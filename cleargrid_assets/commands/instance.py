"""Dagster's instance of each environment and the processes that work on it.

Here: starting and stopping Dagster's own commands. Not here: what they are asked to do.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PROJECT = Path(__file__).resolve().parents[2]
EMULATOR = "emulator"
STOP_SECONDS = 30


def home_path(environment: str) -> Path:
    """The folder that keeps Dagster's history: DAGSTER_HOME, or `.dagster` where we are.

    The emulator's is always `.dagster/emulator`: made-up months never stand beside real ones, and a backfill that a
    stopped demo left behind is never taken up by a daemon on a real account.
    """
    if environment == EMULATOR:
        return Path(".dagster", EMULATOR).resolve()
    return Path(os.environ.get("DAGSTER_HOME") or ".dagster").resolve()


def dagster_home(environment: str) -> Path:
    """The same folder, with this project's instance settings; made when missing."""
    home = home_path(environment)
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists() or Path(".dagster").resolve() in (home, home.parent):
        shutil.copyfile(PROJECT / "dagster.yaml", home / "dagster.yaml")
    return home


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without any of our variables: what a shell exports for one account must not reach another."""
    return {name: value for name, value in environment.items() if not name.startswith("CLEARGRID_")}


@contextmanager
def only_daemon(home: Path) -> Iterator[None]:
    """Refuse to run beside another of our commands on the same history: its daemon would take our runs."""
    lock = FileLock(home / "daemon.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as timeout:
        raise click.ClickException(
            f"Dagster is running on {home} already: stop `make dev` or `make demo` there first"
        ) from timeout
    try:
        yield
    finally:
        lock.release()


def command(name: str) -> str:
    """The path of an installed command of this environment."""
    return str(Path(sys.executable).parent / name)


@contextmanager
def running(
    arguments: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process and all its children, stopped together at the end of the block.

    It gets a session of its own: signals then reach it even when a shell started us in the background.
    """
    output = log.open("wb") if log else None
    process = subprocess.Popen(
        arguments, cwd=cwd, env=dict(environment), stdout=output, stderr=output, start_new_session=True
    )
    try:
        yield process
    finally:
        _stop(process)
        if output:
            output.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the whole session to end; make it end when it does not."""
    for request in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, request)
        except ProcessLookupError:
            break
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
