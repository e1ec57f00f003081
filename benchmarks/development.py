"""Measures how long a developer waits for the UI: `cleargrid dev`, compared with Dagster's own `dagster dev`."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING

import requests

from cleargrid_assets.command_names import executable
from cleargrid_assets_tests.dagster_graphql import run_query

if TYPE_CHECKING:
    from collections.abc import Sequence

LOCATIONS = "{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { __typename } } } } }"
LOOK_SECONDS = 0.05
END_SECONDS = 60


def dev_start(*, times: int = 5) -> None:
    """The seconds until the UI shows the assets, from the start of the command, in an empty folder."""
    waited: dict[str, list[float]] = {"dagster dev": [], "cleargrid dev": []}
    for _ in range(times):
        waited["dagster dev"].append(_wait([executable("dagster"), "dev", "-m", "cleargrid_assets.definitions"]))
        waited["cleargrid dev"].append(_wait([executable("cleargrid"), "dev"]))
    medians = {name: statistics.median(seconds) for name, seconds in waited.items()}
    for name, seconds in medians.items():
        print(f"{name:<14}{seconds:6.1f} s until the UI shows the assets")
    print(f"cleargrid dev / dagster dev: {medians['cleargrid dev'] / medians['dagster dev']:.2f}x")


def _wait(command: Sequence[str]) -> float:
    """The seconds from the command's start to a UI with a loaded code location."""
    with tempfile.TemporaryDirectory() as folder:
        port, started = _free_port(), time.monotonic()
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=folder,
            env={**os.environ, "DAGSTER_HOME": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            while not _shows_assets(f"http://127.0.0.1:{port}"):
                time.sleep(LOOK_SECONDS)
            return time.monotonic() - started
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(END_SECONDS)


def _shows_assets(url: str) -> bool:
    try:
        entries = run_query(url, LOCATIONS)["workspaceOrError"].get("locationEntries", [])
    except requests.ConnectionError:
        return False
    return any((entry["locationOrLoadError"] or {}).get("__typename") == "RepositoryLocation" for entry in entries)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
