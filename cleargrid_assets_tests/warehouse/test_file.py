"""The warehouse file is one transaction's at a time, and every way of not getting it is said clearly and soon."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest

from cleargrid_assets.warehouse import WarehouseBusyError, WarehouseMissingError, WarehouseUnreadableError
from cleargrid_assets.warehouse.warehouse import Warehouse

SHELL = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""
KEPT = "SELECT count(*) FROM raw.kept"


@pytest.fixture
def warehouse(tmp_path):
    """A warehouse with one table of one row."""
    made = Warehouse(str(tmp_path / "warehouse.duckdb"), foreign_seconds=0.3)
    with made.writing() as connection:
        connection.execute("CREATE TABLE raw.kept AS SELECT 1 AS number")
    return made


def test_a_block_that_raises_leaves_the_file_as_it_was_and_closes_it(warehouse):
    def write():
        with warehouse.writing() as connection:
            connection.execute("DELETE FROM raw.kept")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    with warehouse.reading() as connection:
        assert connection.execute(KEPT).fetchall() == [(1,)]
    duckdb.connect(warehouse.address).close()  # another configuration in this process needs every connection closed


def test_a_readers_statement_that_writes_is_refused(warehouse):
    with warehouse.reading() as connection, pytest.raises(duckdb.Error):
        connection.execute("DELETE FROM raw.kept")
    with warehouse.reading() as connection:
        assert connection.execute(KEPT).fetchall() == [(1,)]


def test_a_missing_folder_is_made_and_a_missing_warehouse_is_said_to_a_reader(tmp_path):
    absent = Warehouse(str(tmp_path / "a" / "b" / "warehouse.duckdb"))
    with pytest.raises(WarehouseMissingError, match="load a month first"), absent.reading():
        pass
    with absent.writing() as connection:
        connection.execute("CREATE TABLE raw.made AS SELECT 1 AS number")
    assert absent.exists


def test_what_is_no_database_is_said_at_once(tmp_path):
    notes = tmp_path / "notes.duckdb"
    notes.write_text("notes, not a database\n" * 500)
    with pytest.raises(WarehouseUnreadableError, match="CLEARGRID_WAREHOUSE"), Warehouse(str(notes)).writing():
        pass
    assert notes.read_text() == "notes, not a database\n" * 500


def test_an_empty_file_which_a_kill_may_leave_is_no_warehouse_and_does_not_hinder_one(tmp_path):
    (tmp_path / "w.duckdb").touch()
    warehouse = Warehouse(str(tmp_path / "w.duckdb"))
    with pytest.raises(WarehouseMissingError), warehouse.reading():
        pass
    with warehouse.writing() as connection:
        connection.execute("CREATE TABLE raw.one AS SELECT 1 AS number")
    with warehouse.reading() as connection:
        assert connection.execute("FROM raw.one").fetchall() == [(1,)]


def test_a_program_that_has_the_file_open_is_named_with_its_process_id(warehouse):
    with subprocess.Popen(
        [sys.executable, "-c", SHELL, warehouse.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as shell:
        assert shell.stdout.readline() == "open\n"
        with pytest.raises(WarehouseBusyError, match=f"PID {shell.pid}"), warehouse.writing():
            pass
        with pytest.raises(WarehouseBusyError, match=f"PID {shell.pid}"), warehouse.reading():
            pass
        shell.communicate()
    with warehouse.reading() as connection:
        assert connection.execute(KEPT).fetchall() == [(1,)]


def test_another_program_is_waited_for_no_longer_than_half_a_minute():
    assert Warehouse("anywhere").foreign_seconds <= 30


def test_instants_mean_utc_whatever_zone_the_host_is_in(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    with Warehouse(str(tmp_path / "warehouse.duckdb")).writing() as connection:
        zone = connection.execute("SELECT current_setting('TimeZone')").fetchall()
    assert zone == [("UTC",)]
