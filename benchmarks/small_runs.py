"""Benchmarks a small month's run, with all tables and checks, beside an empty asset's run started the same way.

Add a way of starting a run here; backfills through the daemon are in `backfills`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.loading import MONTH, PAIRS, emulator
from benchmarks.measure import Measurement, median, run
from benchmarks.platform import run_environment
from cleargrid_assets.command_names import executable
from cleargrid_assets.commands.instance import PROJECT
from cleargrid_assets.jobs import REFRESH_MONTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets.emulator import Emulator

EMPTY, OURS = "benchmarks.empty_run", "cleargrid_assets.definitions"


def small_run(rows: int = 20_000, *, pairs: int = PAIRS) -> None:
    """Processor seconds of whole processes: `dagster job execute` of the job `refresh_month`, ours and an empty one."""
    with emulator(rows) as server, tempfile.TemporaryDirectory() as folder:
        first = {name: _home(Path(folder) / name) for name in (EMPTY, OURS)}
        for name, home in first.items():
            _run(name, home, server)  # makes the instance, and the emulator's rows, outside the race
        measured: dict[str, list[Measurement]] = {EMPTY: [], OURS: []}
        for number in range(pairs):
            for name, home in first.items():
                measured[name].append(_run(name, _copy_of(home, Path(folder) / f"{name} {number}"), server))
    print(f"\nA month of {rows:,} rows with all tables and checks, {pairs} pairs, medians:")
    for name, runs in measured.items():
        print(f"{name:<32}{median(runs, 'cpu_seconds'):6.2f} cpu s {median(runs, 'wall_seconds'):6.2f} s wall")
    print(f"ours / empty: {median(measured[OURS], 'cpu_seconds') / median(measured[EMPTY], 'cpu_seconds'):.2f}x")


def _home(folder: Path) -> Path:
    """A new Dagster home with the project's `dagster.yaml`."""
    folder.mkdir()
    shutil.copy(PROJECT / "dagster.yaml", folder)
    return folder


def _copy_of(home: Path, folder: Path) -> Path:
    """The same history, and no warehouse yet."""
    shutil.copytree(home, folder, ignore=shutil.ignore_patterns("warehouse.duckdb*"))
    return folder


def _run(module: str, home: Path, server: Emulator) -> Measurement:
    environment = {**run_environment(server, home), "DAGSTER_HOME": str(home), "PYTHONPATH": str(PROJECT)}
    return run(job_execute(module, MONTH), cwd=home, environment=environment)


def job_execute(module: str, month: str) -> Sequence[str]:
    """The command that runs the job `refresh_month` of `module` for a month."""
    tags = json.dumps({"dagster/partition": month})
    return [executable("dagster"), "job", "execute", "-m", module, "-j", REFRESH_MONTH, "--tags", tags]
