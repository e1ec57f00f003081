"""Measures a night in which nothing changed at ClearGrid: the runs that schedules and sensors request, a process each.

`test_quiet_nights.py` proves which runs those are.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.loading import NOW, emulator
from benchmarks.measure import Measurement, run
from benchmarks.platform import RUN_JOB
from cleargrid_assets.commands.emulator_settings import emulator_settings
from cleargrid_assets.commands.instance import PROJECT
from cleargrid_assets.jobs import CHECK_MONTHS, OBSERVE_CLEARGRID, REFRESH_MONTH, REFRESH_SUMMARY
from cleargrid_assets.partitions import build_months, recent_months
from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.dagster_graphql import write_instance

if TYPE_CHECKING:
    from cleargrid_assets.emulator import Emulator

MONTHS = 4
OTHER_RUNS = (OBSERVE_CLEARGRID, REFRESH_SUMMARY, CHECK_MONTHS)


@dataclass(frozen=True)
class Night:
    """What one night cost; sizes in bytes."""

    runs: int
    load_seconds: float
    cpu_seconds: float
    requests: int
    warehouse_growth: int
    history_growth: int

    @property
    def line(self) -> str:
        """The figures as one line."""
        return (
            f"{self.runs} runs, {self.requests} requests, {self.cpu_seconds:.1f} cpu s ({self.load_seconds:.1f} of the "
            f"loads), warehouse {self.warehouse_growth / 1e3:+,.0f} KB, Dagster's history "
            f"{self.history_growth / 1e3:+,.0f} KB"
        )


def night(rows: int = 20_000) -> None:
    """The night of the first load, and two in which nothing changed."""
    with emulator(rows) as server, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_instance(PROJECT / "dagster.yaml", home, 1)
        print(f"\nA night: {MONTHS} months of {rows:,} rows are read, observed, summarized and checked:")
        for name in ("all new", "unchanged", "unchanged"):
            print(f"{name:<10} {_run_night(server, home).line}", flush=True)


def _run_night(server: Emulator, home: Path) -> Night:
    settings = {**emulator_settings(server), "CLEARGRID_START_MONTH": f"{NOW.year - 1}-01"}
    *months, _ = recent_months(build_months(Settings(settings)), NOW, MONTHS + 1)
    requests, sizes = len(server.requests), _sizes(home)
    loads = [_run(home, settings, REFRESH_MONTH, month) for month in months]
    others = [_run(home, settings, job) for job in OTHER_RUNS]
    warehouse, history = (after - before for after, before in zip(_sizes(home), sizes, strict=True))
    return Night(
        runs=len(loads) + len(others),
        load_seconds=sum(load.cpu_seconds for load in loads),
        cpu_seconds=sum(each.cpu_seconds for each in (*loads, *others)),
        requests=len(server.requests) - requests,
        warehouse_growth=warehouse,
        history_growth=history,
    )


def _run(home: Path, settings: dict[str, str], job: str, month: str = "") -> Measurement:
    places = {"DAGSTER_HOME": str(home), "CLEARGRID_WAREHOUSE": str(home / "data" / "warehouse.duckdb")}
    environment = {**os.environ, **settings, **places, "PYTHONPATH": str(PROJECT)}
    return run([sys.executable, "-c", RUN_JOB, job, month], cwd=home, environment=environment)


def _sizes(home: Path) -> tuple[int, int]:
    """The bytes of the warehouse and of everything else, which is Dagster's history and the report."""
    sizes = {path: path.stat().st_size for path in home.rglob("*") if path.is_file()}
    warehouse = sum(size for path, size in sizes.items() if path.parent.name == "data")
    return warehouse, sum(sizes.values()) - warehouse
