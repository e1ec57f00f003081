"""`cleargrid demo`: runs a real partition backfill from a local emulator, from nothing to a table of months.

Change the order of events here and the summary in `demo_summary`. Dagster loads the months, as it always does.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import dagster as dg

from cleargrid_assets.commands.demo_faults import ENDING_RED, STRICTER, limit_fault_to_month
from cleargrid_assets.commands.demo_summary import print_red_month, print_summary
from cleargrid_assets.commands.emulator_settings import OUTCOMES, ROWS_PER_DAY, emulator_settings, save_demo_settings
from cleargrid_assets.commands.instance import (
    UNFINISHED,
    cancel_leftovers,
    dagster_home,
    exclusive_daemon,
    limit_loads,
    open_instance,
    without_settings,
)
from cleargrid_assets.commands.processes import interrupt_on_signals
from cleargrid_assets.commands.services import services
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.emulator import Emulator
from cleargrid_assets.jobs import CHECK_MONTHS, REFRESH_MONTH, REFRESH_SUMMARY
from cleargrid_assets.partitions import build_months, recent_months
from cleargrid_assets.run_history import run_month, run_name
from cleargrid_assets.settings import EMULATOR, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets.commands.services import Services

CLOSED_MONTHS = 6
POLL_SECONDS = 0.5
LOG = "demo.log"


@click.command(short_help="Load months from a local emulator, with checks and report.")
@click.option(
    "--rows-per-day",
    type=click.IntRange(0),
    default=ROWS_PER_DAY,
    show_default=True,
    help="Rows on an average working day.",
)
@click.option(
    "--months",
    "closed_months",
    type=click.IntRange(0),
    default=CLOSED_MONTHS,
    show_default=True,
    help="Number of closed months to load.",
)
@click.option(
    "--fault",
    type=click.Choice(ENDING_RED),
    help="Inject this fault into the last closed month, to show what a red month looks like.",
)
def demo(rows_per_day: int, closed_months: int, fault: str | None) -> None:
    """Load the closed months and the open one from a local emulator; print what landed."""
    if fault and not rows_per_day:
        raise click.UsageError("--fault needs rows to turn a month red: pass a larger --rows-per-day")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    months = recent_months(build_months(Settings({})), today, closed_months + 1)
    if len(months) <= closed_months:
        raise click.BadParameter(
            f"the emulator has {len(months) - 1} closed months, from {months[0][:7]} on", param_hint="--months"
        )
    faulty = months[-2:][0][:7]
    with interrupt_on_signals(), ExitStack() as stack:
        home = dagster_home(EMULATOR)
        lock = stack.enter_context(exclusive_daemon(home))
        faults = [limit_fault_to_month(faulty, fault)] if fault else []
        emulator = stack.enter_context(Emulator(rows_per_day=rows_per_day, now=today, faults=faults))
        settings = _settings(emulator, months[0][:7], fault)
        WarehouseConnection(settings).warehouse().check_writable()
        save_demo_settings(months[0][:7], rows_per_day)
        click.echo(f"Emulated ClearGrid on {emulator.base_url}; loading {months[0][:7]} to {months[-1][:7]} ...")
        instance = stack.enter_context(open_instance(home))
        cancel_leftovers(instance)
        limit_loads(instance, settings.loads_at_once)
        environment = {**without_settings(os.environ), **settings.variables, "DAGSTER_HOME": str(home)}
        # Dagster runs in its own home, where no `.env` can point the demo at another environment.
        running = stack.enter_context(services(environment, home, home / LOG, lock=lock))
        running.start_daemon()
        runs = _run_everything(instance, running, months)
        if fault:
            is_as_expected = print_red_month(instance, settings, runs, fault, faulty)
        else:
            is_as_expected = print_summary(instance, settings, runs)
    sys.exit(0 if is_as_expected else 1)


def _settings(emulator: Emulator, start_month: str, fault: str | None) -> Settings:
    own = {"CLEARGRID_OUTCOMES": str(OUTCOMES), "CLEARGRID_START_MONTH": start_month}
    return Settings({**emulator_settings(emulator), **own, **(STRICTER if fault else {})})


def _run_everything(instance: dg.DagsterInstance, running: Services, months: Sequence[str]) -> list[dg.DagsterRun]:
    """Backfill the months, compute the tables over all months, run the freshness checks; return the runs."""
    backfill = ("backfill", "--partitions", ",".join(months), "--noprompt")
    runs = []
    for job, command in ((REFRESH_MONTH, backfill), (REFRESH_SUMMARY, ("launch",)), (CHECK_MONTHS, ("launch",))):
        launched_at = datetime.now(UTC)
        running.run_dagster("job", *command, "--job", job)
        runs += _print_runs_until_ended(instance, running, job, launched_at)
    _wait_for_others(instance, running)
    return runs


def _wait_for_others(instance: dg.DagsterInstance, running: Services) -> None:
    """Wait for the runs that sensors started as well: the demo's end would fail them."""
    while instance.get_runs(dg.RunsFilter(statuses=list(UNFINISHED)), limit=1):
        running.group.raise_if_ended()
        time.sleep(POLL_SECONDS)


def _print_runs_until_ended(
    instance: dg.DagsterInstance, running: Services, job: str, launched_at: datetime
) -> list[dg.DagsterRun]:
    """Print each run of `job` as it ends; return them all. Raises if Dagster has stopped."""
    printed: set[str] = set()
    while True:
        runs = list(instance.get_runs(dg.RunsFilter(job_name=job, created_after=launched_at)))
        for run in reversed(runs):
            if run.is_finished and run.run_id not in printed:
                printed.add(run.run_id)
                result = "ok" if run.is_success else run.status.value.lower()
                click.echo(f"  {len(printed):>2} of {len(runs)}  {run_month(run):<7}  {run_name(run)}: {result}")
        if runs and len(printed) == len(runs):
            return runs
        running.group.raise_if_ended()
        time.sleep(POLL_SECONDS)
