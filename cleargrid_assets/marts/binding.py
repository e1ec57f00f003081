"""`EmptyWarehouse`: asks DuckDB what a SELECT reads and returns, on the tables of a warehouse without rows."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import duckdb

from cleargrid_assets.marts.errors import MartError
from cleargrid_assets.warehouse.errors import first_line
from cleargrid_assets.warehouse.schema import create_empty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.tables.table import Table

VARIABLES = "SET VARIABLE timezone = 'UTC'; SET VARIABLE row_scope = 'active'; SET VARIABLE ptp_maturity_days = 30"
"""Values of the types that SQL reads with `getvariable`."""


class EmptyWarehouse(AbstractContextManager["EmptyWarehouse"]):
    """The tables, views and macros of `datasets`, in memory."""

    def __init__(self, datasets: Sequence[RawDataset]) -> None:
        self._connection = duckdb.connect()
        create_empty(self._connection, datasets)
        self._connection.execute(VARIABLES)

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def add(self, table: Table) -> None:
        """Add a mart, for those that read it."""
        self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.schema}")
        self._connection.execute(table.ddl)

    def columns_of(self, name: str, sql: str) -> Mapping[str, str]:
        """The SELECT's columns and types. Raises `MartError` if it is not one SELECT, or names what does not exist."""
        try:
            statements = self._connection.extract_statements(sql)
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise MartError(f"{name}: its SQL must be one SELECT and nothing else; correct it")
            rows = self._connection.execute(f"DESCRIBE SELECT * FROM ({sql}\n)").fetchall()
        except duckdb.Error as error:
            raise MartError(f"{name}: DuckDB refuses its SQL: {_sentence(error)}; correct it") from error
        return {row[0]: row[1] for row in rows}

    def tables_in(self, sql: str) -> frozenset[str]:
        """The tables that the SELECT reads, also through views, as `schema.table`."""
        return frozenset(self._connection.get_table_names(sql, qualified=True))


def _sentence(error: duckdb.Error) -> str:
    return first_line(error).rstrip(".!")
