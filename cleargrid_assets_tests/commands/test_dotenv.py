"""Dagster's processes read the settings in `.env` just as our own commands do."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest
import requests

from cleargrid_assets.command_names import executable
from cleargrid_assets.commands.instance import PROJECT
from cleargrid_assets.commands.processes import ProcessGroup
from cleargrid_assets.emulator import Credentials
from cleargrid_assets_tests.dagster_graphql import launch_backfill, run_query
from cleargrid_assets_tests.end_to_end.dagster_dev import SHORTER_PAUSES, wait_until

pytestmark = pytest.mark.slow

MONTH = "2026-05-01"
RAW = ["raw", "d23_manual_communication_logs"]
FIRST_MONTH = """{ assetNodeOrError(assetKey: {path: ["raw", "d23_manual_communication_logs"]}) {
    ... on AssetNode { partitionKeys } } }"""
RUNS = "{ runsOrError { ... on Runs { results { status tags { value } } } } }"


def test_dev_on_a_copy_of_the_example_loads_from_its_emulator_and_the_environment_goes_over_it(clean_environment):
    shutil.copyfile(PROJECT / ".env.example", ".env")
    with Path(".env").open("a", encoding="utf-8") as file:
        file.write("CLEARGRID_START_MONTH=2025-01\nCLEARGRID_PAGE_SIZE=\n")
    (clean_environment / "sitecustomize.py").write_text(SHORTER_PAUSES, encoding="utf-8")
    environment = {**os.environ, "CLEARGRID_START_MONTH": "2026-04", "PYTHONPATH": str(clean_environment)}
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url, log = f"http://127.0.0.1:{port}", clean_environment / "dev.log"
    arguments = [executable("cleargrid"), "dev", "--port", str(port)]
    with ProcessGroup(environment, clean_environment, log) as group:
        group.start(*arguments)
        wait_until(lambda: is_served(url), "the UI")
        assert run_query(url, FIRST_MONTH)["assetNodeOrError"]["partitionKeys"][0] == "2026-04-01"
        backfill = launch_backfill(url, [MONTH], [RAW])
        wait_until(lambda: {"SUCCESS", "FAILURE"} & statuses(url, backfill) != set(), "the month's run")
        assert statuses(url, backfill) == {"SUCCESS"}


def is_served(url):
    try:
        return requests.get(f"{url}/server_info", timeout=5).ok
    except requests.ConnectionError:
        return False


def statuses(url, backfill):
    runs = run_query(url, RUNS)["runsOrError"]["results"]
    return {run["status"] for run in runs if backfill in [tag["value"] for tag in run["tags"]]}


def test_a_plain_dagster_command_takes_a_dollar_in_the_file_for_a_character_and_an_empty_line_for_not_set(
    start_platform,
):
    platform = start_platform(credentials=Credentials(password="pa${HOME}s${nothing}s$word"))
    lines = [f"{name}={value}" for name, value in platform.variables.items()]
    Path(".env").write_text("\n".join([*lines, "CLEARGRID_TIMEZONE=", "CLEARGRID_CONCURRENCY="]), encoding="utf-8")
    shell = dict.fromkeys(platform.variables, "")
    with platform.start_load(**shell) as load:
        output, _ = load.communicate()
    assert load.returncode == 0, output
    assert platform.landed() == platform.truth()
