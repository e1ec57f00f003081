"""Of two loads of a month that overlap, the one whose read began later is kept, whichever commits last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import dagster as dg
import pytest
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from cleargrid_assets.landing.ledger import last_loads
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.landing.slow_responses import SECONDS, hold_next_response, patience
from cleargrid_assets_tests.platform_under_test import CHANGES, LOADS, MAY

pytestmark = pytest.mark.slow

STATES = "SELECT is_ptp_broken, count(*) FROM raw.d23_manual_communication_logs GROUP BY ALL"
FLIPS = f"SELECT old, new, count(*) FROM {CHANGES} WHERE field = 'is_ptp_broken' GROUP BY ALL"
PLANNED = AssetCheckExecutionRecordStatus.PLANNED


def ten_rows(**changed):
    """Ten rows of May."""
    return [row(number, **changed) for number in range(1, 11)]


@contextmanager
def overtake_load(platform, newer_rows):
    """Run an older load that reads before the block and commits after it; yield the future of its run."""
    with hold_next_response(platform) as answer, ThreadPoolExecutor(1) as pool:
        older = pool.submit(platform.refresh)
        assert answer.is_held.wait(SECONDS)
        serve(platform, newer_rows)
        yield older
        answer.released.set()


@pytest.fixture(scope="module")
def overtaken_refresh(read_only_platform):
    """Reload May with two overlapping loads, of which the one that began earlier commits last."""
    platform = read_only_platform
    serve(platform, ten_rows())
    assert platform.refresh().success
    with overtake_load(platform, ten_rows(is_ptp_broken=True, updated_at="2026-06-02T00:00:00.000Z")) as older:
        newer = platform.refresh()
        before = check_results(platform), derived_rows(platform)
    return platform, newer, older.result(), before


def check_results(platform):
    """Each check of each month: its status, True if it covers the latest rows, and its description."""
    nodes = platform.definitions.resolve_asset_graph().asset_check_nodes
    infos = platform.instance.event_log_storage.get_asset_check_partition_info([node.key for node in nodes])
    results = {}
    for info in infos:
        (record,) = platform.instance.event_log_storage.get_asset_check_execution_history(info.check_key, limit=1)
        evaluation = record.evaluation if record.status != PLANNED else None
        result = evaluation and (evaluation.description, evaluation.metadata)
        results[info.check_key, info.partition_key] = info.latest_execution_status, info.is_current, result
    return results


def derived_rows(platform):
    """The rows of the month's derived tables."""
    return platform.query("FROM analytics.outcome_mix ORDER BY ALL"), platform.query(
        "FROM analytics.ptp_vintage ORDER BY ALL"
    )


def test_the_older_read_writes_nothing_and_ends_green(overtaken_refresh):
    platform, newer, older, _ = overtaken_refresh
    assert newer.success
    assert older.success
    assert platform.query(STATES) == [(True, 10)]
    assert platform.query(FLIPS) == [("false", "true", 10)]
    assert platform.query(f"SELECT count(*) FROM {LOADS}") == [(2,)]


def test_the_older_run_says_by_which_run_it_was_superseded(overtaken_refresh):
    platform, newer, older, _ = overtaken_refresh
    logged = [entry.user_message for entry in platform.instance.all_logs(older.run_id)]
    assert any(f"Superseded: run {newer.run_id}" in message for message in logged)
    assert platform.instance.get_run_by_id(older.run_id).tags["cleargrid/superseded_by"] == newer.run_id


def test_the_older_run_materializes_nothing_and_starts_nothing(overtaken_refresh):
    platform, _, older, (_, derived) = overtaken_refresh
    assert older.get_asset_materialization_events() == []
    skipped = {event.step_key for event in older.all_events if event.event_type == dg.DagsterEventType.STEP_SKIPPED}
    assert skipped == {"month_tables"}
    assert derived_rows(platform) == derived


def test_the_older_run_neither_changes_nor_hides_a_check_of_the_month(overtaken_refresh):
    platform, _, _, (checks, _) = overtaken_refresh
    assert check_results(platform) == checks
    assert len(checks) > 20


def test_a_check_that_failed_stays_failed_and_the_older_run_is_green_all_the_same(start_platform):
    platform = start_platform(variables={"CLEARGRID_QUARANTINE_LIMIT": "0"})
    serve(platform, ten_rows())
    assert platform.refresh().success
    with overtake_load(platform, [*ten_rows(), row(11, is_active="yes")]) as older:
        assert not platform.refresh().success
        checks = check_results(platform)
    assert older.result().success
    assert check_results(platform) == checks
    assert {key.name for (key, _), result in checks.items() if result[0].value == "FAILED"} == {
        "no_row_is_quarantined",
        "quarantined_rows_are_within_the_limit",
    }


def test_a_read_in_another_process_that_was_overtaken_writes_nothing(platform, tmp_path):
    serve(platform, ten_rows())
    assert platform.load().success
    with hold_next_response(platform) as answer, platform.start_load(**patience(tmp_path)) as older:
        assert answer.is_held.wait(SECONDS)
        serve(platform, ten_rows(is_ptp_broken=True, updated_at="2026-06-02T00:00:00.000Z"))
        newer = platform.load()
        answer.released.set()
        output, _ = older.communicate()
    assert older.returncode == 0
    assert f"Superseded: run {newer.run_id}" in output
    assert platform.query(STATES) == [(True, 10)]


def test_a_read_that_is_overtaken_by_another_months_load_lands(platform):
    serve(platform, ten_rows())
    with overtake_load(platform, ten_rows()) as older:
        assert platform.load("2026-04-01").success
    assert older.result().success
    assert platform.query(STATES) == [(False, 10)]


def test_of_two_reads_that_overlap_the_newer_lands_after_the_older(platform):
    serve(platform, ten_rows())
    assert platform.load().success
    with (
        ThreadPoolExecutor(2) as pool,
        hold_next_response(platform) as answer,
        hold_next_response(platform) as later_answer,
    ):
        later_answer.is_held.set()
        older = pool.submit(platform.load)
        assert answer.is_held.wait(SECONDS)
        serve(platform, ten_rows(is_ptp_broken=True, updated_at="2026-06-02T00:00:00.000Z"))
        later_answer.is_held.clear()
        newer = pool.submit(platform.load)
        assert later_answer.is_held.wait(SECONDS)
        answer.released.set()
        assert older.result().success
        assert platform.query(STATES) == [(False, 10)]
        later_answer.released.set()
        assert newer.result().success
    assert platform.query(STATES) == [(True, 10)]


def test_a_load_whose_clock_was_a_day_ahead_supersedes_no_later_one(platform):
    serve(platform, ten_rows())
    assert platform.load().success
    with platform.warehouse.writing() as connection:
        connection.execute(
            f"UPDATE {LOADS} SET started_at = started_at + INTERVAL 1 DAY, loaded_at = loaded_at + INTERVAL 1 DAY"
        )
    serve(platform, ten_rows(is_ptp_broken=True, updated_at="2026-06-02T00:00:00.000Z"))
    run = platform.refresh()
    assert run.success
    assert platform.query(STATES) == [(True, 10)]
    assert platform.query("SELECT load_number FROM raw.last_loads") == [(2,)]
    assert platform.query("SELECT broken FROM analytics.ptp_vintage ORDER BY load_number") == [(10,)]


def test_loads_that_landed_at_the_same_moment_are_told_apart_by_their_numbers(platform):
    for number in (10, 9):
        serve(platform, ten_rows()[:number])
        assert platform.refresh().success
    with platform.warehouse.writing() as connection:
        connection.execute(f"UPDATE {LOADS} SET loaded_at = until - INTERVAL 1 MILLISECOND")
    (load,) = last_loads(platform.warehouse).values()
    assert (load.load_number, load.rows_landed) == (2, 9)
    serve(platform, ten_rows()[:9])
    assert platform.refresh(MAY).success
    assert platform.query("SELECT count(*) FROM analytics.ptp_vintage") == [(3,)]
