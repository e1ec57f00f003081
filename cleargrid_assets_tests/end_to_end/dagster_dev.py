"""The platform as its users meet it: `dagster dev` on a free port, with an emulator and a browser.

Starting these belongs here; the tests click and look.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from cleargrid_assets.command_names import executable
from cleargrid_assets.commands.emulator_settings import emulator_settings
from cleargrid_assets.commands.instance import PROJECT
from cleargrid_assets.commands.processes import ProcessGroup
from cleargrid_assets.emulator import Emulator
from cleargrid_assets_tests.automation.test_follow_sensor import bad_rows_fault
from cleargrid_assets_tests.dagster_graphql import launch_backfill, run_query
from cleargrid_assets_tests.postgres_server import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, Playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
BAD_MONTH = "2026-04-01"
START_SECONDS = 90
END_SECONDS = 240
SHORTER_PAUSES = """
import dagster._daemon.controller

dagster._daemon.controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 3
"""
"""Dagster looks for new and cancelled backfills every 30 seconds and has no setting for it."""

START = "mutation($run: ExecutionParams!) { launchPipelineExecution(executionParams: $run) { __typename } }"
CANCEL = "mutation($id: String!) { cancelPartitionBackfill(backfillId: $id) { __typename } }"
RUNS = "{ runsOrError { ... on Runs { results { runId status jobName tags { key value } } } } }"
RAW = ["raw", "d23_manual_communication_logs"]
ENDED = frozenset({"SUCCESS", "FAILURE", "CANCELED"})


@dataclass(frozen=True)
class Run:
    """A run as the UI lists it. `backfill`: the one that it belongs to."""

    run_id: str
    status: str
    job: str
    month: str | None
    backfill: str | None


@dataclass(frozen=True)
class RunningDagster:
    """A running Dagster at `url`, and the emulator that it reads."""

    url: str
    emulator: Emulator

    def run_query(self, query: str, **variables: Any) -> Any:
        """Send a GraphQL query; return the response's data."""
        return run_query(self.url, query, **variables)

    def runs(self, backfill: str | None = None) -> list[Run]:
        """All runs, or those of `backfill`, newest first."""
        runs = [_run(answer) for answer in self.run_query(RUNS)["runsOrError"]["results"]]
        return [run for run in runs if backfill in {None, run.backfill}]

    def launch(self, months: Sequence[str], assets: Sequence[Sequence[str]] = (RAW,)) -> str:
        """Start a backfill, of the raw rows unless told otherwise, as the dialog does; returns its id."""
        return launch_backfill(self.url, months, assets)

    def start(self, job: str) -> None:
        """Start a run of a job."""
        where = {"repositoryLocationName": "cleargrid_assets", "repositoryName": "__repository__"}
        self.run_query(START, run={"selector": {**where, "pipelineName": job}, "mode": "default"})

    def cancel(self, backfill: str) -> None:
        """Cancel a backfill, as its page does."""
        self.run_query(CANCEL, id=backfill)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition, looking a few times a second; fails with `what` was waited for."""
    give_up_at, pause = time.monotonic() + END_SECONDS, threading.Event()
    while not condition():
        assert time.monotonic() < give_up_at, f"waited {END_SECONDS} s in vain for {what}"
        pause.wait(0.3)


def _run(answer: Mapping[str, Any]) -> Run:
    tags = {tag["key"]: tag["value"] for tag in answer["tags"]}
    return Run(
        answer["runId"],
        answer["status"],
        answer["jobName"],
        tags.get("dagster/partition"),
        tags.get("dagster/backfill"),
    )


@contextmanager
def run_dagster_dev(folder: Path) -> Iterator[RunningDagster]:
    """A site with its history and warehouse in `folder`; the rows of one month cannot all be landed."""
    home = folder / "home"
    home.mkdir()
    (folder / "sitecustomize.py").write_text(SHORTER_PAUSES, encoding="utf-8")
    shutil.copyfile(PROJECT / "dagster.yaml", home / "dagster.yaml")
    port = free_port()
    arguments = ["dev", "--host", "127.0.0.1", "--port", str(port), "-w", str(PROJECT / "workspace.yaml")]
    with Emulator(
        rows_per_day=120, now=datetime(2026, 6, 20, tzinfo=UTC), faults=[bad_rows_fault(BAD_MONTH[:7])]
    ) as emulator:
        environment = (
            _clean_environment()
            | emulator_settings(emulator)
            | {
                "DAGSTER_HOME": str(home),
                "PYTHONPATH": str(folder),
                "CLEARGRID_WAREHOUSE": str(folder / "warehouse.duckdb"),
                "CLEARGRID_START_MONTH": "2025-11",
                "CLEARGRID_QUARANTINE_LIMIT": "0.001",
            }
        )
        with ProcessGroup(environment, folder, folder / "dagster.log") as group:
            process = group.start(executable("dagster"), *arguments)
            dagster = RunningDagster(f"http://127.0.0.1:{port}", emulator)
            _wait_until_served(dagster, process.poll, folder / "dagster.log")
            yield dagster


def browser(playwright: Playwright) -> Browser:
    """Debian's Chromium, headless."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("CLEARGRID_", "DAGSTER_"))}


def _wait_until_served(dagster: RunningDagster, ended: Any, log: Path) -> None:
    """Wait until the UI answers."""
    attempts = Retry(total=None, connect=2 * START_SECONDS, backoff_factor=0.5, backoff_max=0.5)
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=attempts))
        session.get(f"{dagster.url}/server_info", timeout=START_SECONDS)
    assert ended() is None, f"dagster dev ended:\n{log.read_text(encoding='utf-8')[-3000:]}"
