"""What `cleargrid demo` prints when its runs are over: what landed, where to look, and whether all is green."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleargrid_assets.assets.reports import collections_report, published_tables
from cleargrid_assets.commands.instance import our_command
from cleargrid_assets.commands.run_lines import failure_of, first_sentence
from cleargrid_assets.commands.status import month_statuses, table_of
from cleargrid_assets.emulator.faults import FAULTS
from cleargrid_assets.runs import failed_checks_of, month_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dagster as dg

    from cleargrid_assets.settings import Settings

UI = "http://127.0.0.1:3000"
RAW = "raw/d23_manual_communication_logs"


def print_summary(instance: dg.DagsterInstance, settings: Settings, runs: Sequence[dg.DagsterRun]) -> bool:
    """The months and where to look; True if every run and every check is green."""
    _print_months(settings)
    if not all(run.is_success for run in runs):
        click.echo(f"\nNot every run succeeded. `{our_command('dev')}`, then {UI}/runs says why.")
        return False
    failed = [check for run in runs for check in failed_checks_of(instance, run.run_id)]
    for check in failed:
        click.echo(f"failed: {check.name} of {check.asset}. {first_sentence(check.sentence)}")
    click.echo(
        f"\nThe months lie in {_near(settings.warehouse)}, which any DuckDB shell opens; the analytics are also in "
        f"{_near(_written(instance, published_tables.KEY, 'folder'))}/*.parquet.\n"
        f"The report for a manager is {_near(_written(instance, collections_report.KEY, 'page'))}: open it in a "
        f"browser.\n"
        f"Next: `{our_command('dev')}`, then open {UI}: the backfill, its checks and the lineage are there."
    )
    return not failed


def print_red_month(
    instance: dg.DagsterInstance, settings: Settings, runs: Sequence[dg.DagsterRun], fault: str, faulty: str
) -> bool:
    """The months, and that the red one was asked for; True if it is red and no other run failed."""
    _print_months(settings)
    red = [run for run in runs if not run.is_success]
    if [month_of(run) for run in red] != [faulty]:
        others = ", ".join(month_of(run) or run.job_name for run in red) or "nothing"
        click.echo(f"\n--fault {fault} should make {faulty} red, and nothing else. What is red: {others}.")
        return False
    click.echo(
        f"\n{faulty} is red on purpose: --fault {fault}, {FAULTS[fault].about}. Its run says:\n"
        f"  {' '.join((failure_of(instance, red[0]) or '').split())}\n"
        f"Nothing is computed from a red month; what an earlier load of it left stays as it was. The other months are "
        f"green.\n"
        f"Where to look: `{our_command('dev')}`, then\n"
        f"  {UI}/runs/{red[0].run_id}  the red run: its last messages name the cause and the next step\n"
        f"  {UI}/assets/{RAW}?view=checks  the checks of the month; choose one, then Partitions\n"
        f"  {UI}/assets/raw/d23_loads?view=checks  every_month_is_in_order, with the command that repairs the month\n"
        f"`{our_command('demo')}` reads the month again, without the fault, and turns it green."
    )
    return True


def _print_months(settings: Settings) -> None:
    click.echo(table_of(month_statuses(settings)))


def _written(instance: dg.DagsterInstance, key: dg.AssetKey, name: str) -> str:
    """Where an asset says that its files are."""
    event = instance.get_latest_materialization_event(key)
    materialization = event.asset_materialization if event else None
    return str(materialization.metadata[name].value) if materialization else ""


def _near(path: str) -> str:
    """The path as it is written in this folder."""
    return os.path.relpath(path) if Path(path).is_relative_to(Path.cwd()) else path
