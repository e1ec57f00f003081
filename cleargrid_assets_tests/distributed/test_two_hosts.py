"""Months on two hosts: no row is lost or duplicated, and every run ends by itself, whatever dies meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import duckdb
import pytest
from dagster._core.execution.backfill import BulkActionStatus
from pyarrow import parquet

from cleargrid_assets.assets.reports.publication.publish import publish
from cleargrid_assets.tables.analytics import KPI_MONTHLY
from cleargrid_assets.warehouse import WarehouseMissingError, WarehouseUnreachableError
from cleargrid_assets.warehouse.s3_config import bucket_filesystem
from cleargrid_assets_tests.distributed.object_store import BUCKET_DATA
from cleargrid_assets_tests.distributed.processes import kill_host, wait_until
from cleargrid_assets_tests.platform_under_test import LOADS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets_tests.distributed.cluster import Cluster
    from cleargrid_assets_tests.platform_under_test import Platform

YEAR = tuple(f"{2025 + (month > 12)}-{(month - 1) % 12 + 1:02}-01" for month in range(6, 18))
FEW = YEAR[-4:]
MINUTES = 60
WEEKS = timedelta(weeks=6)
PARTITION = "dagster/partition"
GRAIN = KPI_MONTHLY.grain
FIGURES = (*GRAIN, "numerator", "denominator")
WAIT = 8 * MINUTES
ROWS = "raw.d23_manual_communication_logs"
SUCCESS, FAILURE, STARTED = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED
COMPLETED = BulkActionStatus.COMPLETED_SUCCESS
COUNTS = f"SELECT month::VARCHAR, count(*) FROM {ROWS} GROUP BY month"


def assert_exact(platform: Platform, months: Sequence[str]) -> None:
    """Fail unless every row of every month exists exactly once, raw and derived, and no other row does."""
    for month in months:
        assert platform.landed(month) == platform.truth(month), month
    counted = dict(platform.query(COUNTS))
    attempts = dict(platform.query("SELECT month::VARCHAR, count(*) FROM core.contact_attempts GROUP BY month"))
    for month in months:
        assert counted[month] == attempts[month] == len(platform.truth(month)), month


def is_loading(cluster: Cluster, backfill: str) -> bool:
    """True if a run of the backfill is in progress."""
    return any(run.status == STARTED for run in cluster.runs(backfill))


def retry_failed_months(cluster: Cluster, backfill: str) -> None:
    """Retry failed months as a person does; only runs that were writing may have failed, each with a clear cause."""
    runs = cluster.runs(backfill)
    succeeded_months = {run.tags[PARTITION] for run in runs if run.status == SUCCESS}
    failed = {run.tags[PARTITION] for run in runs} - succeeded_months
    if failed:
        again = cluster.launch(sorted(failed))
        cluster.wait_for_end(again, WAIT)
        assert cluster.status(again) == COMPLETED


@dataclass(frozen=True)
class Year:
    """The first backfill, and the rows by month that a reader saw each time it looked."""

    backfill: str
    runs: Sequence[dg.DagsterRun]
    seen: Sequence[dict[str, int]]


@pytest.fixture(scope="module", autouse=True)
def year(cluster: Cluster, platform: Platform) -> Year:
    """A year of months is loaded before the first test."""
    seen: list[dict[str, int]] = []

    def read() -> None:
        with suppress(WarehouseMissingError, duckdb.CatalogException):  # before the first load
            seen.append(dict(platform.query(COUNTS)))

    backfill = cluster.launch(YEAR)
    return Year(backfill, cluster.wait_for_end(backfill, WAIT, read), seen)


def test_a_backfill_of_a_year_is_shared_out_between_both_hosts(
    cluster: Cluster, platform: Platform, year: Year
) -> None:
    assert cluster.status(year.backfill) == COMPLETED
    assert [run.status for run in year.runs] == [SUCCESS] * len(YEAR)
    assert len(cluster.hosts_of(year.runs)) == 2
    assert_exact(platform, YEAR)
    assert platform.query(f"SELECT DISTINCT month::VARCHAR FROM {LOADS} ORDER BY ALL") == [(month,) for month in YEAR]


def test_a_reader_sees_whole_months_only_while_they_are_written(platform: Platform, year: Year) -> None:
    truth = {month: len(platform.truth(month)) for month in YEAR}
    assert len({len(counts) for counts in year.seen}) > 2  # it looked while months arrived
    assert all(counts.items() <= truth.items() for counts in year.seen)


def test_another_engine_reads_whole_published_files_while_they_are_replaced(
    cluster: Cluster, platform: Platform
) -> None:
    publish(platform.warehouse, "emulator", datetime.now(UTC))
    expected = platform.query(f"SELECT {', '.join(FIGURES)} FROM analytics.kpi_monthly ORDER BY {', '.join(GRAIN)}")
    seen = []
    with ThreadPoolExecutor(1) as writer:
        publishing = writer.submit(
            lambda: [publish(platform.warehouse, "emulator", datetime.now(UTC)) for _ in range(3)]
        )
        while not publishing.done():
            seen.append(published_figures(cluster))
        assert {place for place, _ in publishing.result()} == {f"{BUCKET_DATA}/published/emulator"}
    assert len(seen) > 1
    assert all(figures == expected for figures in seen)


def published_figures(cluster: Cluster) -> list[tuple[Any, ...]]:
    """The rows of a published file, as read by Arrow, which knows nothing of the lake."""
    path = f"{BUCKET_DATA.removeprefix('s3://')}/published/emulator/kpi_monthly.parquet"
    table = parquet.read_table(path, filesystem=bucket_filesystem(cluster.variables))
    return [tuple(row[name] for name in FIGURES) for row in table.to_pylist()]


def test_two_backfills_of_the_same_months_at_once_end_as_one(cluster: Cluster, platform: Platform) -> None:
    changes = "SELECT count(*) FROM raw.d23_changes"
    before = platform.query(changes)
    for backfill in [cluster.launch(FEW), cluster.launch(FEW)]:
        cluster.wait_for_end(backfill, WAIT)
        assert cluster.status(backfill) == COMPLETED
    assert_exact(platform, FEW)
    assert platform.query(changes) == before


def test_a_catalog_that_restarts_in_the_middle_costs_nothing_but_time(cluster: Cluster, platform: Platform) -> None:
    backfill = cluster.launch(FEW)
    wait_until("a month is being loaded", lambda: is_loading(cluster, backfill), WAIT)
    cluster.catalog.stop()
    cluster.catalog.start()
    cluster.wait_for_end(backfill, WAIT)
    retry_failed_months(cluster, backfill)
    assert_exact(platform, FEW)


def test_a_store_that_is_killed_while_months_are_written_costs_nothing_but_time(
    cluster: Cluster, platform: Platform
) -> None:
    platform.emulator.now += WEEKS  # promises are broken: rows to replace
    backfill = cluster.launch(FEW)
    wait_until("a month is being loaded", lambda: is_loading(cluster, backfill), WAIT)
    cluster.store.kill()
    try:
        with pytest.raises(WarehouseUnreachableError, match="stopped answering"):
            platform.with_variables().query(COUNTS)  # as a reader that has none of the files in its memory
    finally:
        cluster.store.start()
    cluster.wait_for_end(backfill, WAIT)
    retry_failed_months(cluster, backfill)
    assert_exact(platform, FEW)


def test_the_runs_of_a_host_that_is_cut_off_in_mid_load_end_and_the_other_loads_their_months(
    cluster: Cluster, platform: Platform
) -> None:
    platform.emulator.api.page_delay_seconds = 3.0
    backfill = cluster.launch(FEW)
    wait_until("host-two loads a month", lambda: bool(cluster.runs_on_second_host(backfill)), WAIT)
    cut_off = cluster.runs_on_second_host(backfill)
    kill_host("host-two")
    platform.emulator.api.page_delay_seconds = 0.0
    runs = cluster.wait_for_end(backfill, 2 * WAIT)  # a run handed to a dead host is given up after 180 s
    assert {run.status for run in runs if run.run_id in cut_off} == {FAILURE}
    assert cluster.status(backfill) == COMPLETED
    assert_exact(platform, FEW)
