"""`EmptyWarehouse`: asks DuckDB what a SELECT reads and returns, on the tables of a warehouse without rows."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from cleargrid_assets.marts.errors import MartError
from cleargrid_assets.marts.sql_text import VARIABLES
from cleargrid_assets.warehouse.schema import create_empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.tables.table import Table

SQL_ERRORS = (duckdb.DataError, duckdb.ProgrammingError, duckdb.NotSupportedError)
"""What a wrong statement raises when it runs. Others tell of the disk, memory, a conflict or an interruption."""

LINE = re.compile(r"\n+LINE (?P<number>\d+):.*", re.DOTALL)
"""What DuckDB adds to a message: the statement's line and a mark below it."""


class EmptyWarehouse:
    """The tables, views and macros of `datasets`, in memory."""

    def __init__(self, datasets: Sequence[RawDataset]) -> None:
        self._connection = duckdb.connect()
        create_empty(self._connection, datasets)
        for name, value in VARIABLES.items():
            self._connection.execute(f"SET VARIABLE {name} = ?", [value])
        self._connection.execute("PRAGMA explain_output = 'all'")

    def close(self) -> None:
        """Forget it."""
        self._connection.close()

    def add(self, table: Table) -> None:
        """Add a mart, for those that read it. Raises `MartError` if it cannot be a table."""
        self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.schema}")
        with refusals(f"{table.name}.sql", (duckdb.Error,)):
            self._connection.execute(table.ddl)

    def columns_of(self, name: str, sql: str) -> Mapping[str, str]:
        """The SELECT's columns and types. Raises `MartError` if it is not one SELECT, or names what does not exist."""
        with refusals(name, (duckdb.Error,)):
            statements = self._connection.extract_statements(sql)
            if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
                raise MartError(f"{name}: its SQL must be one SELECT and nothing else; correct it")
            rows = self._connection.execute(f"DESCRIBE SELECT * FROM ({sql}\n)").fetchall()
        return {row[0]: row[1] for row in rows}

    def tables_in(self, sql: str) -> frozenset[str]:
        """The tables that the SELECT reads, also through views, as `schema.table`."""
        plans = dict(self._connection.execute(f"EXPLAIN (FORMAT json) {sql}").fetchall())
        return frozenset(_tables_scanned(json.loads(plans["logical_plan"])))


@contextmanager
def refusals(name: str, kinds: tuple[type[duckdb.Error], ...] = SQL_ERRORS) -> Iterator[None]:
    """Turn DuckDB's errors of these kinds into `MartError`, which names the file `name`."""
    try:
        yield
    except kinds as error:
        line, reason = _place_and_reason(error)
        raise MartError(f"{name}{line}: DuckDB refuses its SQL: {reason} Correct it") from error


def _tables_scanned(nodes: Iterable[Any]) -> Iterator[str]:
    """The tables of a plan before it is optimized, which names each as `catalog.schema.table`."""
    for node in nodes:
        if name := node["extra_info"].get("Table"):
            yield name.replace('"', "").partition(".")[2]
        yield from _tables_scanned(node["children"])


def _place_and_reason(error: duckdb.Error) -> tuple[str, str]:
    """The line, which is that of the file, and the message in one line with DuckDB's hint, such as a similar name."""
    text = str(error).strip()
    line = LINE.search(text)
    reason = " ".join(part if part[-1] in ".?!" else f"{part}." for part in LINE.sub("", text).split("\n") if part)
    return f", line {line['number']}" if line else "", reason.replace("!", ".")
