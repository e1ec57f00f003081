"""Each check on a landed month passes for some rows and fails for others."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from cleargrid_assets.sql_checks import check_result, read_raw_checks
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.tables.raw import RAW_TABLES
from cleargrid_assets.warehouse.schema import prepare

MAY = {"month": date(2026, 5, 1)}
ANYTHING = {"VARCHAR": "'x'", "BOOLEAN": "true", "BIGINT": "0", "DOUBLE": "0", "DATE": "DATE '2026-05-01'"}
LOG = "2026-05-10 09:00"
LOGS = "d23_manual_communication_logs"
CHECKS = {check.name: check for check in read_raw_checks(D23)}


def table_of(name):
    """The raw table of this name."""
    return next(table for table in RAW_TABLES if table.name == name)


def insert(connection, name, **values):
    """Insert one row with these values (SQL) and harmless values in all other NOT NULL columns."""
    columns = {
        column.name: ANYTHING.get(column.type, f"TIMESTAMP '{LOG}'" if column.type == "TIMESTAMP" else "['x']")
        for column in table_of(name).columns
        if not column.nullable
    } | values
    names = ", ".join(f'"{column}"' for column in columns)
    connection.execute(f"INSERT INTO raw.{name} ({names}) VALUES ({', '.join(columns.values())})")


def log(connection, **values):
    """A landed row."""
    insert(connection, LOGS, **values)


def load(connection, **values):
    """Insert a load of May that landed one row; `values` replace its columns."""
    insert(
        connection,
        "d23_loads",
        **{
            "since": "TIMESTAMP '2026-05-01'",
            "until": "TIMESTAMP '2026-06-01'",
            "load_number": "(SELECT count(*) FROM raw.d23_loads)",
            "loaded_at": "TIMESTAMP '2026-06-02'",
            "rows_received": "1",
            "rows_landed": "1",
            **values,
        },
    )


def quarantined(connection, **values):
    """Insert a quarantined row."""
    insert(connection, "d23_quarantine", **values)


def neighbour(connection, **values):
    """Insert a load of April."""
    april = {"month": "DATE '2026-04-01'", "since": "TIMESTAMP '2026-04-01'", "until": "TIMESTAMP '2026-05-01'"}
    load(connection, **april, **values)


def later(connection, **values):
    """Insert a load of June."""
    june = {"month": "DATE '2026-06-01'", "since": "TIMESTAMP '2026-06-01'", "until": "TIMESTAMP '2026-07-01'"}
    load(connection, **june, **values)


def moved_away(connection, **values):
    """Insert the record of a row that a later load of another month took from May."""
    moved = {"change": "'moved'", "field": "'month'", "old": "'2026-05-01'", "load_number": "9"}
    insert(connection, "d23_changes", **moved, **values)


APRIL, YEARS_AGO = "DATE '2026-04-01'", "DATE '2020-04-01'"
PASSING = {
    "every_required_field_is_present": [(log, {"outcome_option": "NULL"})],
    "every_public_id_is_unique": [(log, {}), (log, {"public_id": "'y'"}), (log, {"public_id": "'z'", "month": APRIL})],
    "every_row_is_inside_its_month": [
        (load, {}),
        (log, {"communicated_at": "TIMESTAMP '2026-05-01'"}),
        (log, {"communicated_at": "TIMESTAMP '2026-05-31 23:59:59.999'"}),
    ],
    "every_received_row_is_accounted_for": [
        (load, {"rows_received": "4", "rows_landed": "2", "rows_quarantined": "1", "duplicates_collapsed": "1"}),
        (log, {}),
        (quarantined, {}),
        (moved_away, {}),
    ],
    "neighbouring_months_join": [
        (neighbour, {}),
        (load, {"since": "TIMESTAMP '2026-05-01 04:00'"}),
        (load, {}),
        (load, {"month": "DATE '2026-07-01'"}),
    ],
    "rows_received_equal_cleargrids_total": [(load, {"expected_total": "1", "total_exact": "true"})],
    "quarantined_rows_are_within_the_limit": [(load, {"rows_received": "100", "rows_quarantined": "1"})],
    "timestamps_are_in_order": [(log, {}), (log, {"updated_at": "TIMESTAMP '2026-05-11'"})],
    "no_row_is_in_the_future": [(log, {}), (log, {"landed_at": "TIMESTAMP '2026-06-02'"})],
    "channels_and_sources_are_known": [
        (log, {"communication_type": "'CALL'"}),
        (log, {"communication_type": "'CALL'", "month": YEARS_AGO}),
        (log, {"communication_type": "'SMS'", "month": APRIL}),
    ],
    "month_volume_is_like_its_neighbours": [
        (load, {"rows_landed": "100"}),
        (neighbour, {"rows_landed": "90"}),
        (later, {"rows_landed": "800"}),  # but it is open
    ],
    "no_row_is_quarantined": [(quarantined, {"month": APRIL})],
    "no_row_vanished": [(load, {"rows_vanished": "2"}), (load, {})],
    "no_unknown_field_was_sent": [(load, {"unknown_fields": "['agent']"}), (load, {"unknown_fields": "[]"})],
}
FAILING = {
    "every_public_id_is_unique": [[(log, {}), (log, {})], [(log, {}), (log, {"month": APRIL})]],
    "every_row_is_inside_its_month": [
        [(load, {}), (log, {"communicated_at": "TIMESTAMP '2026-06-01'"})],
        [(load, {}), (log, {"communicated_at": "TIMESTAMP '2026-04-30 23:59:59.999'"})],
        [(log, {})],
    ],
    "every_received_row_is_accounted_for": [
        [(load, {"rows_received": "2"}), (log, {})],
        [(load, {})],
        [(load, {}), (log, {}), (quarantined, {})],
    ],
    "neighbouring_months_join": [
        [(neighbour, {}), (load, {"since": "TIMESTAMP '2026-05-01 04:00'"})],
        [(neighbour, {}), (load, {"since": "TIMESTAMP '2026-04-30 20:00'"})],
        [(load, {}), (load, {"month": "DATE '2026-06-01'", "since": "TIMESTAMP '2026-06-01 00:00:01'"})],
    ],
    "rows_received_equal_cleargrids_total": [[(load, {"expected_total": "2", "total_exact": "true"})]],
    "quarantined_rows_are_within_the_limit": [[(load, {"rows_received": "100", "rows_quarantined": "2"})]],
    "timestamps_are_in_order": [
        [(log, {"created_at": "TIMESTAMP '2026-05-10 08:59'"})],
        [(log, {"updated_at": "TIMESTAMP '2026-05-10 08:59'"})],
    ],
    "no_row_is_in_the_future": [[(log, {"landed_at": "TIMESTAMP '2026-05-10 08:59'"})]],
    "channels_and_sources_are_known": [
        [(log, {"communication_type": "'FAX'"}), (log, {"communication_type": "'CALL'", "month": APRIL})],
        [(log, {"communication_type": "'FAX'"}), (log, {"communication_type": "'CALL'", "month": YEARS_AGO})],
    ],
    "month_volume_is_like_its_neighbours": [
        [(load, {"rows_landed": "100"}), (neighbour, {"rows_landed": "40"})],
        [(load, {"rows_landed": "100"}), (neighbour, {"rows_landed": "210"})],
        [(load, {"rows_landed": "100"}), (later, {"rows_landed": "300", "loaded_at": "TIMESTAMP '2026-07-02'"})],
    ],
    "no_row_is_quarantined": [[(quarantined, {})]],
    "no_row_vanished": [[(load, {"rows_vanished": "2"})]],
    "no_unknown_field_was_sent": [[(load, {"unknown_fields": "['agent']"})]],
}
CASES = [(name, rows) for name, cases in FAILING.items() for rows in cases]


def violations(name, rows, *, is_strict=True):
    """The rows that violate the check in a warehouse that holds `rows`."""
    with duckdb.connect() as connection:
        prepare(connection)
        if not is_strict:
            connection.execute(f"DROP TABLE raw.{LOGS}; {table_of(LOGS).ddl.replace(' NOT NULL', '')}")
        for put, values in rows:
            put(connection, **values)
        return CHECKS[name].find_violations(connection, MAY)


def test_every_check_is_tried_both_ways():
    assert set(PASSING) == set(CHECKS)
    assert set(FAILING) == set(PASSING) - {"every_required_field_is_present"}


@pytest.mark.parametrize("name", PASSING)
def test_a_check_passes_on_rows_without_a_violation(name):
    passing = violations(name, PASSING[name])
    assert passing.count == 0
    assert bool(passing.observed) == bool(CHECKS[name].observed)
    assert check_result(CHECKS[name], passing).passed


def test_a_passing_share_of_quarantined_rows_is_stated_with_its_limit():
    rows = [(load, {"rows_received": "10000", "rows_quarantined": "94"})]
    name = "quarantined_rows_are_within_the_limit"
    result = check_result(CHECKS[name], violations(name, rows))
    assert result.description == (
        "Holds: quarantined rows are within the limit. 0.94% of the rows received are quarantined; 1.00% is allowed."
    )
    assert result.metadata["share_quarantined"].value == 0.0094


def test_a_count_that_is_not_exact_is_not_compared_with_the_rows():
    rows = [(load, {"expected_total": "2", "total_exact": "false"})]
    assert violations("rows_received_equal_cleargrids_total", rows).count == 0


def test_a_month_without_rows_has_no_share_above_the_limit():
    empty = violations("quarantined_rows_are_within_the_limit", [(load, {"rows_received": "0", "rows_landed": "0"})])
    assert (empty.count, empty.observed["share_quarantined"]) == (0, 0)


@pytest.mark.parametrize(("name", "rows"), CASES)
def test_a_check_fails_on_rows_that_violate_it(name, rows):
    assert violations(name, rows).count > 0


@pytest.mark.parametrize("field", ["public_id", "is_active", "is_ptp_broken", "created_at", "updated_at"])
def test_a_missing_required_field_is_found_in_a_table_without_constraints(field):
    assert violations("every_required_field_is_present", [(log, {field: "NULL"})], is_strict=False).count == 1
