"""Dagster's instance in `.dagster/` and the processes that work on it.

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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PROJECT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 30


def home_path() -> Path:
    """The folder that keeps Dagster's history: DAGSTER_HOME, or `.dagster` where we are."""
    return Path(os.environ.get("DAGSTER_HOME") or ".dagster").resolve()


def dagster_home() -> Path:
    """The same folder, with this project's instance settings; made when missing."""
    home = home_path()
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists() or home.name == ".dagster":
        shutil.copyfile(PROJECT / "dagster.yaml", home / "dagster.yaml")
    return home


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
