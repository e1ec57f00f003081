"""`Query`, a SELECT whose rows become one partition of a table, and `Seed`, a small table from a CSV file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cleargrid_assets.tables.table import literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb
    import pyarrow as pa

    from cleargrid_assets.tables.table import Table


@dataclass(frozen=True)
class Seed:
    """A table whose rows come from a shipped CSV file; empty fields are null."""

    table: Table
    file: Path

    @property
    def select(self) -> str:
        """The SELECT that reads the file as text; inserting the rows converts them to the table's types."""
        return f"SELECT * FROM read_csv({literal(str(self.file))}, header = true, all_varchar = true, nullstr = '')"

    def load(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Replace the table's rows with the file's."""
        connection.execute(f"DELETE FROM {self.table.qualified_name}")
        connection.execute(f"INSERT INTO {self.table.qualified_name} BY NAME {self.select}")


@dataclass(frozen=True)
class Query:
    """A SELECT, the SQL variables it reads with `getvariable`, and Arrow tables it may name.

    `replace_key`: the new rows replace earlier ones with the same values in these columns; without it they replace the
    whole partition. `seeds`: tables to refresh first, because the SELECT joins them. `post_statement`: a statement
    to run after the rows were written, in the same transaction. `rules_version`: stored with each row, in a column of
    that name.
    """

    sql: str
    variables: Mapping[str, object] = field(default_factory=dict)
    relations: Mapping[str, pa.Table] = field(default_factory=dict)
    replace_key: tuple[str, ...] = ()
    seeds: tuple[Seed, ...] = ()
    post_statement: str | None = None
    rules_version: str | None = None

    def store(self, connection: duckdb.DuckDBPyConnection, table: str, where: str) -> None:
        """Replace the rows of `table` that match the clause `where`, or the query's key, by the SELECT's rows."""
        for seed in self.seeds:
            seed.load(connection)
        select = self.bind(connection)
        if self.replace_key:
            key = " AND ".join(f"kept.{column} IS NOT DISTINCT FROM new.{column}" for column in self.replace_key)
            where = f" AS kept WHERE EXISTS (SELECT 1 FROM ({select}\n) AS new WHERE {key})"
        connection.execute(f"DELETE FROM {table}{where}")
        connection.execute(f"INSERT INTO {table} BY NAME {select}")
        if self.post_statement:
            connection.execute(self.post_statement)

    def bind(self, connection: duckdb.DuckDBPyConnection) -> str:
        """Set the variables and register the relations on `connection`; return the SELECT without its semicolon."""
        for name, value in self.variables.items():
            connection.execute(f"SET VARIABLE {name} = ?", [value])
        for name, relation in self.relations.items():
            connection.register(name, relation)
        sql = self.sql.strip().rstrip(";")
        if self.rules_version is None:
            return sql
        connection.execute("SET VARIABLE rules_version = ?", [self.rules_version])
        return f"SELECT *, getvariable('rules_version') AS rules_version FROM ({sql}\n)"
