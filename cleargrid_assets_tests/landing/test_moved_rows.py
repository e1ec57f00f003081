"""When ClearGrid moves a row to another month, the later version wins, and both months stay correct."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import dagster as dg
import pytest

from cleargrid_assets.assets.month_checks import blocking_checks
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.landing.ledger import last_loads
from cleargrid_assets.sql_checks import read_raw_checks
from cleargrid_assets.staleness import DataVersions
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.landing.slow_responses import SECONDS, hold_next_response
from cleargrid_assets_tests.platform_copies import compute_months
from cleargrid_assets_tests.platform_under_test import CHANGES, FIELDS, LOADS, LOGS, MAY, failure_of_step

pytestmark = pytest.mark.slow

APRIL, MARCH = "2026-04-01", "2026-03-01"
IN_APRIL = {"communicated_at": "2026-04-20T09:00:00.000Z"}
LATER, LAST = {"updated_at": "2026-06-02T00:00:00.000Z"}, {"updated_at": "2026-06-05T00:00:00.000Z"}
HISTORY = f"SELECT month::VARCHAR, public_id, change, field, old, new, load_number FROM {CHANGES} ORDER BY ALL"
ID = row(1)["public_id"]


def serve_rows(platform, *rows):
    """Serve two rows that stay in their months, and `rows`."""
    serve(platform, [row(100, **IN_APRIL), row(101), *rows])


def ids(platform, month):
    """The ids of the month's landed rows."""
    return {landed[0] for landed in platform.landed(month)}


def move_row(platform):
    """A row that was landed in April is moved to May, and May is read again."""
    serve_rows(platform, row(1, outcome_option="BUSY", **IN_APRIL))
    compute_months(platform, APRIL, MAY)
    serve_rows(platform, row(1, **LATER))
    compute_months(platform, MAY)


@pytest.fixture
def moved_row(start_after):
    """The platform after that."""
    return start_after(move_row)


def test_the_row_is_in_its_new_month_alone(moved_row):
    platform = moved_row
    assert ids(platform, MAY) == {ID, row(101)["public_id"]}
    assert ids(platform, APRIL) == {row(100)["public_id"]}


def test_both_months_histories_say_from_where_to_where_and_what_the_row_held(moved_row):
    platform = moved_row
    history = platform.query(HISTORY)
    assert {entry[0] for entry in history} == {APRIL, MAY}
    assert {entry[6] for entry in history} == {3}
    for month in (APRIL, MAY):
        entries = {entry[3]: entry[4:6] for entry in history if entry[0] == month}
        assert {entry[1:3] for entry in history if entry[0] == month} == {(ID, "moved")}
        assert entries.keys() == {"month", *FIELDS[1:]}
        assert entries["month"] == (APRIL, MAY)
        assert entries["outcome_option"] == ("BUSY", "PTP")
        assert entries["communicated_at"] == ("2026-04-20 09:00:00", "2026-05-21 12:05:44")
        assert entries["is_active"] == ("true", "true")


def test_the_ledger_adds_up_in_both_months(moved_row):
    platform = moved_row
    may, april = platform.last_load(MAY), platform.last_load(APRIL)
    assert (may["rows_received"], may["rows_landed"], may["rows_added"], may["rows_moved"]) == (2, 2, 1, 0)
    assert (april["rows_received"], april["rows_landed"], april["rows_vanished"]) == (2, 2, 0)
    rows = {f"{month:%Y-%m-%d}": load.rows_landed for month, load in last_loads(platform.warehouse).items()}
    assert rows == {APRIL: 1, MAY: 2}


def test_the_other_month_counts_as_materialized_anew_and_its_checks_hold(moved_row):
    platform = moved_row
    storage = platform.instance.event_log_storage
    (run,) = platform.instance.get_runs(limit=1)
    records = platform.instance.fetch_materializations(LOGS, limit=2).records
    assert {(record.run_id, record.partition_key) for record in records} == {(run.run_id, APRIL), (run.run_id, MAY)}
    loaded, computed = (
        storage.get_latest_storage_id_by_partition(dg.AssetKey(asset), dg.DagsterEventType.ASSET_MATERIALIZATION)
        for asset in (LOGS.path, ["core", "contact_attempts"])
    )
    assert loaded[APRIL] > computed[APRIL]
    names = {check.name for check in read_raw_checks(D23)}
    keys = [dg.AssetCheckKey(LOGS, name) for name in names]
    results = {
        info.check_key.name: info for info in storage.get_asset_check_partition_info(keys, partition_keys=[APRIL])
    }
    assert {name for name, info in results.items() if info.is_current} == names
    assert all(results[name].latest_execution_status.value == "SUCCEEDED" for name in blocking_checks(D23))


def test_what_is_made_of_the_other_month_is_out_of_date_until_it_is_computed_again(moved_row):
    platform = moved_row
    versions = dict(platform.query("SELECT month::VARCHAR, load_number FROM raw.month_versions"))
    computed = (
        "SELECT month::VARCHAR, max(load_number), count(*) FROM core.contact_attempts GROUP BY month ORDER BY ALL"
    )
    assert versions == {APRIL: 3, MAY: 3}
    assert platform.query(computed) == [(APRIL, 1, 2), (MAY, 3, 2)]
    job = platform.definitions.resolve_implicit_global_asset_job_def()
    keys = [dg.AssetKey(["core", "contact_attempts"])]
    assert job.execute_in_process(partition_key=APRIL, asset_selection=keys, instance=platform.instance).success
    assert platform.query(computed) == [(APRIL, 3, 1), (MAY, 3, 2)]


def test_the_other_months_next_read_finds_nothing_to_do(moved_row):
    platform = moved_row
    assert platform.refresh(APRIL).success
    assert ids(platform, APRIL) == {row(100)["public_id"]}
    april = platform.last_load(APRIL)
    assert (april["rows_landed"], april["rows_changed"], april["rows_vanished"], april["rows_moved"]) == (1, 0, 0, 0)
    assert platform.query(f"SELECT count(*) FROM {CHANGES} WHERE change = 'vanished'") == [(0,)]


def test_a_row_that_moves_back_is_moved_back(moved_row):
    platform = moved_row
    serve_rows(platform, row(1, **IN_APRIL, **LAST))
    assert platform.load(APRIL).success
    assert (ids(platform, APRIL), ids(platform, MAY)) == ({ID, row(100)["public_id"]}, {row(101)["public_id"]})
    months = f"SELECT month::VARCHAR, old, new FROM {CHANGES} WHERE field = 'month' AND load_number = 4 ORDER BY ALL"
    assert platform.query(months) == [(APRIL, MAY, APRIL), (MAY, MAY, APRIL)]


def test_a_row_moves_also_with_the_first_load_of_its_new_month(platform):
    serve_rows(platform, row(1, **IN_APRIL))
    assert platform.load(APRIL).success
    serve_rows(platform, row(1, **LATER))
    assert platform.load(MAY).success
    assert (ids(platform, APRIL), ids(platform, MAY)) == ({row(100)["public_id"]}, {ID, row(101)["public_id"]})
    assert {entry[2] for entry in platform.query(HISTORY)} == {"moved"}


def test_a_row_of_which_another_month_holds_a_later_version_is_left_there(platform):
    serve_rows(platform, row(1, **IN_APRIL, **LATER))
    assert platform.load(APRIL).success
    for is_first in (True, False):
        serve_rows(platform, row(1))
        assert platform.load(MAY).success
        assert (ids(platform, APRIL), ids(platform, MAY)) == ({ID, row(100)["public_id"]}, {row(101)["public_id"]})
        may = platform.last_load(MAY)
        assert (may["rows_received"], may["rows_landed"], may["rows_moved"]) == (2, 1, 1)
        assert may["rows_added"] == is_first
    assert platform.query(HISTORY) == []


def test_a_slow_read_from_before_the_move_does_not_take_the_row_back(platform):
    serve_rows(platform, row(1, **IN_APRIL))
    assert platform.load(MAY).success
    with ThreadPoolExecutor(1) as pool, hold_next_response(platform) as answer:
        april = pool.submit(platform.load, APRIL)
        assert answer.is_held.wait(SECONDS)
        serve_rows(platform, row(1, **LATER))
        assert platform.load(MAY).success
        answer.released.set()
        assert april.result().success
    assert (ids(platform, APRIL), ids(platform, MAY)) == ({row(100)["public_id"]}, {ID, row(101)["public_id"]})


@pytest.mark.parametrize(("slow", "fast"), [(APRIL, MAY), (MAY, APRIL)])
def test_of_equally_old_versions_the_one_that_was_read_later_is_kept(platform, slow, fast):
    """ClearGrid moved the row without changing `updated_at`."""
    where = {APRIL: IN_APRIL, MAY: {}}
    serve_rows(platform, row(1, **where[slow]))
    assert platform.load(fast).success
    with ThreadPoolExecutor(1) as pool, hold_next_response(platform) as answer:
        slow_read = pool.submit(platform.load, slow)
        assert answer.is_held.wait(SECONDS)
        serve_rows(platform, row(1, **where[fast]))
        assert platform.load(fast).success
        answer.released.set()
        assert slow_read.result().success
    assert ID in ids(platform, fast)
    assert ID not in ids(platform, slow)


def test_rows_of_several_months_move_at_once(platform):
    in_march = {"communicated_at": "2026-03-20T09:00:00.000Z"}
    serve_rows(platform, row(1, **IN_APRIL), row(2, **in_march), row(3, **in_march))
    for month in (MARCH, APRIL):
        assert platform.load(month).success
    serve_rows(platform, row(1, **LATER), row(2, **LATER), row(3, **LATER))
    run = platform.load(MAY)
    assert run.success
    assert len(ids(platform, MAY)) == 4
    assert ids(platform, MARCH) == set()
    moved_away = {
        event.partition: event.materialization.metadata["rows_moved_away"].value
        for event in run.get_asset_materialization_events()
        if "rows_moved_away" in event.materialization.metadata
    }
    assert moved_away == {MARCH: 2, APRIL: 1}


def test_the_next_load_reports_the_months_that_a_load_reduced_and_died_before_it_could_report_them(platform):
    serve_rows(platform, row(1, **IN_APRIL))
    compute_months(platform, APRIL, MAY)
    serve_rows(platform, row(1, **LATER))
    with dg.DagsterInstance.ephemeral() as forgotten:
        assert replace(platform, instance=forgotten).load(MAY).success
    reported = {}
    for month in (MAY, MARCH):
        events = platform.load(month).get_asset_materialization_events()
        reported[month] = [event.partition for event in events if event.asset_key == LOGS]
    assert reported == {MAY: [MAY, APRIL], MARCH: [MARCH]}
    versions = DataVersions.of(platform.instance, WarehouseConnection(platform.settings))
    assert versions.stale_tables().keys() == {APRIL, MAY, MARCH}


def test_vanished_rows_keep_what_they_held_field_by_field(platform):
    serve_rows(platform, row(1, outcome_option=None))
    platform.load()
    serve_rows(platform)
    assert platform.load().success
    entries = {entry[3]: entry[4:6] for entry in platform.query(HISTORY)}
    assert entries.keys() == set(FIELDS[1:])
    assert entries["outcome_option"] == (None, None)
    assert entries["communicated_at"] == ("2026-05-21 12:05:44", None)
    assert {entry[2] for entry in platform.query(HISTORY)} == {"vanished"}


def test_a_month_of_few_rows_may_lose_them(platform):
    serve_rows(platform, row(1, **IN_APRIL), row(2, **IN_APRIL))
    assert platform.load(APRIL).success
    serve(platform, [row(101)])
    assert platform.load(APRIL).success
    assert ids(platform, APRIL) == set()


def test_more_than_a_few_rows_may_not_vanish_and_moved_rows_are_not_counted_as_vanished(platform):
    rows = [row(number, **IN_APRIL) for number in range(1, 7)]
    serve(platform, rows)
    assert platform.load(APRIL).success
    serve(platform, [])
    assert "would remove 6 of its 6 landed rows" in failure_of_step(platform.load(APRIL))["description"]
    serve(platform, [row(number, **LATER) for number in range(1, 7)])
    assert platform.load(MAY).success
    assert platform.load(APRIL).success
    assert (ids(platform, APRIL), len(ids(platform, MAY))) == (set(), 6)


def test_the_history_leads_back_to_every_earlier_version(platform):
    """Undoing the changes of the last loads restores the rows that were landed before."""
    versions = []
    for rows in (
        [row(1, **IN_APRIL), row(2), row(3)],
        [row(1, **LATER), row(2, is_ptp_broken=True, **LATER)],
        [row(1, **IN_APRIL, **LAST), row(4), row(2, outcome_option=None, **LAST)],
    ):
        serve(platform, rows)
        for month in (MAY, APRIL):
            assert platform.load(month).success
            versions.append(landed_texts(platform))
    version = landed_texts(platform)
    numbers = [number for (number,) in platform.query(f"SELECT load_number FROM {LOADS} ORDER BY 1 DESC")]
    for number, expected in zip(numbers[:-2], reversed(versions[1:-1]), strict=True):
        version = undo_load(version, platform, number)
        assert version == expected


def landed_texts(platform):
    """Every landed row as text: its month and fields by its id."""
    columns = ", ".join(f"{name}::VARCHAR" for name in FIELDS[1:])
    rows = platform.query(f"SELECT public_id, month::VARCHAR, {columns} FROM {LOGS.path[0]}.{LOGS.path[1]}")
    return {identity: dict(zip(("month", *FIELDS[1:]), values, strict=True)) for identity, *values in rows}


def undo_load(rows, platform, number):
    """`rows` before the load with this number."""
    rows = {identity: dict(fields) for identity, fields in rows.items()}
    changes = platform.query(HISTORY.replace("ORDER BY", f"WHERE load_number = {number} ORDER BY"))
    for month, identity, change, field, old, *_ in changes:
        if change == "added":
            del rows[identity]
        else:
            rows.setdefault(identity, {"month": month})[field] = old
    return rows
