"""Dagster's instance of each environment: its folder, its files, and the lock of its one daemon.

Add what the instance needs here; starting Dagster's processes belongs in `services`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import dagster as dg
from sqlalchemy.exc import SQLAlchemyError
from yaml import YAMLError

from cleargrid_assets.assets.cleargrid import API_POOL
from cleargrid_assets.checks.repair_command import WORKSPACE
from cleargrid_assets.command_names import as_typed
from cleargrid_assets.settings import EMULATOR
from cleargrid_assets.warehouse.errors import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROJECT = Path(__file__).resolve().parents[2]
"""The checkout, or, for an installed wheel, site-packages, which has no Makefile."""

INSTANCE = "dagster.yaml"

IN_A_PROCESS = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
UNFINISHED = (dg.DagsterRunStatus.QUEUED, *IN_A_PROCESS)
ORPHANED = "The process of this run no longer exists: the machine or Dagster went down while it ran."


def home_path(environment: str) -> Path:
    """The folder with Dagster's history: DAGSTER_HOME, or `.dagster` in the working directory.

    The emulator's is always `.dagster/emulator`, so that generated months are never mixed with real ones and the
    daemon of a real account never continues a backfill that a stopped demo left behind.
    """
    if environment == EMULATOR:
        return Path(".dagster", EMULATOR).resolve()
    return Path(os.environ.get("DAGSTER_HOME") or ".dagster").resolve()


def dagster_home(environment: str) -> Path:
    """The same folder, created if missing, with the instance's settings and the workspace.

    An existing `dagster.yaml` in the user's own DAGSTER_HOME is kept.
    """
    home = home_path(environment)
    is_ours = Path(".dagster").resolve() in (home, home.parent)
    try:
        home.mkdir(parents=True, exist_ok=True)
        for name in (INSTANCE, WORKSPACE):
            if is_ours or not (home / name).exists():
                shutil.copyfile(Path(__file__).with_name(name), home / name)
    except OSError as error:
        elsewhere = "" if environment == EMULATOR else ", or set DAGSTER_HOME to one"
        raise click.ClickException(
            f"Dagster cannot keep its history in {home} ({error.strerror}): run the command in a folder that you can "
            f"write to{elsewhere}"
        ) from error
    return home


@contextmanager
def open_instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """The instance of the folder `home`. Raises `ClickException` if its history cannot be used, at once or later."""
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            yield instance
    except (SQLAlchemyError, YAMLError, UnicodeDecodeError, dg.DagsterInvalidConfigError) as error:
        raise click.ClickException(
            f"Dagster's history in {home} cannot be used: {' '.join(first_line(error).split())}. Free disk space, or "
            f"correct its permissions or its {INSTANCE}; or move the folder away, and Dagster begins a new history. "
            f"The warehouse keeps the months"
        ) from error


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without our variables, so that one account's exported settings never reach another."""
    return {name: value for name, value in environment.items() if not name.startswith("CLEARGRID_")}


@contextmanager
def exclusive_daemon(home: Path) -> Iterator[int]:
    """The lock of the one daemon that may work on this history, as a descriptor for the daemon to inherit.

    Two daemons would take each other's runs. Every process of the daemon's group inherits the descriptor, including
    the watchdog, which outlives the others. So holding the lock proves that no run of this history is alive, even if
    the command that held it before was killed.
    """
    descriptor = os.open(home / "daemon.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise click.ClickException(
            f"Dagster is already running on {home}: stop `{our_command('dev')}` or `{our_command('demo')}` there "
            f"first. If you killed it, its processes end within ten seconds"
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def our_command(subcommand: str) -> str:
    """`cleargrid dev` as a reader types it in this folder; `make dev` in the checkout."""
    if Path.cwd() == PROJECT and (PROJECT / "Makefile").exists():
        return f"make {subcommand}"
    return f"{as_typed('cleargrid')} {subcommand}"


def limit_loads(instance: dg.DagsterInstance, loads_at_once: int) -> None:
    """Let so many loads and observations send requests at the same time, across all runs; the others wait.

    Call this before the daemon starts: two runs that create the pool at the same moment fail.
    """
    instance.event_log_storage.set_concurrency_slots(API_POOL, loads_at_once)


def fail_orphans(instance: dg.DagsterInstance) -> None:
    """Mark runs as failed whose processes died with the machine or with Dagster; the daemon then restarts them.

    Run monitoring cannot: Dagster's default launcher does not know whether a run's process is alive, so such a run
    would occupy a slot for `max_runtime_seconds`. Call this while holding the daemon's lock.
    """
    if not isinstance(instance.run_launcher, dg.DefaultRunLauncher):
        return  # the launchers for Ray and Kubernetes know it
    for run in instance.get_runs(dg.RunsFilter(statuses=list(IN_A_PROCESS))):
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        if run.status is dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, ORPHANED)
        else:
            instance.report_run_failed(run, ORPHANED)


def cancel_leftovers(instance: dg.DagsterInstance) -> None:
    """Mark the unfinished runs of an earlier demo as canceled: this one loads its own months."""
    for run in instance.get_runs(dg.RunsFilter(statuses=list(UNFINISHED))):
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        instance.report_run_canceled(run, "The demo was stopped before this run ended.")
