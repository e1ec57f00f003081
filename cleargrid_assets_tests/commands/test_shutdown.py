"""However they are stopped, `cleargrid dev` and `cleargrid demo` stop everything that they started."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path

import dagster as dg
import pytest

from cleargrid_assets.commands.emulator import setting_lines
from cleargrid_assets.commands.instance import EMULATOR, exclusive_daemon, home_path
from cleargrid_assets.emulator import Emulator
from cleargrid_assets.jobs import REFRESH_MONTH
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.commands.sessions import run_in_background, run_in_terminal
from cleargrid_assets_tests.dagster_graphql import run_query
from cleargrid_assets_tests.end_to_end.dagster_dev import START, wait_until

pytestmark = pytest.mark.slow

MONTH = "2026-05-01"
LOADED = "SELECT estimated_size FROM duckdb_tables() WHERE table_name = 'd23_loads' AND estimated_size > 0"
UNDER_WAY = (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.SUCCESS)


@pytest.fixture
def slow_emulator(clean_environment):
    """A slow emulator, and an `.env` that points to it."""
    with Emulator(page_delay_seconds=1.0) as emulator:
        (clean_environment / ".env").write_text(f"{setting_lines(emulator)}\nCLEARGRID_START_MONTH=2026-05\n")
        yield emulator


def start_a_load(dev, emulator):
    """Start a load in the UI and wait until it is in the middle of a month; return the UI's address."""
    printed = dev.read_until("Dagster on ")
    assert [line for line in printed.splitlines() if "DEBUG" in line or "INFO" in line or "WARNING" in line] == []
    assert "Started Dagster code server" in (home_path(EMULATOR) / "dev.log").read_text(encoding="utf-8")
    (url,) = re.findall(r"http://\S+", printed.splitlines()[-1])
    selector = {
        "repositoryLocationName": "cleargrid_assets",
        "repositoryName": "__repository__",
        "pipelineName": REFRESH_MONTH,
    }
    tags = [{"key": "dagster/partition", "value": MONTH}]
    run_query(url, START, run={"selector": selector, "mode": "default", "executionMetadata": {"tags": tags}})
    dev.read_until(f"{REFRESH_MONTH}: started")
    wait_until(lambda: any("/v3/" in request.path for request in emulator.requests), "an answer to the load")
    return url


def assert_nothing_is_left(dev, url):
    """Fail if a process, a port or a lock is still held, or if rows of the load are in the warehouse."""
    assert dev.living_processes() == []
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", int(url.rpartition(":")[2])))
    home = home_path(EMULATOR)
    with exclusive_daemon(home), dg.DagsterInstance.from_config(str(home)) as instance:
        assert instance.get_runs(dg.RunsFilter(job_name=REFRESH_MONTH, statuses=list(UNDER_WAY))) == []
    if Path("data/emulator.duckdb").exists():
        with Warehouse("data/emulator.duckdb").reading() as connection:
            assert connection.execute(LOADED).fetchall() == []


def test_a_signal_ends_dev_in_the_middle_of_a_load_with_all_that_it_started(slow_emulator):
    with run_in_background("dev", "--port", "0") as dev:
        url = start_a_load(dev, slow_emulator)
        dev.process.terminate()
        assert dev.process.wait() == 0
        assert_nothing_is_left(dev, url)


def test_a_closed_terminal_ends_dev_in_the_middle_of_a_load_with_all_that_it_started(slow_emulator):
    with run_in_terminal("dev", "--port", "0") as dev:
        url = start_a_load(dev, slow_emulator)
        dev.output.close()
        dev.process.wait()
        assert_nothing_is_left(dev, url)


def test_ctrl_c_ends_the_demo_in_the_middle_of_its_months_with_all_that_it_started():
    with run_in_background("demo", "--rows-per-day", "5", "--months", "1") as demo:
        demo.read_until("1 of 2")
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait() != 0
        assert demo.living_processes() == []
