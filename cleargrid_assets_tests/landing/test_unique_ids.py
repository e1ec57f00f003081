"""A load proves that no other month holds its ids; after that, a month's checks read the rows of that month."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import date

import duckdb
import pytest

from cleargrid_assets.sql_checks import read_raw_checks
from cleargrid_assets.tables.catalog import DATASETS
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.warehouse.query import Query
from cleargrid_assets.warehouse.schema import prepare
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_under_test import MAY

pytestmark = pytest.mark.slow

APRIL = "2026-04-01"
IN_APRIL = {"communicated_at": "2026-04-20T09:00:00.000Z"}
UNIQUE = next(check for check in read_raw_checks(D23) if check.name == "every_public_id_is_unique")
ROWS = D23.rows.qualified_name
COPY = f"INSERT INTO {ROWS} SELECT * REPLACE (? AS month) FROM {ROWS} WHERE public_id = ?"

ROWS_A_MONTH, MONTHS = 30_000, 41
ROW_GROUP = 122_880
"""DuckDB skips whole groups of so many rows by their range of months."""

GENERATED = """
INSERT INTO {rows} BY NAME
SELECT month || '-' || number AS public_id, 'CALL' AS communication_type, {values}, month, TIMESTAMP '2026-06-02' AS landed_at
FROM (SELECT (DATE '2026-05-01' - to_months(range::INTEGER))::DATE AS month FROM range($months)), range($rows) AS numbers (number)
ORDER BY ALL
"""  # noqa: E501 - one SELECT
LOADED = """
INSERT INTO {loads} BY NAME
SELECT month, ids_digest(public_id) AS ids_digest, {values}
FROM {rows}
GROUP BY month
"""
VALUES = {"VARCHAR": "'x'", "BOOLEAN": "true", "BIGINT": "1", "DOUBLE": "1", "TIMESTAMP": "month + INTERVAL 1 DAY"}


@pytest.fixture
def two_months(platform):
    """April and May, a row in each, read once."""
    serve(platform, [row(1, **IN_APRIL), row(2)])
    assert platform.load(APRIL).success
    assert platform.load(MAY).success
    return platform


def digest(platform, month):
    """The digest that the month's last load recorded."""
    return platform.last_load(month)["ids_digest"]


def copy_row(platform, number, month):
    """Copy a row into another month, as somebody does by hand."""
    with platform.warehouse.writing() as connection:
        connection.execute(COPY, [month, row(number)["public_id"]])


def duplicates(platform, month):
    """The ids that the month's check finds, and the months that hold them."""
    with platform.warehouse.reading() as connection:
        return dict(UNIQUE.find_violations(connection, {"month": date.fromisoformat(month)}).examples)


def test_a_load_records_the_digest_of_the_ids_that_it_landed(two_months):
    ids = two_months.query(f"SELECT month::VARCHAR, ids_digest(public_id) FROM {ROWS} GROUP BY month ORDER BY month")
    assert ids == [(APRIL, digest(two_months, APRIL)), (MAY, digest(two_months, MAY))]


def test_an_id_that_somebody_adds_to_a_month_is_found_by_that_months_check(two_months):
    copy_row(two_months, 1, MAY)
    assert duplicates(two_months, MAY) == {row(1)["public_id"]: f"{APRIL}, {MAY}"}


def test_the_next_load_of_that_month_removes_it_and_proves_the_ids_again(two_months):
    proven = digest(two_months, MAY)
    copy_row(two_months, 1, MAY)
    assert two_months.load(MAY).success
    assert (duplicates(two_months, MAY), digest(two_months, MAY)) == ({}, proven)


def test_a_month_that_shares_an_id_after_its_load_is_not_proven_and_stays_red(two_months):
    copy_row(two_months, 1, MAY)
    serve(two_months, [row(1, updated_at="2026-06-02T00:00:00.000Z"), row(2)])
    two_months.load(MAY)
    assert digest(two_months, MAY) is None
    assert duplicates(two_months, MAY) == {row(1)["public_id"]: f"{APRIL}, {MAY}"}


def test_a_row_that_a_load_takes_over_is_in_one_month_and_proven(two_months):
    serve(two_months, [row(1, updated_at="2026-06-02T00:00:00.000Z"), row(2)])
    assert two_months.load(MAY).success
    ((ids,),) = two_months.query(f"SELECT ids_digest(public_id) FROM {ROWS}")
    assert (digest(two_months, MAY), duplicates(two_months, MAY), duplicates(two_months, APRIL)) == (ids, {}, {})


def test_ids_whose_digest_proves_nothing_are_looked_up(two_months):
    copy_row(two_months, 1, MAY)
    with two_months.warehouse.writing() as connection:
        connection.execute(f"UPDATE {D23.loads.qualified_name} SET ids_digest = NULL")
    both = {row(1)["public_id"]: f"{APRIL}, {MAY}"}
    assert (duplicates(two_months, APRIL), duplicates(two_months, MAY)) == (both, both)


@contextmanager
def wide_warehouse(dataset, months):
    """A warehouse with `months` loaded months of generated rows; May 2026 is the last."""
    with duckdb.connect() as connection:
        prepare(connection, datasets=tuple(DATASETS.values()))
        connection.execute("SET threads = 1")
        for sql, table, parameters in (
            (GENERATED, dataset.rows, {"months": months, "rows": ROWS_A_MONTH}),
            (LOADED, dataset.loads, None),
        ):
            given = ("public_id", "communication_type", "month", "landed_at", "ids_digest")
            values = ", ".join(
                f"{VALUES[column.type]} AS {column.name}"
                for column in table.columns
                if column.name not in given and not column.nullable
            )
            connection.execute(sql.format(**dataset.sql_names, values=values), parameters)
        yield connection


def rows_scanned(connection, check):
    """The rows of the dataset that the check reads for May, over all scans of its plan."""
    select = Query(check.sql, {"month": date(2026, 5, 1)}).bind(connection)
    ((_, plan),) = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {select}").fetchall()
    return sum(_scans(json.loads(plan), check.table.name))


def _scans(node, table):
    nodes = node if isinstance(node, list) else [node]
    for one in nodes:
        if str(one.get("extra_info", {}).get("Table", "")).endswith(table):
            yield one.get("rows_scanned", one.get("operator_rows_scanned", 0))
        for inner in (one.get("children", []), one.get("operator", [])):
            yield from _scans(inner, table)


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_a_months_checks_read_no_more_rows_beside_many_months_than_beside_one(dataset):
    checks, scanned = read_raw_checks(dataset), {}
    for months in (2, MONTHS):
        with wide_warehouse(dataset, months) as connection:
            scanned[months] = {check.name: rows_scanned(connection, check) for check in checks}
    assert scanned[2]["every_public_id_is_unique"] >= ROWS_A_MONTH
    for name, rows in scanned[MONTHS].items():
        assert rows <= scanned[2][name] + 4 * ROW_GROUP, name  # of ten: the months beside it are in two, read twice
