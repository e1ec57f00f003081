"""Measures what one more idle lender costs: the processes of `cleargrid dev`, one set for each lender.

Starting them and reading their usage from the kernel belong here; docs/scaling.md uses the figures.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import KIB
from cleargrid_assets.command_names import executable

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLES = {
    "dagster-daemon": "daemon",
    "dagster-webserver": "webserver",
    "code-server": "code server",
    " api ": "code server",
}
"""A part of each process's command line; whatever is left belongs to `cleargrid dev` itself."""

SETTLE_SECONDS = 60
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """A process's usage: proportional and resident memory in MB, and CPU seconds since it started."""

    role: str
    pss_mb: float
    rss_mb: float
    cpu_seconds: float


def lenders(count: int = 2, *, minutes: int = 5) -> None:
    """Run `count` idle `cleargrid dev` in separate folders, each with its own emulator."""
    with ExitStack() as stack:
        sessions = [stack.enter_context(_start_dev()) for _ in range(count)]
        time.sleep(SETTLE_SECONDS)
        before = [_usages(session) for session in sessions]
        time.sleep(60 * minutes)
        after = [_usages(session) for session in sessions]
    print(f"\n{count} lenders, {minutes} minutes of idling; for one lender:")
    for role in ("code server", "daemon", "webserver", "cleargrid dev"):
        print(_line(role, before, after, minutes, {role}))
    print(_line("in all", before, after, minutes, None))


def _line(
    name: str, before: list[dict[int, Usage]], after: list[dict[int, Usage]], minutes: int, roles: set[str] | None
) -> str:
    """One line of means over the lenders, for the processes in `roles`, or for all if it is None."""
    totals: dict[str, float] = defaultdict(float)
    for earlier, later in zip(before, after, strict=True):
        for pid, usage in later.items():
            if roles is None or usage.role in roles:
                totals["processes"] += 1
                totals["pss"] += usage.pss_mb
                totals["rss"] += usage.rss_mb
                totals["cpu"] += usage.cpu_seconds - (earlier[pid].cpu_seconds if pid in earlier else 0.0)
    mean = {figure: total / len(after) for figure, total in totals.items()}
    return (
        f"{name:<14}{mean['processes']:4.0f} processes{mean['rss']:7.0f} MB resident{mean['pss']:7.0f} MB proportional"
        f"{mean['cpu'] / (60 * minutes):8.1%} of a processor"
    )


@contextmanager
def _start_dev() -> Iterator[int]:
    """`cleargrid dev` with a session of its own, once its UI answers; returns the session."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [executable("cleargrid"), "dev", "--port", "0"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "Dagster on " in line:
                    break
            yield process.pid
        finally:
            process.terminate()
            process.communicate()


def _usages(session: int) -> dict[int, Usage]:
    """The living processes of a session."""
    usages = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(fields[3]) == session:
                usages[int(path.name)] = _usage(path, fields)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return usages


def _usage(process: Path, fields: list[str]) -> Usage:
    command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    role = next((role for part, role in ROLES.items() if part in command), "cleargrid dev")
    lines = (process / "smaps_rollup").read_text(encoding="utf-8").splitlines()[1:]
    memory = {name: int(value.split()[0]) * KIB / 1e6 for name, _, value in (line.partition(":") for line in lines)}
    return Usage(role, memory["Pss"], memory["Rss"], (int(fields[11]) + int(fields[12])) / TICKS)
