"""`cleargrid demo`: a real partition backfill from a local emulator, from nothing to a table of months.

Here: the order of events and what is printed. Not here: how months are loaded; Dagster does that, as always.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import dagster as dg

from cleargrid_assets.commands.emulated import emulator_settings
from cleargrid_assets.commands.instance import (
    EMULATOR,
    PROJECT,
    command,
    dagster_home,
    only_daemon,
    running,
    without_settings,
)
from cleargrid_assets.commands.status import month_statuses, table_of
from cleargrid_assets.emulator import Emulator
from cleargrid_assets.jobs import REFRESH_MONTH, REFRESH_SUMMARY
from cleargrid_assets.partitions import build_months, recent_months
from cleargrid_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CLOSED_MONTHS = 6
ROWS_PER_DAY = 400
POLL_SECONDS = 1.0
LOG = "demo.log"


@click.command()
@click.option(
    "--rows-per-day",
    type=click.IntRange(0),
    default=ROWS_PER_DAY,
    show_default=True,
    help="Size of the emulated lender.",
)
@click.option(
    "--months", "closed_months", type=click.IntRange(0), default=CLOSED_MONTHS, show_default=True, help="Closed months."
)
def demo(rows_per_day: int, closed_months: int) -> None:
    """Load closed months and the open one from a local emulator, and show what landed."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with Emulator(rows_per_day=rows_per_day, now=today) as emulator:
        settings = emulator_settings(emulator)
        home = dagster_home(EMULATOR)
        environment = {**without_settings(os.environ), **settings, "DAGSTER_HOME": str(home)}
        months = recent_months(build_months(Settings(settings)), today, closed_months + 1)
        print(f"Emulated ClearGrid on {emulator.base_url}; loading {months[0]} to {months[-1]} with Dagster ...")
        succeeded = _run_everything(home, environment, months)
    loaded = [month for month in month_statuses(Settings(settings)) if month.state != "missing"]
    print(table_of(loaded))
    if not succeeded:
        sys.exit(
            f"\nNot every run succeeded. `make dev`, then http://127.0.0.1:3000/runs shows why; so does {home / LOG}."
        )
    print(_what_next(settings["CLEARGRID_WAREHOUSE"]))


def _run_everything(home: Path, environment: Mapping[str, str], months: list[str]) -> bool:
    """Backfill the months, then compute what spans them; whether every run succeeded."""
    backfill = ["job", "backfill", "--job", REFRESH_MONTH, "--partitions", ",".join(months), "--noprompt"]
    summary = ["job", "launch", "--job", REFRESH_SUMMARY]
    with only_daemon(home), _instance(home) as instance, _daemon(home, environment) as daemon:
        return all(
            [
                follow(instance, REFRESH_MONTH, _ask_dagster(home, environment, backfill), daemon),
                follow(instance, REFRESH_SUMMARY, _ask_dagster(home, environment, summary), daemon),
            ]
        )


@contextmanager
def _instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


@contextmanager
def _daemon(home: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Dagster's daemon. It works in its own home, where no `.env` can take the demo to another environment."""
    arguments = [command("dagster-daemon"), "run", "-w", str(PROJECT / "workspace.yaml")]
    with running(arguments, cwd=home, environment=environment, log=home / LOG) as process:
        yield process


def _ask_dagster(home: Path, environment: Mapping[str, str], arguments: list[str]) -> float:
    """Run one of Dagster's commands; return the time just before. Its output is shown when it fails."""
    asked_at = time.time()
    done = subprocess.run(
        [command("dagster"), *arguments, "-w", str(PROJECT / "workspace.yaml")],
        cwd=home,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise click.ClickException(f"dagster {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return asked_at


def follow(instance: dg.DagsterInstance, job: str, asked_at: float, daemon: subprocess.Popen[bytes]) -> bool:
    """Print each run of `job` as it ends; whether all succeeded. Raises when the daemon, which starts them, is gone."""
    told: set[str] = set()
    created_after = datetime.fromtimestamp(asked_at, UTC)
    while True:
        runs = instance.get_runs(dg.RunsFilter(job_name=job, created_after=created_after))
        for run in reversed(runs):
            if run.is_finished and run.run_id not in told:
                told.add(run.run_id)
                print(f"  {len(told):>2} of {len(runs)}  {_label(run)}  {run.status.value.lower()}", flush=True)
        if runs and len(told) == len(runs):
            return all(run.is_success for run in runs)
        if daemon.poll() is not None:
            raise click.ClickException(f"Dagster's daemon ended before the runs did: {LOG} in its history says why")
        time.sleep(POLL_SECONDS)


def _label(run: dg.DagsterRun) -> str:
    month = run.tags.get("dagster/partition", "")
    return f"month {re.sub('-01$', '', month)}" if month else "summary      "


def _what_next(warehouse: str) -> str:
    return (
        f"\nThe warehouse is {warehouse}; its analytics are also in data/published/*.parquet.\n"
        "The report is reports/latest.html: open it in a browser.\n"
        "Next: `make dev`, then open http://127.0.0.1:3000 - the backfill, its checks and the lineage are there."
    )
