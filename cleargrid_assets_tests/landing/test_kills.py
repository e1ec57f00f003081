"""Whatever ends a load, the month is in its old or its new state, and the next load works."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import LOADS, LOGS, MAY, failure_of_step

pytestmark = pytest.mark.slow

KILLS = 10
MONTHS = ("2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01")


@pytest.fixture
def month_with_changes(start_after):
    """A platform with a landed month that has changed upstream, and the month's old and new rows."""
    platform = start_after(load_months, MAY, rows_per_day=200)
    old = platform.landed()
    platform.emulator.now += timedelta(days=60)
    return platform, old, platform.truth()


@pytest.fixture(scope="module")
def processes():
    """Starts processes that have imported the platform already; each would take seconds to do so."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["cleargrid_assets_tests.platform_under_test"])
    return context


def load(variables):
    """Load May, in the process that calls this."""
    job = build_definitions(Settings(variables)).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(partition_key=MAY, asset_selection=[LOGS], instance=instance)


def has_ended(process):
    """Wait a moment; return True if the process has ended."""
    process.join(timeout=0.003)
    return process.exitcode is not None


def wait_for_requests(platform, count, process):
    """Wait until the emulator has had `count` requests, or the load has ended."""
    while len(platform.emulator.requests) < count and not has_ended(process):
        pass


def test_a_load_killed_at_any_moment_leaves_the_old_month_or_the_new_one(month_with_changes, processes):
    platform, old, new = month_with_changes
    chance = random.Random(20260501)  # noqa: S311 - repeatable moments, no secret
    moments = [*chance.sample(range(1, 80), KILLS - 3), *[None] * 3]
    for moment in moments:
        platform.emulator.requests.clear()
        process = processes.Process(target=load, args=(platform.variables,))
        process.start()
        if moment is None:
            wait_for_write(platform, process)
        else:
            wait_for_requests(platform, moment, process)
        process.kill()
        process.join()
        assert platform.landed() in (old, new)
    assert platform.load().success
    assert platform.landed() == new


def wait_for_write(platform, process):
    """Wait until the load has begun to write, or has ended."""
    before = written_files(platform)
    while written_files(platform) == before and not has_ended(process):
        pass


def written_files(platform):
    """The files that a write changes first: the warehouse file, its log, or the files of a lake."""
    if platform.warehouse.is_lake:
        return sorted(Path(platform.warehouse.location).rglob("*.parquet"))
    log = platform.file.with_name(f"{platform.file.name}.wal")
    return platform.file.stat().st_mtime_ns, log.exists()


def test_a_cancelled_load_leaves_the_old_month(month_with_changes):
    platform, old, _ = month_with_changes
    platform.emulator.requests.clear()
    process = platform.start_load()
    while len(platform.emulator.requests) < 5 and process.poll() is None:
        pass
    os.killpg(process.pid, signal.SIGINT)
    process.communicate()
    assert process.returncode != 0
    assert platform.landed() == old


def test_a_disk_that_is_full_keeps_the_old_month_and_says_so(month_with_changes):
    platform, old, new = month_with_changes
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous_handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    try:
        failure = failure_of_step(platform.load())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        signal.signal(signal.SIGXFSZ, previous_handler)
    assert failure["error"] == "WarehouseWriteError"
    assert platform.landed() == old
    assert platform.load().success
    assert platform.landed() == new


def test_four_months_in_four_processes_into_one_file_all_land(start_platform):
    platform = start_platform(rows_per_day=60)
    loads = [platform.start_load(month) for month in MONTHS]
    assert [load.communicate() and load.returncode for load in loads] == [0, 0, 0, 0]
    for month in MONTHS:
        assert platform.landed(month) == platform.truth(month)
    assert platform.query(f"SELECT count(DISTINCT month), count(*) FROM {LOADS}") == [(4, 4)]


def test_a_load_into_a_folder_that_does_not_exist_makes_it(platform, clean_environment):
    elsewhere = platform.with_variables(CLEARGRID_WAREHOUSE=str(clean_environment / "a/b/c.duckdb"))
    assert elsewhere.load().success
    assert elsewhere.landed() == platform.truth()


def test_a_load_by_dagsters_own_command_needs_nothing_but_variables(platform):
    next_load = platform.start_load()
    output, _ = next_load.communicate()
    assert next_load.returncode == 0, output
    assert platform.landed() == platform.truth()
