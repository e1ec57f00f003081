"""Rules for every warehouse, file or lake: atomic transactions, one writer at a time, consistent readers."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import pytest

from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.settings import Settings
from cleargrid_assets.warehouse import WarehouseBusyError, WarehouseMissingError, WarehouseWriteError
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.postgres_server import PASSWORD
from cleargrid_assets_tests.warehouse_kinds import KINDS, POSTGRES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleargrid_assets_tests.warehouse_kinds import Variables

NUMBERS = "SELECT number FROM raw.numbers ORDER BY number"
REPLACE = "CREATE OR REPLACE TABLE raw.numbers AS SELECT {0} AS number UNION ALL SELECT {0}"

WRITER = """
import sys
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.settings import Settings

warehouse = WarehouseConnection(Settings.from_environment()).warehouse()
"""
ADDS_TEN = f"""{WRITER}
for _ in range(10):
    with warehouse.writing() as connection:
        connection.execute("UPDATE raw.numbers SET number = number + 1")
"""
NEVER_ENDS = f"""{WRITER}
with warehouse.writing() as connection:
    connection.execute("DELETE FROM raw.numbers")
    print("deleted", flush=True)
    sys.stdin.read()
"""


on_each_kind = pytest.mark.parametrize("warehouse_variables", KINDS, indirect=True)
on_postgres = pytest.mark.parametrize("warehouse_variables", [POSTGRES], indirect=True)


@pytest.fixture
def warehouse(warehouse_variables: Variables) -> Warehouse:
    return WarehouseConnection(Settings(warehouse_variables)).warehouse()


def replace(warehouse: Warehouse, number: int) -> None:
    with warehouse.writing() as connection:
        connection.execute(REPLACE.format(number))


def numbers(warehouse: Warehouse) -> list[int]:
    with warehouse.reading() as connection:
        return [number for (number,) in connection.execute(NUMBERS).fetchall()]


def started(code: str, variables: Variables) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def fail_after(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    connection.execute(statement)
    raise ZeroDivisionError


@contextmanager
def concurrent_writer(variables: Variables) -> Iterator[subprocess.Popen[str]]:
    """Another process in the middle of a write, killed at the end of the block."""
    with started(NEVER_ENDS, variables) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "deleted\n"
        yield writer
        writer.send_signal(signal.SIGKILL)


@on_each_kind
def test_there_is_nothing_to_read_before_the_first_write(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseMissingError, match="load a month first") as error, warehouse.reading():
        pass
    assert not warehouse.exists
    assert PASSWORD not in str(error.value)


@on_each_kind
def test_what_a_block_wrote_is_there_when_it_ended(warehouse: Warehouse) -> None:
    replace(warehouse, 1)
    replace(warehouse, 2)
    assert numbers(warehouse) == [2, 2]


@on_each_kind
def test_a_block_that_raises_leaves_everything_as_it_was(warehouse: Warehouse) -> None:
    replace(warehouse, 1)
    with pytest.raises(ZeroDivisionError), warehouse.writing() as connection:
        fail_after(connection, REPLACE.format(2))
    assert numbers(warehouse) == [1, 1]


@on_each_kind
def test_a_failed_statement_is_the_statements_own_error_and_leaves_everything_as_it_was(warehouse: Warehouse) -> None:
    replace(warehouse, 1)
    statements = "DELETE FROM raw.numbers; INSERT INTO raw.numbers SELECT * FROM raw.no_such_table"
    with pytest.raises(duckdb.CatalogException, match="no_such_table"), warehouse.writing() as connection:
        connection.execute(statements)
    assert numbers(warehouse) == [1, 1]
    replace(warehouse, 2)
    assert numbers(warehouse) == [2, 2]


@on_each_kind
def test_a_reader_cannot_write(warehouse: Warehouse) -> None:
    replace(warehouse, 1)
    with pytest.raises(duckdb.Error, match="read-only"), warehouse.reading() as connection:
        connection.execute("DELETE FROM raw.numbers")
    assert numbers(warehouse) == [1, 1]


@on_each_kind
def test_the_tables_macros_can_be_used_by_readers_and_writers(warehouse: Warehouse) -> None:
    with warehouse.writing() as connection:
        assert connection.execute("SELECT rate(1, 4), rate(1, 0)").fetchall() == [(0.25, None)]
    with warehouse.reading() as connection:
        assert connection.execute("SELECT round(wilson_hi(0, 5), 3)").fetchall() == [(0.434,)]


@on_each_kind
def test_a_writer_killed_in_the_middle_leaves_everything_as_it_was_and_its_turn_to_the_next(
    warehouse: Warehouse, warehouse_variables: Variables
) -> None:
    replace(warehouse, 1)
    with concurrent_writer(warehouse_variables):
        pass
    assert numbers(warehouse) == [1, 1]
    replace(warehouse, 2)
    assert numbers(warehouse) == [2, 2]


@on_each_kind
def test_writers_of_several_processes_take_turns_and_none_of_their_writes_is_lost(
    warehouse: Warehouse, warehouse_variables: Variables
) -> None:
    replace(warehouse, 0)
    with started(ADDS_TEN, warehouse_variables) as one, started(ADDS_TEN, warehouse_variables) as other:
        assert [one.wait(), other.wait()] == [0, 0]
    assert numbers(warehouse) == [20, 20]


@on_each_kind
def test_whoever_waits_too_long_for_a_turn_is_told_so_and_nothing_sooner(
    warehouse: Warehouse, warehouse_variables: Variables
) -> None:
    replace(warehouse, 1)
    impatient = Warehouse(warehouse.address, lock_timeout=0.3)
    with concurrent_writer(warehouse_variables):
        since = time.monotonic()
        with pytest.raises(WarehouseBusyError, match="run again when they finish") as error, impatient.writing():
            pass
        assert time.monotonic() - since >= 0.3
    assert PASSWORD not in str(error.value)
    assert numbers(warehouse) == [1, 1]


@on_postgres
def test_a_reader_of_a_shared_lake_neither_waits_for_a_writer_nor_sees_half_of_its_work(warehouse: Warehouse) -> None:
    replace(warehouse, 1)
    reader = Warehouse(warehouse.address)
    with warehouse.writing() as writing:
        writing.execute("DELETE FROM raw.numbers")
        assert numbers(reader) == [1, 1]
        writing.execute("INSERT INTO raw.numbers VALUES (2)")
    assert numbers(reader) == [2]


@on_postgres
def test_a_reader_of_a_shared_lake_sees_one_moment_from_its_first_question_to_its_last(warehouse: Warehouse) -> None:
    replace(warehouse, 1)
    with Warehouse(warehouse.address).reading() as connection:
        before = connection.execute(NUMBERS).fetchall()
        replace(warehouse, 2)
        assert connection.execute(NUMBERS).fetchall() == before
    assert numbers(warehouse) == [2, 2]


@on_postgres
def test_whoever_waits_too_long_for_a_shared_lake_is_told_who_writes(
    warehouse: Warehouse, warehouse_variables: Variables
) -> None:
    replace(warehouse, 1)
    impatient = Warehouse(warehouse.address, lock_timeout=0.2)
    with concurrent_writer(warehouse_variables) as writer:
        expected = rf"cleargrid_assets {socket.gethostname()} {writer.pid}"
        with pytest.raises(WarehouseBusyError, match=expected), impatient.writing():
            pass


@on_each_kind
def test_one_opening_takes_several_transactions_and_one_that_fails_undoes_itself_alone(warehouse: Warehouse) -> None:
    replace(warehouse, 0)
    with warehouse.transactions() as transaction:
        with transaction() as connection:
            connection.execute(REPLACE.format(1))
        with pytest.raises(duckdb.CatalogException), transaction() as connection:
            connection.execute(f"{REPLACE.format(2)}; SELECT * FROM raw.no_such_table")
        with transaction() as connection:
            assert connection.execute(NUMBERS).fetchall() == [(1,), (1,)]
            connection.execute("UPDATE raw.numbers SET number = number + 2")
    assert numbers(warehouse) == [3, 3]


@on_each_kind
def test_what_a_transaction_has_committed_stays_if_a_later_one_of_the_same_opening_is_cut_off(
    warehouse: Warehouse,
) -> None:
    replace(warehouse, 0)
    with pytest.raises(KeyboardInterrupt):
        interrupt_second_transaction(warehouse)
    assert numbers(warehouse) == [1, 1]


def interrupt_second_transaction(warehouse: Warehouse) -> None:
    with warehouse.transactions() as transaction:
        with transaction() as connection:
            connection.execute(REPLACE.format(1))
        with transaction() as connection:
            connection.execute(REPLACE.format(2))
            raise KeyboardInterrupt


@on_each_kind
def test_there_are_no_transactions_of_a_warehouse_that_no_load_has_made(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseMissingError), warehouse.transactions():
        pass


@on_each_kind
def test_too_little_memory_is_named_with_the_setting_that_gives_more(warehouse: Warehouse) -> None:
    replace(warehouse, 1)
    with pytest.raises(WarehouseWriteError, match=r"unchanged: .* Raise CLEARGRID_DUCKDB_MEMORY_MB and run again\.$"):
        insert_a_value_larger_than_the_memory(dataclasses.replace(warehouse, memory_mb=64))
    assert numbers(warehouse) == [1, 1]


def insert_a_value_larger_than_the_memory(warehouse: Warehouse) -> None:
    with warehouse.writing() as connection:
        connection.execute("INSERT INTO raw.numbers SELECT len(list(range)) FROM range(20_000_000)")
