"""Runs that end because `cleargrid dev` is killed or stopped restart automatically with the next `cleargrid dev`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.command_names import executable
from cleargrid_assets.commands.emulator import setting_lines
from cleargrid_assets.commands.instance import EMULATOR, home_path
from cleargrid_assets.emulator import Emulator
from cleargrid_assets.jobs import REFRESH_MONTH
from cleargrid_assets_tests.commands.sessions import Command, run_in_background
from cleargrid_assets_tests.end_to_end.dagster_dev import SHORTER_PAUSES, RunningDagster, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

BACKFILL_OF_AN_ASSET = ["2026-01-01"]
BACKFILL_OF_A_JOB = ["2026-04-01"]
MONTHS = {*BACKFILL_OF_AN_ASSET, *BACKFILL_OF_A_JOB}


@pytest.fixture
def emulator(clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator, a `.env` that leads to it, and Dagster with shorter pauses."""
    (clean_environment / "sitecustomize.py").write_text(SHORTER_PAUSES, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(clean_environment))
    with Emulator(rows_per_day=20, now=datetime(2026, 6, 20, tzinfo=UTC)) as local:
        (clean_environment / ".env").write_text(f"{setting_lines(local)}\nCLEARGRID_START_MONTH=2026-01\n")
        yield local


def kill_all(dev: Command) -> None:
    """Kill every process at once, as a power cut does."""
    for pid in dev.living_processes():
        os.kill(pid, signal.SIGKILL)
    dev.process.wait()
    dev.wait_until_gone()


def stop(dev: Command) -> None:
    """Stop it as a service manager does."""
    dev.process.terminate()
    dev.process.wait()


def wait_for_ui(dev: Command, emulator: Emulator) -> RunningDagster:
    """The UI, once it answers."""
    (url,) = re.findall(r"http://\S+", dev.read_until("Dagster on ").splitlines()[-1])
    return RunningDagster(url, emulator)


@pytest.mark.parametrize("end", [kill_all, stop])
def test_months_whose_loads_were_interrupted_are_loaded_after_the_next_start(
    emulator: Emulator, end: Callable[[Command], None]
) -> None:
    with run_in_background("dev", "--port", "0") as dev:
        dagster = wait_for_ui(dev, emulator)
        emulator.api.page_delay_seconds = 30
        dagster.launch(BACKFILL_OF_AN_ASSET)
        launch_backfill_of_the_job(BACKFILL_OF_A_JOB)
        wait_until(lambda: statuses(dagster).count("STARTED") == len(MONTHS), "both loads to start")
        end(dev)
    emulator.api.page_delay_seconds = 0
    with run_in_background("dev", "--port", "0") as dev:
        dagster = wait_for_ui(dev, emulator)
        wait_until(lambda: months_loaded(dagster) >= MONTHS, "every month to be loaded")


def launch_backfill_of_the_job(months: list[str]) -> None:
    """Launch it as the runbook says; Dagster considers such a backfill finished once its runs are queued."""
    home = home_path(EMULATOR)
    arguments = ["-w", home / "workspace.yaml", "--job", REFRESH_MONTH, "--noprompt", "--partitions", ",".join(months)]
    environment = {**os.environ, "DAGSTER_HOME": str(home)}
    subprocess.run(
        [executable("dagster"), "job", "backfill", *arguments], env=environment, check=True, capture_output=True
    )


def statuses(dagster: RunningDagster) -> list[str]:
    return [run.status for run in dagster.runs()]


def months_loaded(dagster: RunningDagster) -> set[str | None]:
    return {run.month for run in dagster.runs() if run.status == "SUCCESS"}
