"""Dagster's instance of each environment: its folder, its files, and who may run a daemon on it.

Starting Dagster's processes belongs in `services`.
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

from cleargrid_assets.checks.repair import WORKSPACE
from cleargrid_assets.executables import as_typed
from cleargrid_assets.settings import EMULATOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROJECT = Path(__file__).resolve().parents[2]
"""The checkout; with an installed wheel, the folder of the installed packages, which has no Makefile."""

INSTANCE = "dagster.yaml"

IN_A_PROCESS = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
UNFINISHED = (dg.DagsterRunStatus.QUEUED, *IN_A_PROCESS)
ORPHANED = "The process of this run no longer exists: the machine or Dagster went down while it ran."


def home_path(environment: str) -> Path:
    """The folder that keeps Dagster's history: DAGSTER_HOME, or `.dagster` where we are.

    The emulator's is always `.dagster/emulator`: made-up months never stand beside real ones, and a backfill that a
    stopped demo left behind is never taken up by a daemon on a real account.
    """
    if environment == EMULATOR:
        return Path(".dagster", EMULATOR).resolve()
    return Path(os.environ.get("DAGSTER_HOME") or ".dagster").resolve()


def dagster_home(environment: str) -> Path:
    """The same folder, made when missing, with the instance's settings and the workspace.

    A `dagster.yaml` that somebody wrote into a DAGSTER_HOME of their own stays as it is.
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
            f"Dagster's history cannot be kept in {home} ({error.strerror}): run the command in a folder that you can "
            f"write to{elsewhere}"
        ) from error
    return home


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without any of our variables: what a shell exports for one account must not reach another."""
    return {name: value for name, value in environment.items() if not name.startswith("CLEARGRID_")}


@contextmanager
def only_daemon(home: Path) -> Iterator[int]:
    """The lock of the one daemon that may work on this history, as a descriptor for the daemon to inherit.

    Two daemons would take each other's runs. Every process of the daemon's group inherits the descriptor, among them
    the keeper, which outlives all others. So whoever gets the lock knows that no run of this history is alive, even if
    the command that held it before was killed.
    """
    descriptor = os.open(home / "daemon.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise click.ClickException(
            f"Dagster is already running on {home}: stop `{our_command('dev')}` or `{our_command('demo')}` there "
            f"first. One that was killed ends what it started within ten seconds"
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


def fail_orphans(instance: dg.DagsterInstance) -> None:
    """Report runs whose processes died with the machine or with Dagster as failed; the daemon then restarts them.

    Run monitoring does not do it: Dagster's default launcher cannot say whether a run's process is alive, so such a run
    would occupy a slot for `max_runtime_seconds`. Call it while holding the daemon's lock.
    """
    if not isinstance(instance.run_launcher, dg.DefaultRunLauncher):
        return  # those for Ray and Kubernetes can say it
    for run in instance.get_runs(dg.RunsFilter(statuses=list(IN_A_PROCESS))):
        if run.status is dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, ORPHANED)
        else:
            instance.report_run_failed(run, ORPHANED)


def cancel_leftovers(instance: dg.DagsterInstance) -> None:
    """Report runs that an earlier demo did not end as canceled: this one loads its months itself."""
    for run in instance.get_runs(dg.RunsFilter(statuses=list(UNFINISHED))):
        instance.report_run_canceled(run, "The demo was stopped before this run ended.")
