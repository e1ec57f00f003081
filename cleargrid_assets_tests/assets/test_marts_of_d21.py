"""Marts that read D21 follow its rows as they follow those of D23."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.jobs import COMPUTE_MONTH, REFRESH_SUMMARY
from cleargrid_assets_tests.assets.test_marts import folder
from cleargrid_assets_tests.landing.communication_logs import BOTH, load, row, serve
from cleargrid_assets_tests.platform_under_test import MAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

CALLS = """-- Calls of each month.
-- Grain: month
-- Inputs: raw.d21_communication_logs
SELECT month, count(*) AS calls FROM raw.d21_communication_logs GROUP BY ALL
"""
BUSY = """-- Months with calls.
-- Grain: month
-- Inputs: marts.calls
SELECT month FROM marts.calls WHERE calls > 1
"""
ALL_CALLS = """-- All calls.
-- Grain: calls
-- Inputs: raw.d21_communication_logs
SELECT count(*) AS calls FROM raw.d21_communication_logs
"""
FOLLOWING = [(COMPUTE_MONTH, MAY), (REFRESH_SUMMARY, None)]

__all__ = ["folder"]


@pytest.fixture
def platform(start_platform: Callable[..., Platform], folder: Path) -> Platform:
    """Marts by month and over all months on both datasets, computed with one call."""
    for name, text in {"calls": CALLS, "busy": BUSY, "all_calls": ALL_CALLS}.items():
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    platform = start_platform(variables={**BOTH, "CLEARGRID_MARTS": str(folder)})
    serve(platform, [row(1)])
    assert load(platform).success
    assert platform.load().success
    assert follow(platform) == FOLLOWING
    return platform


def follow(platform: Platform) -> list[tuple[str | None, str | None]]:
    """What the sensor requests, tick by tick, until it requests nothing; all of it is executed."""
    executed: list[tuple[str | None, str | None]] = []
    while requested := platform.requested_runs():
        for request in requested:
            executed.append((request.job_name, request.partition_key))
            assert platform.run_job(str(request.job_name), request.partition_key, request.tags).success
        assert len(executed) < 10, executed
    return executed


def test_new_rows_of_d21_alone_are_followed_by_what_is_made_of_them(platform: Platform) -> None:
    serve(platform, [row(1), row(2)])
    assert load(platform).success
    assert follow(platform) == FOLLOWING
    assert platform.query("SELECT calls FROM marts.calls") == [(2,)]
    assert platform.query("SELECT month::VARCHAR FROM marts.busy") == [(MAY,)]
    assert platform.query("SELECT calls FROM marts.all_calls") == [(2,)]


def test_a_load_of_d21_that_finds_nothing_changed_is_followed_by_nothing(platform: Platform) -> None:
    assert load(platform).success
    assert follow(platform) == []


def test_figures_as_of_a_load_go_on_while_the_month_of_d21_is_red(platform: Platform) -> None:
    serve(platform, [row(1), *(row(number, updated_at="nonsense") for number in range(3, 9))])
    assert not load(platform).success
    follow(platform)
    assert platform.load().success
    assert platform.query("SELECT max(load_number) FROM analytics.ptp_vintage") == [(2,)]
    assert follow(platform) == []
    serve(platform, [row(1)])
    assert load(platform).success
    assert follow(platform) == []


def test_a_mart_keeps_its_rows_while_the_month_of_d21_is_red_and_ours_are_computed(platform: Platform) -> None:
    serve(platform, [row(1), row(2), *(row(number, updated_at="nonsense") for number in range(3, 9))])
    assert not load(platform).success
    assert platform.query("SELECT count(*) FROM raw.d21_communication_logs") == [(2,)]
    assert (COMPUTE_MONTH, MAY) not in follow(platform)
    assert platform.run_job(COMPUTE_MONTH, MAY).success
    assert platform.query("SELECT calls FROM marts.calls") == [(1,)]
    assert platform.query("SELECT count(*) FROM marts.busy") == [(0,)]
    serve(platform, [row(1), row(2)])
    assert load(platform).success
    assert follow(platform) == FOLLOWING
    assert platform.query("SELECT calls FROM marts.calls") == [(2,)]
