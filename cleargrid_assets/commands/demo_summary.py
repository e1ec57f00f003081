"""Prints the end of `cleargrid demo`: what landed, where to look, and whether everything is green."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleargrid_assets.asset_keys import UNPREFIXED
from cleargrid_assets.assets.reports import collections_report, published_tables
from cleargrid_assets.commands.instance import our_command
from cleargrid_assets.commands.run_console import failure_of, first_sentence
from cleargrid_assets.commands.status import format_table, month_statuses
from cleargrid_assets.emulator.faults import FAULTS
from cleargrid_assets.run_history import failed_checks_of, run_month

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dagster as dg

    from cleargrid_assets.settings import Settings

UI = "http://127.0.0.1:3000"
RAW = "raw/d23_manual_communication_logs"


def print_summary(instance: dg.DagsterInstance, settings: Settings, runs: Sequence[dg.DagsterRun]) -> bool:
    """Print the months and where to look; return True if every run and every check is green."""
    _print_months(settings)
    if not all(run.is_success for run in runs):
        click.echo(f"\nNot every run succeeded. Run `{our_command('dev')}` and open {UI}/runs to see why.")
        return False
    failed = [check for run in runs for check in failed_checks_of(instance, run.run_id)]
    for check in failed:
        click.echo(f"failed: {check.name} of {check.asset}. {first_sentence(check.sentence)}")
    published = _artifact_path(instance, UNPREFIXED(*published_tables.PATH), "folder")
    page = _artifact_path(instance, UNPREFIXED(*collections_report.PATH), "page")
    report = str(Path(page).parent / collections_report.LATEST)
    click.echo(
        f"\nThe months are in {_relative_path(settings.warehouse)}, which no other program may keep open; "
        f"{_relative_path(published)} holds the numbers for every other tool.\n"
        f"The manager's report is {_relative_path(report)}: open it in a browser.\n"
        f"Next: run `{our_command('dev')}` and open {UI} to see the backfill, its checks and the lineage."
    )
    return not failed


def print_red_month(
    instance: dg.DagsterInstance, settings: Settings, runs: Sequence[dg.DagsterRun], fault: str, faulty: str
) -> bool:
    """Print the months and explain the red one; return True if it is red and no other run failed."""
    _print_months(settings)
    red = [run for run in runs if not run.is_success]
    if [run_month(run) for run in red] != [faulty]:
        others = ", ".join(run_month(run) or run.job_name for run in red) or "nothing"
        click.echo(f"\n--fault {fault} should turn {faulty} red and nothing else, but these are red: {others}.")
        return False
    click.echo(
        f"\n{faulty} is red on purpose: --fault {fault}, {FAULTS[fault].about}. Its run says:\n"
        f"  {' '.join((failure_of(instance, red[0]) or '').split())}\n"
        f"Nothing is computed from a red month, and the results of an earlier load of it are kept. The other months "
        f"are green.\n"
        f"Where to look: run `{our_command('dev')}`, then open\n"
        f"  {UI}/runs/{red[0].run_id}  the red run: its last messages name the cause and the next step\n"
        f"  {UI}/assets/{RAW}?view=checks  the month's checks; choose one, then Partitions\n"
        f"  {UI}/assets/raw/d23_loads?view=checks  every_month_is_in_order, with the command that repairs the month\n"
        f"`{our_command('demo')}` reads the month again, without the fault, and turns it green."
    )
    return True


def _print_months(settings: Settings) -> None:
    click.echo(format_table(month_statuses(settings)))


def _artifact_path(instance: dg.DagsterInstance, key: dg.AssetKey, name: str) -> str:
    """The path of an asset's files, from its latest materialization."""
    event = instance.get_latest_materialization_event(key)
    materialization = event.asset_materialization if event else None
    return str(materialization.metadata[name].value) if materialization else ""


def _relative_path(path: str) -> str:
    """The path relative to this folder if it is below it."""
    return os.path.relpath(path) if Path(path).is_relative_to(Path.cwd()) else path
