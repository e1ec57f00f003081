"""Benchmarks backfills through Dagster's daemon: two years as in the demo; run granularity, executors and concurrency.

Add a backfill to compare here, timed from outside; loads without Dagster are in `loading`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from benchmarks.loading import emulator
from benchmarks.measure import cpu_seconds_of_group, run
from benchmarks.platform import RUN_JOB, settings_and_months
from benchmarks.small_runs import EMPTY, OURS
from cleargrid_assets.command_names import executable
from cleargrid_assets.commands.instance import PROJECT
from cleargrid_assets.commands.processes import ProcessGroup
from cleargrid_assets.jobs import REFRESH_MONTH
from cleargrid_assets_tests.dagster_graphql import write_instance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

IN_PROCESS = tuple(("in process", concurrent) for concurrent in (1, 2, 4, 8))
CHOICES = {0: (*IN_PROCESS, ("a process per step", 2)), 200: IN_PROCESS}
"""By milliseconds a page takes: what an executor costs is processor time, whatever ClearGrid's pages take."""

CODE_LOCATION = "benchmarks.code_location"
AT_ONCE = 4
"""As in the project's `dagster.yaml`."""

POLL_SECONDS = 0.5


def backfill(months: int = 24, rows: int = 20_000) -> None:
    """A backfill of two years through Dagster's daemon, on `make demo`'s set-up."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        demo = [executable("cleargrid"), "demo", "--months", str(months - 1)]  # and the open one
        run([*demo, "--rows-per-day", str(round(rows / 25.6))], cwd=Path(folder))
        seconds = time.monotonic() - started
        print(f"{months} months of {rows:,} rows: {seconds:.0f} s, {seconds / months:.1f} s a month")


def backfill_runs(months: int = 24, rows: int = 20_000) -> None:
    """Processor seconds of a backfill by the job `refresh_month`, all processes, beside as many empty runs."""
    with emulator(rows) as server:
        settings, keys = settings_and_months(server, months)
        measured = {module: _backfill(settings, keys, module, AT_ONCE).cpu_seconds for module in (EMPTY, OURS)}
    print(
        f"\n{months} months of {rows:,} rows by {REFRESH_MONTH}, {AT_ONCE} at once, each side through its own daemon:"
    )
    for module, seconds in measured.items():
        print(f"{module:<32}{seconds:7.1f} cpu s, {seconds / months:.2f} a month")
    print(f"ours / empty: {measured[OURS] / measured[EMPTY]:.2f}x")


def choices(months: int = 12, rows: int = 20_000) -> None:
    """Run granularity, executor and concurrency compared."""
    for delay_ms, variants in CHOICES.items():
        print(f"\n{months} months of {rows:,} rows, a page takes {delay_ms} ms; seconds a month:")
        with emulator(rows, delay_ms=delay_ms) as server:
            settings, keys = settings_and_months(server, months)
            _all_in_one_process(settings, keys)  # the emulator makes its rows once, outside the race
            seconds = _all_in_one_process(settings, keys)
            print(f"one process for all months, one after the other  {seconds / months:6.1f}", flush=True)
            for executor, concurrent in variants:
                chosen = {**settings, "BENCHMARK_EXECUTOR": executor}
                seconds = _backfill(chosen, keys, CODE_LOCATION, concurrent).wall_seconds
                print(f"a run per month, {executor:<18}, {concurrent} at once  {seconds / months:6.1f}", flush=True)


def _all_in_one_process(settings: Mapping[str, str], months: Sequence[str]) -> float:
    """The best case for a run of many months: Dagster starts once, and nothing is recorded per month."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {**os.environ, **settings, **_places(Path(folder))}
        started = time.monotonic()
        run([sys.executable, "-c", RUN_JOB, REFRESH_MONTH, *months], cwd=Path(folder), environment=variables)
        return time.monotonic() - started


@dataclass(frozen=True)
class Backfill:
    """Seconds from the request until the last month has ended, and the processor seconds of all Dagster's processes."""

    wall_seconds: float
    cpu_seconds: float


def _backfill(settings: Mapping[str, str], months: Sequence[str], module_name: str, concurrent: int) -> Backfill:
    """A backfill of `refresh_month` through a daemon of its own. Raises if a month fails."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environment = {**os.environ, **settings, **_places(home)}
        write_instance(PROJECT / "dagster.yaml", home, concurrent)
        module = ["--module-name", module_name, "--working-directory", str(PROJECT)]
        command = ["job", "backfill", *module, "--job", REFRESH_MONTH, "--partitions", ",".join(months), "--noprompt"]
        with (
            dg.DagsterInstance.from_config(str(home)) as instance,  # first: two processes cannot make one at once
            ProcessGroup(environment, home, home / "daemon.log") as group,
        ):
            daemon = group.start(executable("dagster-daemon"), "run", *module)
            started = time.monotonic()
            group.run(executable("dagster"), *command)
            _wait_for_end(instance, len(months))
            return Backfill(time.monotonic() - started, cpu_seconds_of_group(os.getpgid(daemon.pid)))


def _places(home: Path) -> dict[str, str]:
    return {
        "DAGSTER_HOME": str(home),
        "CLEARGRID_WAREHOUSE": str(home / "warehouse.duckdb"),
        "PYTHONPATH": str(PROJECT),
    }


def _wait_for_end(instance: dg.DagsterInstance, months: int) -> None:
    while sum(run.is_finished for run in instance.get_runs()) < months:
        time.sleep(POLL_SECONDS)
    assert all(run.is_success for run in instance.get_runs())
