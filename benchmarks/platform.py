"""Benchmarks the platform around a load: start-up, one small run, the derived tables.

Add parts of the platform to time here; loaders are in `loading`, backfills in `backfills`.
"""

from __future__ import annotations

import compileall
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.loading import MONTH, NOW, emulator
from benchmarks.measure import Measurement, median, run
from cleargrid_assets.command_names import executable
from cleargrid_assets.commands.emulator_settings import emulator_settings
from cleargrid_assets.commands.instance import PROJECT
from cleargrid_assets.partitions import build_months, recent_months
from cleargrid_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cleargrid_assets.emulator import Emulator

RAW = "raw/d23_manual_communication_logs"
MARTS = (
    "core/outcome_spellings,core/contact_attempts,"
    "analytics/outcome_mix,analytics/agent_productivity,analytics/cohort_contact"
)
START_MONTH = {"CLEARGRID_START_MONTH": f"{NOW.year - 2}-01"}
IMPORTS = {
    "dagster": "import dagster",
    "code location": "from cleargrid_assets.definitions import definitions; definitions()",
}

RUN_JOB = """
import sys
import dagster as dg
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.settings import Settings
name, *months = sys.argv[1:]
with dg.DagsterInstance.get() as instance:
    job = build_definitions(Settings.from_environment()).resolve_job_def(name)
    for month in months:
        assert job.execute_in_process(partition_key=month or None, instance=instance).success
"""
"""Runs a job for each of the months, one after the other in one process; an empty month is a run over all of them."""


def start_up(*, times: int = 5) -> None:
    """The time to load the code location, compared with importing Dagster alone; both as bytecode, as pip leaves it."""
    compileall.compile_dir(PROJECT / "cleargrid_assets", quiet=1)
    print("Start-up, medians of whole Python processes:")
    medians = {}
    for name, code in IMPORTS.items():
        measured = [run([sys.executable, "-c", code]) for _ in range(times)]
        medians[name] = median(measured, "cpu_seconds")
        print(f"{name:<15}{median(measured, 'wall_seconds'):6.2f} s wall {medians[name]:6.2f} cpu s")
    print(f"code location / dagster: {medians['code location'] / medians['dagster']:.2f}x")


def one_run(rows: int = 20_000) -> None:
    """One month of 20,000 rows with Dagster's own command, from start to exit."""
    with emulator(rows) as server, tempfile.TemporaryDirectory() as folder:
        for attempt in ("first", "again"):
            _print(attempt, rows, materialize(server, Path(folder), RAW))


def marts(rows: int = 2_000_000) -> None:
    """Core and the three base marts of a month of two million rows."""
    with emulator(rows) as server, tempfile.TemporaryDirectory() as folder:
        for name, selection in (("raw", RAW), ("marts", MARTS)):
            _print(name, rows, materialize(server, Path(folder), selection))


def _print(name: str, rows: int, measured: Measurement) -> None:
    seconds = f"{measured.wall_seconds:.1f} s wall, {measured.cpu_seconds:.1f} cpu s"
    print(f"{name:<7}{rows:,} rows: {seconds}, {measured.peak_mb:.0f} MB", flush=True)


def materialize(
    server: Emulator, folder: Path, selection: str, variables: Mapping[str, str] | None = None
) -> Measurement:
    """Run `selection` for the month in a separate process, with `variables` overriding the usual settings."""
    environment = {**run_environment(server, folder), **(variables or {})}
    arguments = ["-m", "cleargrid_assets.definitions", "--select", selection, "--partition", MONTH]
    command = [executable("dagster"), "asset", "materialize", *arguments]
    return run(command, cwd=folder, environment=environment)


def settings_and_months(server: Emulator, months: int) -> tuple[dict[str, str], list[str]]:
    """Settings for `server` that begin two years ago, and the partition keys of the last `months`."""
    settings = {**emulator_settings(server), **START_MONTH}
    return settings, recent_months(build_months(Settings(settings)), NOW, months)


def run_environment(server: Emulator, folder: Path) -> dict[str, str]:
    """The variables of a run that loads from `server` into a warehouse in `folder`."""
    return {
        **os.environ,
        **emulator_settings(server),
        "CLEARGRID_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "CLEARGRID_CONCURRENCY": "8",
        "CLEARGRID_PAGE_SIZE": "1000",
        **START_MONTH,
    }
