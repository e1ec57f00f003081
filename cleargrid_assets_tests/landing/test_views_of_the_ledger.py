"""The views of the ledger: which load was a month's last one, which loads changed its rows, and when each was read."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.tables.raw import D23_LOADS
from cleargrid_assets_tests.analytics.small_warehouse import empty_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

at = datetime.fromisoformat
MARCH, APRIL, MAY = (date(2026, month, 1) for month in (3, 4, 5))
UNTIL = {MARCH: at("2026-04-01"), APRIL: at("2026-05-01"), MAY: at("2026-06-01")}
LOADS = [
    (0, MARCH, "2026-04-02", {"rows_added": 5}),
    (1, APRIL, "2026-04-20", {"rows_added": 5}),
    (2, MAY, "2026-05-10", {"rows_added": 5}),
    (3, APRIL, "2026-04-25", {}),
    (4, APRIL, "2026-05-01", {}),  # the first one after its end
    (5, MAY, "2026-05-20", {"rows_added": 1}),  # took a row from April
    (6, MAY, "2026-05-22", {}),
    (7, APRIL, "2026-05-03", {}),
    (8, APRIL, "2026-05-04", {"rows_changed": 1}),
    (9, APRIL, "2026-05-02", {}),  # on a clock that was set back
    (10, MAY, "2026-05-30", {"rows_vanished": 1}),
    (11, MAY, "2026-05-31", {"rows_added": 1}),
    (12, MAY, "2026-05-31T12:00", {"rows_added": 2}),  # took two rows from April
]
MOVES = [(5, "a"), (12, "b"), (12, "c")]
RECORD = """
INSERT INTO raw.d23_changes (observed_at, run_id, load_number, month, public_id, change, field, old, new)
VALUES ('2026-05-20', 'r', ?, ?, ?, ?, ?, ?, ?)
"""


@pytest.fixture(scope="module")
def ledger() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_warehouse() as connection:
        for number, month, loaded_at, rows in LOADS:
            load = {column.name: 0 for column in D23_LOADS.columns} | {"run_id": "r", "total_exact": True, **rows}
            load |= {"month": month, "load_number": number, "started_at": at(loaded_at), "loaded_at": at(loaded_at)}
            load |= {"since": month, "until": UNTIL[month], "unknown_fields": None}
            marks = ", ".join("?" for _ in load)
            connection.execute(f"INSERT INTO raw.d23_loads ({', '.join(load)}) VALUES ({marks})", list(load.values()))
        for number, public_id in MOVES:
            for month in (APRIL, MAY):
                connection.execute(RECORD, [number, month, public_id, "moved", "month", str(APRIL), str(MAY)])
                connection.execute(RECORD, [number, month, public_id, "moved", "outcome_option", str(APRIL), "PTP"])
        connection.execute(RECORD, [9, APRIL, "d", "changed", "is_active", "true", "false"])
        yield connection


def test_the_last_load_of_a_month_has_its_highest_number(ledger: duckdb.DuckDBPyConnection) -> None:
    last = ledger.execute("SELECT month, load_number FROM raw.last_loads ORDER BY month").fetchall()
    assert last == [(MARCH, 0), (APRIL, 9), (MAY, 12)]


def test_rows_that_another_month_took_since_the_last_load_are_moved_away(ledger: duckdb.DuckDBPyConnection) -> None:
    assert ledger.execute("SELECT month, rows FROM raw.moved_away").fetchall() == [(APRIL, 2)]


def test_a_version_begins_with_a_change_a_move_the_first_load_and_the_first_after_the_end(
    ledger: duckdb.DuckDBPyConnection,
) -> None:
    changing = ledger.execute("SELECT month, load_number FROM raw.changing_loads ORDER BY ALL").fetchall()
    expected = {MARCH: (0,), APRIL: (1, 4, 5, 8, 12), MAY: (2, 5, 10, 11, 12)}
    assert changing == [(month, number) for month, numbers in expected.items() for number in numbers]
    versions = ledger.execute("SELECT month, load_number FROM raw.month_versions ORDER BY month").fetchall()
    assert versions == [(MARCH, 0), (APRIL, 12), (MAY, 12)]


def test_a_version_was_last_read_by_the_months_last_load_before_the_next_version(
    ledger: duckdb.DuckDBPyConnection,
) -> None:
    of_version = "SELECT month, version, load_number, loaded_at, started_at, until FROM raw.version_loads ORDER BY ALL"
    found = {MARCH: {0: 0}, APRIL: {1: 3, 4: 4, 5: 7, 8: 9, 12: 9}, MAY: {2: 2, 5: 6, 10: 10, 11: 11, 12: 12}}
    loaded = {number: at(loaded_at) for number, _, loaded_at, _ in LOADS}
    assert ledger.execute(of_version).fetchall() == [
        (month, version, number, loaded[number], loaded[number], UNTIL[month])
        for month, by_version in found.items()
        for version, number in by_version.items()
    ]
