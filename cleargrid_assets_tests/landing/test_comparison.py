"""A re-read is compared in shares of the month; what it finds does not depend on how many there are."""

from __future__ import annotations

import pytest

from cleargrid_assets.landing import comparison
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_under_test import CHANGES, LOADS, MAY

pytestmark = pytest.mark.slow

CHANGED = f"SELECT public_id, change, field, old, new FROM {CHANGES} ORDER BY ALL"
LANDED = "raw.d23_manual_communication_logs"
ROWS = f"SELECT public_id, landed_at FROM {LANDED} ORDER BY ALL"


def on(day, number, **changed):
    """A row of that day of May."""
    return row(number, communicated_at=f"2026-05-{day:02d}T10:00:00.000Z", **changed)


BEFORE = [on(1 + number % 28, number) for number in range(200)]
AFTER = [
    on(28, 0),  # these two change places across the month
    on(1, 27),
    *BEFORE[1:3],
    *BEFORE[5:27],  # 3 and 4 vanish
    *BEFORE[28:190],
    *(on(1 + number % 28, number, is_ptp_broken=True) for number in range(190, 200)),
    *(on(14, number) for number in range(200, 205)),  # added
]


@pytest.fixture
def re_read(start_platform):
    """Reads the rows of `BEFORE` in small windows, then those of `AFTER`; the platform afterwards."""
    platform = start_platform(variables={"CLEARGRID_PAGE_SIZE": "10", "CLEARGRID_CONCURRENCY": "8"})
    serve(platform, BEFORE)
    assert platform.load().success
    serve(platform, AFTER)
    return platform


@pytest.mark.parametrize("rows_at_once", [10**6, 60, 1])
def test_what_a_re_read_finds_does_not_depend_on_the_shares_in_which_it_is_compared(re_read, monkeypatch, rows_at_once):
    monkeypatch.setattr(comparison, "ROWS_AT_ONCE", rows_at_once)
    landed_before = dict(re_read.query(ROWS))
    assert re_read.load().success
    found = {(key[-2:], change, field) for key, change, field, *_ in re_read.query(CHANGED) if change != "vanished"}
    assert found == {
        ("00", "changed", "communicated_at"),
        ("1b", "changed", "communicated_at"),
        *((f"{number:02x}", "changed", "is_ptp_broken") for number in range(190, 200)),
        *((f"{number:02x}", "added", None) for number in range(200, 205)),
    }
    load = re_read.last_load()
    assert (load["rows_added"], load["rows_changed"], load["rows_vanished"]) == (5, 12, 2)
    assert [landed[0] for landed in re_read.landed()] == sorted(sent["public_id"] for sent in AFTER)
    kept = {key for key, landed_at in re_read.query(ROWS) if landed_before.get(key) == landed_at}
    assert kept == {sent["public_id"] for sent in AFTER if sent in BEFORE}


def test_reading_nothing_new_in_many_shares_writes_no_row(re_read, monkeypatch):
    monkeypatch.setattr(comparison, "ROWS_AT_ONCE", 1)
    serve(re_read, BEFORE)
    before = re_read.query(ROWS)
    assert re_read.load(MAY).success
    assert (re_read.query(ROWS), re_read.query(CHANGED)) == (before, [])


@pytest.mark.parametrize("rows_at_once", [10**6, 60, 1])
def test_an_id_that_a_month_holds_twice_is_there_once_after_the_next_load(re_read, monkeypatch, rows_at_once):
    monkeypatch.setattr(comparison, "ROWS_AT_ONCE", rows_at_once)
    with re_read.warehouse.writing() as connection:
        connection.execute(f"INSERT INTO {LANDED} FROM {LANDED}")
        connection.execute(f"UPDATE {LANDED} SET communicated_at = '2026-05-20' WHERE rowid % 7 = 0")
    assert re_read.load().success
    assert [landed[0] for landed in re_read.landed()] == sorted(sent["public_id"] for sent in AFTER)
    load = re_read.last_load()
    assert (load["rows_added"], load["rows_changed"], load["rows_vanished"]) == (5, 198, 2)
    assert re_read.load().success
    load = re_read.last_load()
    assert (load["rows_added"], load["rows_changed"], load["rows_vanished"]) == (0, 0, 0)


def test_a_month_with_ids_twice_that_an_earlier_release_read_again_is_mended(re_read):
    assert re_read.load().success
    with re_read.warehouse.writing() as connection:
        connection.execute(f"INSERT INTO {LANDED} FROM {LANDED} LIMIT 5")
        connection.execute(f"UPDATE {LOADS} SET ids_digest = (SELECT ids_digest(public_id) FROM {LANDED})")
    assert re_read.load().success
    assert [landed[0] for landed in re_read.landed()] == sorted(sent["public_id"] for sent in AFTER)
    assert re_read.last_load()["rows_changed"] == 5
