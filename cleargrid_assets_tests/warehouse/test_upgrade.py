"""A warehouse of every earlier release opens, loads, computes and reports; one of a newer release is refused."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from cleargrid_assets.commands.status import month_statuses
from cleargrid_assets.jobs import REFRESH_SUMMARY
from cleargrid_assets.landing.ledger import last_loads
from cleargrid_assets.landing.warehouse_identity import identity_of
from cleargrid_assets.tables.catalog import D23_TABLES, TABLES_VERSION, VIEWS
from cleargrid_assets.warehouse import WarehouseVersionError
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_copies import compute_months, load_months
from cleargrid_assets_tests.platform_under_test import LOADS, MAY, NOW, failure_of_step
from cleargrid_assets_tests.warehouse.releases.make import EMULATOR, LATER, MONTHS
from cleargrid_assets_tests.warehouse_kinds import FILE, SQLITE

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform

RELEASES = {path.name.removesuffix(".duckdb.gz"): path for path in (Path(__file__).parent / "releases").glob("*.gz")}
COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_schema || '.' || table_name = ?"
TABLE_COMMENTS = """
SELECT schema_name || '.' || table_name AS name, comment FROM duckdb_tables()
WHERE database_name = current_database() AND list_contains($1, name)
UNION ALL
SELECT schema_name || '.' || view_name AS name, comment FROM duckdb_views()
WHERE database_name = current_database() AND list_contains($1, name)
"""
COLUMN_COMMENTS = """
SELECT schema_name || '.' || table_name AS name, column_name, comment FROM duckdb_columns()
WHERE database_name = current_database() AND list_contains(?, name)
"""
TABLES = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'release' ORDER BY ALL"

on_file_and_lake = pytest.mark.parametrize("warehouse_variables", [FILE, SQLITE], indirect=True)


@pytest.fixture(params=sorted(RELEASES))
def release(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a release's warehouse file."""
    file = tmp_path / "release.duckdb"
    file.write_bytes(gzip.decompress(RELEASES[request.param].read_bytes()))
    return file


@pytest.fixture
def upgraded_platform(start_platform: Callable[..., Platform], release: Path) -> Platform:
    """The present platform on a release's warehouse, with the emulator that it was loaded from."""
    platform = start_platform(**EMULATOR, now=NOW + LATER)
    if platform.warehouse.is_lake:
        _copy_into_lake(release, platform)
    else:
        release.rename(platform.file)
    return platform


def _copy_into_lake(release: Path, platform: Platform) -> None:
    """Copy the release's tables into a lake unchanged, as the release itself would have created them."""
    with platform.warehouse._store.connection(read_only=False) as lake:  # noqa: SLF001 - opened without an upgrade
        lake.execute(f"ATTACH '{release}' AS release (READ_ONLY)")
        for schema, table in lake.execute(TABLES).fetchall():
            lake.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            lake.execute(f"CREATE TABLE {schema}.{table} AS FROM release.{schema}.{table}")
        lake.execute("DETACH release")


@on_file_and_lake
def test_a_reader_brings_it_up_to_date_and_sees_every_row(upgraded_platform: Platform) -> None:
    loads = last_loads(upgraded_platform.warehouse)
    assert {f"{month:%Y-%m-%d}": load.rows_landed for month, load in loads.items()} == {
        month: len(upgraded_platform.truth(month)) for month in MONTHS
    }
    for month in MONTHS:
        assert upgraded_platform.landed(month) == upgraded_platform.truth(month)


@on_file_and_lake
def test_its_loads_are_numbered_in_the_order_in_which_they_landed(upgraded_platform: Platform) -> None:
    numbers = f"SELECT load_number, row_number() OVER (ORDER BY loaded_at) FROM {LOADS} ORDER BY 1"
    assert upgraded_platform.query(numbers) == [(number, number) for number in (1, 2, 3, 4)]
    assert upgraded_platform.query(f"SELECT count(*) FROM {LOADS} WHERE started_at < loaded_at AND rows_moved = 0") == [
        (4,)
    ]
    unknown = "SELECT count(*) FROM raw.d23_changes WHERE load_number IS NULL OR load_number < 3"
    assert upgraded_platform.query(unknown) == [(0,)]


@on_file_and_lake
def test_a_load_by_the_release_before_is_refused_by_the_database(upgraded_platform: Platform) -> None:
    old_columns = "* EXCLUDE (load_number, started_at, rows_moved)"
    with pytest.raises(duckdb.ConstraintException), upgraded_platform.warehouse.writing() as connection:
        connection.execute(f"INSERT INTO {LOADS} BY NAME SELECT {old_columns} FROM {LOADS} LIMIT 1")


@on_file_and_lake
def test_no_observation_of_promises_is_lost(upgraded_platform: Platform) -> None:
    observations = upgraded_platform.query("SELECT DISTINCT load_number FROM analytics.ptp_vintage ORDER BY 1")
    assert observations == [(1,), (2,), (3,), (4,)]


@on_file_and_lake
def test_every_table_has_its_columns_and_nothing_that_must_be_there_is_missing(upgraded_platform: Platform) -> None:
    for table in (*D23_TABLES, *VIEWS.values()):
        assert {*table.column_names} <= {name for (name,) in upgraded_platform.query(COLUMNS, [table.qualified_name])}
        required = " OR ".join(f'"{column.name}" IS NULL' for column in table.columns if not column.nullable)
        assert upgraded_platform.query(f"SELECT count(*) FROM {table.qualified_name} WHERE {required}") == [(0,)]


@on_file_and_lake
def test_the_catalog_says_what_every_table_and_column_means(upgraded_platform: Platform) -> None:
    """A lake takes no comments on the columns of a view."""
    tables = {table.qualified_name: table.meaning for table in (*D23_TABLES, *VIEWS.values())}
    with_columns = D23_TABLES if upgraded_platform.warehouse.is_lake else (*D23_TABLES, *VIEWS.values())
    columns = {
        (table.qualified_name, column.name): column.meaning for table in with_columns for column in table.columns
    }
    assert dict(upgraded_platform.query(TABLE_COMMENTS, [[*tables]])) == tables
    comments = upgraded_platform.query(COLUMN_COMMENTS, [[*tables]])
    assert {(table, column): comment for table, column, comment in comments if comment} == columns


@on_file_and_lake
def test_its_next_load_is_a_re_read_and_makes_it_the_accounts(upgraded_platform: Platform) -> None:
    assert identity_of(upgraded_platform.warehouse) is None
    assert upgraded_platform.load(MAY).success
    load = upgraded_platform.last_load(MAY)
    assert (load["load_number"], load["rows_added"], load["rows_changed"], load["rows_vanished"]) == (5, 0, 0, 0)
    identity = identity_of(upgraded_platform.warehouse)
    assert identity is not None
    assert (identity.lender, identity.timezone, identity.tables_version) == ("demo-lender", "UTC", TABLES_VERSION)


@on_file_and_lake
def test_what_is_computed_anew_equals_what_a_new_warehouse_computes(
    upgraded_platform: Platform, tmp_path: Path
) -> None:
    fresh = upgraded_platform.with_variables(CLEARGRID_WAREHOUSE=str(tmp_path / "fresh.duckdb"))
    figures = (
        "SELECT month, slice, communication_type, interaction_source, metric, numerator, denominator, value, "
        "prev_value FROM analytics.kpi_monthly ORDER BY ALL"
    )
    for platform in (upgraded_platform, fresh):
        for month in MONTHS:
            assert platform.refresh(month).success
    assert upgraded_platform.query(figures) == fresh.query(figures)
    summary = upgraded_platform.definitions.resolve_job_def(REFRESH_SUMMARY)
    assert summary.execute_in_process(instance=upgraded_platform.instance).success


@on_file_and_lake
def test_rows_are_known_since_the_last_load_before_the_upgrade_and_earlier_ones_are_refused(
    upgraded_platform: Platform,
) -> None:
    rows, as_of = "SELECT * FROM raw.d23_manual_communication_logs ORDER BY ALL", "FROM raw.d23_as_of(?) ORDER BY ALL"
    *earlier, last = [
        loaded_at for (loaded_at,) in upgraded_platform.query(f"SELECT loaded_at FROM {LOADS} ORDER BY 1")
    ]
    upgraded = upgraded_platform.query(rows)
    serve(upgraded_platform, [row(1)])
    assert upgraded_platform.load(MAY, accept_vanished=True).success
    assert upgraded_platform.query(rows) != upgraded
    assert upgraded_platform.query(as_of, [last]) == upgraded
    for instant in earlier:
        with pytest.raises(duckdb.Error, match=r"raw\.d23_as_of: .* release 0\.1\.0 did not keep .* since load 4"):
            upgraded_platform.query(as_of, [instant])


def test_status_shows_its_months_before_anything_is_loaded(upgraded_platform: Platform) -> None:
    rows = {
        month.month: month.rows for month in month_statuses(upgraded_platform.settings, NOW) if month.state != "missing"
    }
    assert rows == {month: len(upgraded_platform.truth(month)) for month in MONTHS}


def test_a_warehouse_whose_months_are_of_another_zone_is_not_adopted(upgraded_platform: Platform) -> None:
    failure = failure_of_step(upgraded_platform.with_variables(CLEARGRID_TIMEZONE="Asia/Dubai").load(MAY))
    assert failure["error"] == "WarehouseIdentityError"
    assert "an earlier release made" in failure["description"]


def test_a_derived_table_whose_shape_changed_is_made_anew(start_after: StartAfter) -> None:
    platform = start_after(compute_months, MAY)
    mix = platform.query("SELECT * FROM analytics.outcome_mix ORDER BY ALL")
    change(platform, "ALTER TABLE analytics.outcome_mix RENAME COLUMN attempts TO tries")
    assert platform.query("SELECT count(*) FROM analytics.outcome_mix") == [(0,)]
    assert platform.refresh(MAY).success
    assert platform.query("SELECT * FROM analytics.outcome_mix ORDER BY ALL") == mix


def change(platform: Platform, statement: str) -> None:
    """Change the warehouse into one of a release with other tables."""
    with platform.warehouse.writing() as connection:
        connection.execute(statement)
        connection.execute("CREATE OR REPLACE VIEW raw.schema_fingerprint AS SELECT 'another release' AS fingerprint")


def test_a_warehouse_of_a_newer_release_is_neither_read_nor_written(start_after: StartAfter) -> None:
    platform = start_after(load_months, MAY)
    change(platform, "UPDATE raw.warehouse_identity SET tables_version = 99")
    before = content(platform)
    message = (
        f"written by a newer release of cleargrid_assets .* version 99, this program knows version {TABLES_VERSION}"
    )
    with pytest.raises(WarehouseVersionError, match=message):
        last_loads(platform.warehouse)
    with pytest.raises(WarehouseVersionError, match=message), platform.warehouse.writing():
        pass
    assert failure_of_step(platform.load(MAY))["error"] == "WarehouseVersionError"
    assert content(platform) == before


def content(platform: Platform) -> bytes | None:
    """The bytes of the file; None for a lake."""
    return None if platform.warehouse.is_lake else platform.file.read_bytes()


def test_a_file_that_is_not_a_warehouse_of_ours_is_not_changed_by_reading_it(tmp_path: Path) -> None:
    file = tmp_path / "somebodys.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute("CREATE TABLE notes AS SELECT 'mine' AS note")
    before = file.read_bytes()
    assert last_loads(Warehouse(str(file))) == {}
    assert file.read_bytes() == before
