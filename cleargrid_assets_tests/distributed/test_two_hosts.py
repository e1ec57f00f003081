"""Months on two hosts: nothing is lost, nothing is doubled, and every run ends by itself, whatever dies meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets_tests.distributed.processes import kill_host, wait_until
from cleargrid_assets_tests.platform_under_test import LOADS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets_tests.distributed.cluster import Cluster
    from cleargrid_assets_tests.platform_under_test import Platform

YEAR = tuple(f"{2025 + (month > 12)}-{(month - 1) % 12 + 1:02}-01" for month in range(6, 18))
FEW = YEAR[-4:]
MINUTES = 60
WAIT = 6 * MINUTES
ROWS = "raw.d23_manual_communication_logs"
SUCCESS, FAILURE, STARTED = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED


def assert_exact(platform: Platform, months: Sequence[str]) -> None:
    """Every row of every month is there once, raw and derived, and nothing besides."""
    for month in months:
        assert platform.landed(month) == platform.truth(month), month
    counted = dict(platform.query(f"SELECT month::VARCHAR, count(*) FROM {ROWS} GROUP BY month"))
    attempts = dict(platform.query("SELECT month::VARCHAR, count(*) FROM core.contact_attempts GROUP BY month"))
    for month in months:
        assert counted[month] == attempts[month] == len(platform.truth(month)), month


def test_a_backfill_of_a_year_is_shared_out_between_both_hosts(cluster: Cluster, platform: Platform) -> None:
    runs = cluster.wait_for_end(cluster.ask_for(YEAR), len(YEAR), WAIT)
    assert [run.status for run in runs] == [SUCCESS] * len(YEAR)
    assert len(cluster.hosts_of(runs)) == 2
    assert_exact(platform, YEAR)
    assert platform.query(f"SELECT month::VARCHAR FROM {LOADS} ORDER BY month") == [(month,) for month in YEAR]


def test_two_backfills_of_the_same_months_at_once_end_as_one(cluster: Cluster, platform: Platform) -> None:
    names = [cluster.ask_for(FEW[:2]), cluster.ask_for(FEW[:2])]
    for name in names:
        runs = cluster.wait_for_end(name, 2, WAIT)
        assert [run.status for run in runs] == [SUCCESS, SUCCESS]
    assert_exact(platform, YEAR)
    assert platform.query("SELECT count(*) FROM raw.d23_changes") == [(0,)]


def test_a_catalog_that_restarts_in_the_middle_costs_nothing_but_time(cluster: Cluster, platform: Platform) -> None:
    name = cluster.ask_for(FEW)
    wait_until("a month is being loaded", lambda: any(run.status == STARTED for run in cluster.runs(name)), WAIT)
    cluster.catalog.stop()
    cluster.catalog.start()
    runs = cluster.wait_for_all(name, len(FEW), WAIT)
    failed = [run.tags["dagster/partition"] for run in runs if run.status != SUCCESS]
    if failed:
        cluster.wait_for_end(cluster.ask_for(failed), len(failed), WAIT)
    assert_exact(platform, YEAR)


def test_the_runs_of_a_host_that_is_cut_off_in_mid_load_end_and_the_other_loads_their_months(
    cluster: Cluster, platform: Platform
) -> None:
    platform.emulator.api.page_delay_seconds = 3.0
    name = cluster.ask_for(FEW)
    wait_until("host-two loads a month", lambda: bool(cluster.started_on_second_host(name)), WAIT)
    cut_off = cluster.started_on_second_host(name)
    kill_host("host-two")
    platform.emulator.api.page_delay_seconds = 0.0
    runs = cluster.wait_for_all(name, len(FEW), 2 * WAIT)  # a run handed to a dead host is given up after 180 s
    assert {run.status for run in runs if run.run_id in cut_off} == {FAILURE}
    failed = [run.tags["dagster/partition"] for run in runs if run.status != SUCCESS]
    cluster.wait_for_end(cluster.ask_for(failed), len(failed), WAIT)
    assert_exact(platform, YEAR)
