"""Processes that end together, and the signals that end a command.

What the processes do belongs in `services`.
"""

from __future__ import annotations

import itertools
import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NoReturn, Self, cast

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

WATCHDOG = Path(__file__).with_name("parent_watchdog.py")
GRACE_SECONDS = 6.0
"""On an idle machine, runs roll back and Dagster exits in 3 to 4 s. Killing a run leaves its month unchanged."""

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_SECONDS = 0.1
LOG_BYTES = 10_000_000
LOGS_KEPT = 2


@contextmanager
def interrupt_on_signals() -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt, so that each block of a command ends what it started.

    Start children inside the block: a shell starts background jobs with SIGINT ignored, children inherit that, and
    Dagster handles SIGTERM the way it finds SIGINT, so its processes would ignore both and be killed half a minute
    later. A signal with a handler here is reset to its default in a child. SIGHUP stays ignored under `nohup`.
    """
    before = {number: signal.getsignal(number) for number in ENDING}
    for number in ENDING:
        if number != signal.SIGHUP or before[number] is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, _frame: object) -> NoReturn:
    """End the command once; later signals must not interrupt the clean-up."""
    for ending in ENDING:
        signal.signal(ending, signal.SIG_IGN)
    if number == signal.SIGHUP:
        _discard_output()
    raise KeyboardInterrupt


def _discard_output() -> None:
    """Redirect output to the null device: the terminal is gone, and printing must not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


class ProcessGroup:
    """Processes that end together: when the block ends, and when this process dies for any reason.

    Their output goes to the file `log`, whose older parts are kept as `.1` and `.2`; with `echo` also to the console.
    They inherit the descriptors `inherited`. They have their own process group, so that Ctrl-C in a terminal reaches
    only us and we end them in order; it stays in our session, so that it is easy to find.
    """

    def __init__(
        self, environment: Mapping[str, str], cwd: Path, log: Path, *, inherited: Sequence[int] = (), echo: bool = False
    ) -> None:
        self.log = log
        self._inherited = inherited
        self._environment = dict(environment)
        self._cwd = cwd
        self._handlers: list[logging.Handler] = [
            RotatingFileHandler(log, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8")
        ]
        if echo:
            self._handlers.append(logging.StreamHandler(sys.stdout))
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        watchdog = [sys.executable, "-I", str(WATCHDOG), str(GRACE_SECONDS)]
        self._watchdog = subprocess.Popen(
            watchdog, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, process_group=0, pass_fds=self._inherited
        )
        printed, self._output = os.pipe()
        self._copying = Thread(target=self._copy_output, args=(printed,), daemon=True)
        self._copying.start()
        return self

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a process that runs as long as the group."""
        process = self._popen(arguments, self._output)
        self._processes.append(process)
        return process

    def run(self, *arguments: str) -> None:
        """Run a process to its end; if it fails, raise an error with its output."""
        process = self._popen(arguments, subprocess.PIPE)
        printed, _ = process.communicate()
        if process.returncode:
            raise click.ClickException(f"`{_command_name(process)}` failed:\n{printed.decode(errors='replace')}")

    def _popen(self, arguments: Sequence[str], output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            arguments,
            cwd=self._cwd,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=self._watchdog.pid,
            pass_fds=self._inherited,
        )

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Poll until the condition holds. Raises if a process of the group ends first."""
        while not condition():
            self.raise_if_ended()
            time.sleep(POLL_SECONDS)

    def raise_if_ended(self) -> None:
        """Raise if a process has ended by itself."""
        for process in self._processes:
            if process.poll() is not None:
                raise click.ClickException(
                    f"`{_command_name(process)}` ended unexpectedly with exit code {process.returncode}: see {self.log}"
                )

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Ask the group to end, so that runs roll back; then kill what is left."""
        if kind is KeyboardInterrupt:
            click.echo("Stopping ...")
        os.killpg(self._watchdog.pid, signal.SIGTERM)
        end_at = time.monotonic() + GRACE_SECONDS
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end_at - time.monotonic()))
        os.killpg(self._watchdog.pid, signal.SIGKILL)
        for process in (*self._processes, self._watchdog):
            process.wait()
        os.close(self._output)
        self._copying.join(GRACE_SECONDS)
        for handler in self._handlers:
            handler.close()

    def _copy_output(self, output: int) -> None:
        """Copy the processes' output line by line until all of them have ended."""
        with os.fdopen(output, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                for handler in self._handlers:
                    handler.handle(logging.makeLogRecord({"msg": line.rstrip("\n")}))


def _command_name(process: subprocess.Popen[bytes]) -> str:
    """The command without its options, as in `dagster code-server start`."""
    command, *arguments = cast("Sequence[str]", process.args)
    words = itertools.takewhile(lambda word: not word.startswith("-"), arguments)
    return " ".join([Path(command).name, *words])
