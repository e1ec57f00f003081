"""A mart that fails or is red stops what is made of it, and nobody's publication."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import duckdb
import pytest

from cleargrid_assets.assets.reports.publication.database import DATABASE
from cleargrid_assets.jobs import REFRESH_SUMMARY
from cleargrid_assets_tests.assets.example_marts import BEST_MONTH, CHECK, LARGE, PROMISES
from cleargrid_assets_tests.assets.test_marts import folder, with_marts
from cleargrid_assets_tests.platform_copies import compute_months
from cleargrid_assets_tests.platform_under_test import MAY, failure_of_step

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

__all__ = ["folder", "with_marts"]

FAILING = BEST_MONTH.replace("max(promises)", "CAST(min(interaction_source) AS INTEGER) + max(promises)")
BEST_POOL = """-- The pools that ever promised.
-- Grain: promises
-- Inputs: marts.best_month
SELECT max(promises) AS promises FROM marts.best_month
"""
RED = BEST_MONTH.replace("-- Grain: interaction_source", "-- Grain: promises").replace("max(promises)", "0")


def test_rows_that_share_their_grain_turn_the_mart_red_and_stop_what_reads_it(
    with_marts: Callable[..., Platform],
) -> None:
    twice = PROMISES.replace("-- Grain: month, interaction_source", "-- Grain: month")
    platform = with_marts({"promises.sql": twice, "large.sql": LARGE})
    compute_months_run = platform.refresh(MAY)
    red = [check.check_name for check in compute_months_run.get_asset_check_evaluations() if not check.passed]
    assert "every_row_is_alone_in_its_grain" in red
    written = written_by(compute_months_run)
    assert "promises" in written
    assert "large" not in written


def test_a_mart_whose_rows_cannot_be_computed_leaves_every_other_table_right(
    with_marts: Callable[..., Platform],
) -> None:
    failing = PROMISES.replace("count(*)", "CAST(min(interaction_source) AS INTEGER) + count(*)")
    platform = with_marts({"promises.sql": failing})
    run = platform.refresh(MAY)
    sentence = failure_of_step(run)["description"]
    assert sentence.startswith(
        "marts.promises: promises.sql, line 7: DuckDB refuses its SQL: Conversion Error: Could not"
    )
    assert sentence.endswith("Correct it. Next: Correct the file that the message names, then start this run again.")
    assert platform.query("SELECT count(*) > 0 FROM analytics.kpi_monthly") == [(True,)]


@pytest.mark.parametrize(("best_month", "best_months"), [(FAILING, 0), (RED, 1)])
def test_a_mart_over_all_months_that_fails_or_is_red_is_reported_and_everything_else_is_published(
    best_month: str, best_months: int, with_marts: Callable[..., Platform]
) -> None:
    other = BEST_MONTH.replace("max(promises)", "min(promises)")
    marts = {"promises.sql": PROMISES, "best_month.sql": best_month, "best_pool.sql": BEST_POOL, "worst.sql": other}
    platform = with_marts(marts)
    compute_months(platform, MAY)
    (summary,) = platform.requested_runs()
    run = platform.run_job(REFRESH_SUMMARY, tags=summary.tags)
    assert not run.success
    assert {"published_tables", "worst", "collections_report"} <= written_by(run)
    assert "best_pool" not in written_by(run)
    with duckdb.connect(published(platform), read_only=True) as connection:
        tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert {"kpi_monthly", "promises", "worst"} <= tables
    assert ("best_month" in tables) == bool(best_months)
    assert platform.requested_runs() == []


def test_the_failure_names_each_mart_that_fails(with_marts: Callable[..., Platform]) -> None:
    platform = with_marts({"promises.sql": PROMISES, "best_month.sql": FAILING, "worst.sql": FAILING})
    compute_months(platform, MAY)
    description = failure_of_step(platform.run_job(REFRESH_SUMMARY))["description"]
    for mart in ("best_month", "worst"):
        assert f"marts.{mart}: {mart}.sql, line 4: DuckDB refuses its SQL: Conversion Error: " in description


def test_a_check_that_fails_is_named_with_its_file(with_marts: Callable[..., Platform]) -> None:
    check = CHECK.replace("promises > 1", "interaction_source::INTEGER > 1")
    platform = with_marts({"promises.sql": PROMISES, "promises/fails.sql": check})
    sentence = failure_of_step(platform.refresh(MAY))["description"]
    assert "promises/fails.sql, line 5: DuckDB refuses its SQL: Conversion Error: " in sentence
    assert "bug" not in sentence


def test_a_mart_over_all_months_is_computed_and_checked_on_its_own(with_marts: Callable[..., Platform]) -> None:
    platform = with_marts({"promises.sql": PROMISES, "best_month.sql": BEST_MONTH})
    compute_months(platform, MAY)
    job = platform.definitions.resolve_implicit_global_asset_job_def()
    run = job.execute_in_process(asset_selection=[dg.AssetKey(["marts", "best_month"])], instance=platform.instance)
    assert written_by(run) == {"best_month"}
    assert [check.passed for check in run.get_asset_check_evaluations()] == [True]
    assert not published(platform).exists()


def written_by(run: dg.ExecuteInProcessResult) -> set[str]:
    """The names of the assets that the run materialized."""
    return {event.asset_key.path[-1] for event in run.all_events if event.is_step_materialization and event.asset_key}


def published(platform: Platform) -> Path:
    """The published database."""
    return Path(platform.warehouse.location, "published", "emulator", DATABASE)
