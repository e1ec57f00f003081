"""Each check of a load passes for a sound month of any dataset and fails for a broken one."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import pytest

from cleargrid_assets.sql_checks import read_raw_checks
from cleargrid_assets.tables.catalog import DATASETS
from cleargrid_assets.tables.d21 import D21
from cleargrid_assets.warehouse.schema import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.tables.table import Table

MAY = {"month": date(2026, 5, 1)}
VALUES = {
    "VARCHAR": "'x'", "VARCHAR[]": "[]", "BOOLEAN": "true", "BIGINT": "0", "DOUBLE": "0.5", "DATE": "DATE '2026-05-01'",
    "TIMESTAMP": "TIMESTAMP '2026-05-10 09:00'",
}  # fmt: skip
SOUND_LOAD = {
    "since": "TIMESTAMP '2026-05-01'", "until": "TIMESTAMP '2026-06-01'", "loaded_at": "TIMESTAMP '2026-06-02'",
    "rows_received": "1", "rows_landed": "1", "expected_total": "1",
}  # fmt: skip
OTHER_LOAD = "INSERT INTO {loads} SELECT * REPLACE (2 AS load_number, {values}) FROM {loads}"
APRIL = "DATE '2026-04-01' AS month, TIMESTAMP '2026-04-01' AS since, TIMESTAMP '2026-05-01' AS until"
NEW_WORD = "INSERT INTO {rows} SELECT * REPLACE (DATE '2026-04-01' AS month, 'y' AS communication_type) FROM {rows}"
BREAKING = {
    "every_required_field_is_present": "ALTER TABLE {rows} ALTER created_at DROP NOT NULL; "
    "UPDATE {rows} SET created_at = NULL",
    "every_public_id_is_unique": "INSERT INTO {rows} FROM {rows}",
    "every_row_is_inside_its_month": "UPDATE {rows} SET {cursor} = TIMESTAMP '2026-06-01'",
    "neighbouring_months_join": OTHER_LOAD.replace(
        "{values}", "DATE '2026-06-01' AS month, TIMESTAMP '2026-06-01 04:00' AS since"
    ),
    "every_received_row_is_accounted_for": "DELETE FROM {rows}",
    "rows_received_equal_cleargrids_total": "UPDATE {loads} SET expected_total = 2",
    "quarantined_rows_are_within_the_limit": "UPDATE {loads} SET rows_quarantined = 1",
    "timestamps_are_in_order": "UPDATE {rows} SET updated_at = created_at - INTERVAL 1 SECOND",
    "no_row_is_in_the_future": "UPDATE {rows} SET landed_at = {cursor} - INTERVAL 1 SECOND",
    "month_volume_is_like_its_neighbours": OTHER_LOAD.replace("{values}", f"{APRIL}, 3 AS rows_landed"),
    "no_row_is_quarantined": "INSERT INTO {quarantine} (month, reasons, row, landed_at) "
    "VALUES (DATE '2026-05-01', ['bad_type:x'], '{{}}', TIMESTAMP '2026-05-10')",
    "no_row_vanished": "UPDATE {loads} SET rows_vanished = 1",
    "no_unknown_field_was_sent": "UPDATE {loads} SET unknown_fields = ['agent']",
    "channels_and_sources_are_known": NEW_WORD,
    "channels_directions_and_statuses_are_known": NEW_WORD,
    "no_duration_is_negative": "UPDATE {rows} SET duration = -0.001",
}
CASES = [(dataset, check.name) for dataset in DATASETS.values() for check in read_raw_checks(dataset)]
WORDS = [
    *((DATASETS["D23"], field) for field in ("communication_type", "interaction_source")),
    *((D21, field) for field in ("communication_type", "direction", "status")),
]
IDS = [f"{dataset.code}-{name}" for dataset, name in CASES]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with one sound row and its load in each dataset."""
    with duckdb.connect() as connection:
        prepare(connection, datasets=tuple(DATASETS.values()))
        for dataset in DATASETS.values():
            _insert(connection, dataset.rows, {})
            _insert(connection, dataset.loads, SOUND_LOAD)
        yield connection


def _insert(connection: duckdb.DuckDBPyConnection, table: Table, values: dict[str, str]) -> None:
    columns = {column.name: values.get(column.name, VALUES[column.type]) for column in table.columns}
    connection.execute(
        f"INSERT INTO {table.qualified_name} ({', '.join(columns)}) VALUES ({', '.join(columns.values())})"
    )


def failed(connection: duckdb.DuckDBPyConnection, dataset: RawDataset) -> set[str]:
    """The names of the dataset's checks that find rows."""
    return {check.name for check in read_raw_checks(dataset) if check.find_violations(connection, MAY).count}


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_every_check_passes_on_a_sound_month(connection: duckdb.DuckDBPyConnection, dataset: RawDataset) -> None:
    assert failed(connection, dataset) == set()


@pytest.mark.parametrize(("dataset", "name"), CASES, ids=IDS)
def test_each_check_fails_on_a_month_that_is_broken_and_only_for_that_dataset(
    connection: duckdb.DuckDBPyConnection, dataset: RawDataset, name: str
) -> None:
    connection.execute(BREAKING[name].format_map(dataset.sql_names))
    assert name in failed(connection, dataset)
    assert [other.code for other in DATASETS.values() if other != dataset and failed(connection, other)] == []


def test_every_check_of_a_dataset_names_that_datasets_tables_only() -> None:
    for check in read_raw_checks(D21):
        assert re.findall(r"d23|raw\.last_loads|raw\.moved_away", check.sql, re.IGNORECASE) == []
        assert "raw.d21_" in check.sql


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_the_check_of_required_fields_asks_for_each_of_them(dataset: RawDataset) -> None:
    (check,) = (check for check in read_raw_checks(dataset) if check.name == "every_required_field_is_present")
    required = {column.name for column in dataset.fields if not column.nullable}
    assert {*re.findall(r"(\w+) IS NULL", check.sql)} == required


@pytest.mark.parametrize("value", ["'x'", "NULL"])
@pytest.mark.parametrize(("dataset", "field"), WORDS, ids=[f"{dataset.code}-{field}" for dataset, field in WORDS])
def test_a_value_is_new_unless_another_month_however_far_has_it_in_the_same_field(
    connection: duckdb.DuckDBPyConnection, dataset: RawDataset, field: str, value: str
) -> None:
    rows = dataset.rows.qualified_name
    connection.execute(f"UPDATE {rows} SET {field} = {value}")
    copy = (
        f"INSERT INTO {rows} SELECT * REPLACE (DATE '{{}}' AS month, {{}} AS {field}) FROM {rows} WHERE month = $month"
    )
    connection.execute(copy.format("2026-04-01", "'y'"), MAY)
    connection.execute(copy.format("2026-05-01", "'y'"), MAY)
    assert [name for name in failed(connection, dataset) if name.endswith("_are_known")] != []
    connection.execute(copy.format("2020-01-01", field), MAY)
    assert [name for name in failed(connection, dataset) if name.endswith("_are_known")] == []
