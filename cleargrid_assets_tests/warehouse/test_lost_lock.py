"""A lake's writer lock is held to the commit: a write that lost it changes nothing and can be repeated."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.settings import Settings
from cleargrid_assets.warehouse import WarehouseConflictError
from cleargrid_assets.warehouse.locks import postgres_connection
from cleargrid_assets_tests.postgres_server import PASSWORD
from cleargrid_assets_tests.warehouse.test_transactions import REPLACE, numbers, replace
from cleargrid_assets_tests.warehouse_kinds import POSTGRES

if TYPE_CHECKING:
    from cleargrid_assets.warehouse.warehouse import Warehouse
    from cleargrid_assets_tests.warehouse_kinds import Variables

on_postgres = pytest.mark.parametrize("warehouse_variables", [POSTGRES], indirect=True)


@pytest.fixture
def warehouse(warehouse_variables: Variables) -> Warehouse:
    return WarehouseConnection(Settings(warehouse_variables)).warehouse()


@on_postgres
def test_a_write_whose_lock_the_server_ended_is_a_conflict_and_changes_nothing(
    warehouse: Warehouse, warehouse_variables: Variables
) -> None:
    replace(warehouse, 1)
    with pytest.raises(WarehouseConflictError, match=r"lock of .* was lost before the commit") as error:
        replace_without_lock(warehouse, warehouse_variables)
    assert PASSWORD not in str(error.value)
    assert numbers(warehouse) == [1, 1]
    replace(warehouse, 3)
    assert numbers(warehouse) == [3, 3]


@on_postgres
def test_no_transaction_of_a_series_commits_after_the_lock_was_lost(
    warehouse: Warehouse, warehouse_variables: Variables
) -> None:
    replace(warehouse, 1)
    with warehouse.transactions() as transaction:
        with transaction() as connection:
            connection.execute(REPLACE.format(2))
        end_lock_sessions(warehouse_variables)
        for _ in range(2):
            with pytest.raises(WarehouseConflictError), transaction() as connection:
                connection.execute(REPLACE.format(3))
    assert numbers(warehouse) == [2, 2]


def replace_without_lock(warehouse: Warehouse, variables: Variables) -> None:
    with warehouse.writing() as connection:
        connection.execute(REPLACE.format(2))
        end_lock_sessions(variables)


def end_lock_sessions(variables: Variables) -> None:
    """End the sessions that hold an advisory lock in the lake's database, as a killer of idle sessions does."""
    address = variables["CLEARGRID_WAREHOUSE"].removeprefix("ducklake:postgres:")
    with closing(postgres_connection(address, "the lake")) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid) "
            "WHERE locktype = 'advisory' AND granted AND datname = current_database()"
        )
        assert cursor.fetchall() == [(True,)]
