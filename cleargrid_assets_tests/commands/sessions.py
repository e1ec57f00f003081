"""`cleargrid` commands as a shell or a terminal starts them, and the processes that are left of them.

What they should print or leave is for the tests to say.
"""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import termios
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING

from cleargrid_assets.command_names import executable
from cleargrid_assets_tests.end_to_end.dagster_dev import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_THE_BACKGROUND = ("sh", "-c", 'trap "" INT; exec "$0" "$@"')
"""How a shell without job control starts what is followed by `&`: with SIGINT ignored."""


@dataclass(frozen=True)
class Command:
    """A command in its own session. `output`: its standard output and standard error."""

    process: subprocess.Popen[bytes]
    output: IO[str]

    def read_until(self, text: str) -> str:
        """Wait for a line that contains `text`; return all output up to and including it."""
        printed = ""
        for line in self.output:
            printed += line
            if text in line:
                return printed
        raise AssertionError(f"it ended without printing {text!r}:\n{printed}")

    def living_processes(self) -> list[int]:
        """The ids of the session's living processes, whatever their parents are."""
        return [int(path.name) for path in Path("/proc").glob("[0-9]*") if _session(path) == self.process.pid]

    def wait_until_gone(self) -> None:
        """Wait until none of its processes is alive."""
        wait_until(lambda: not self.living_processes(), "the end of everything that the command started")


@contextmanager
def run_in_background(*arguments: str) -> Iterator[Command]:
    """Run `cleargrid ... &` as a script does."""
    process = subprocess.Popen(
        [*IN_THE_BACKGROUND, executable("cleargrid"), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    with TextIOWrapper(process.stdout, encoding="utf-8") as output:
        yield from _kill_at_end(Command(process, output))


@contextmanager
def run_in_terminal(*arguments: str) -> Iterator[Command]:
    """Run `cleargrid ...` in a terminal window; closing `output` closes the window."""
    window, terminal = pty.openpty()
    process = subprocess.Popen(
        [executable("cleargrid"), *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=_attach_terminal,  # noqa: PLW1509 - no thread holds a lock of ours
    )
    os.close(terminal)
    with os.fdopen(window, encoding="utf-8") as output:
        yield from _kill_at_end(Command(process, output))


def _attach_terminal() -> None:
    """Make standard input the session's terminal, and let SIGHUP end the command even if the tests run under nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _kill_at_end(command: Command) -> Iterator[Command]:
    """Kill every process of the command at the end of the test, whether the test passes or fails."""
    try:
        yield command
    finally:
        for pid in command.living_processes():
            os.kill(pid, signal.SIGKILL)
        command.process.wait()


def _session(process: Path) -> int | None:
    """The session that a process belongs to; None if the process has ended."""
    try:
        state, _parent, _group, session, *_ = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in {"X", "Z"} else int(session)
