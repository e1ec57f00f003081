"""`Query`: a SELECT whose rows become one partition of a table, and `Reference`: a small table kept from a CSV file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb
    import pyarrow as pa

    from cleargrid_assets.tables.table import Table


@dataclass(frozen=True)
class Reference:
    """A table whose rows are a shipped CSV file; empty fields are null."""

    table: Table
    file: Path

    @property
    def select(self) -> str:
        """The SELECT of the file's rows, as text: the table's own types apply when they are stored."""
        path = str(self.file).replace("'", "''")
        return f"SELECT * FROM read_csv('{path}', header = true, all_varchar = true, nullstr = '')"

    def keep(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the table what the file says."""
        connection.execute(f"DELETE FROM {self.table.qualified_name}")
        connection.execute(f"INSERT INTO {self.table.qualified_name} BY NAME {self.select}")


@dataclass(frozen=True)
class Query:
    """A SELECT, the SQL variables it reads with `getvariable`, and Arrow tables it may name.

    `replace_key`: rows are added beside the earlier ones and replace those with the same values of these columns;
    without it they replace the partition. `references` are brought up to date before the SELECT,
    because it joins them. `followed_by` is a statement that runs after the rows were written, in their transaction.
    With `rules_version`, each row says in a column of that name by which rules it was computed.
    """

    sql: str
    variables: Mapping[str, object] = field(default_factory=dict)
    relations: Mapping[str, pa.Table] = field(default_factory=dict)
    replace_key: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    followed_by: str | None = None
    rules_version: str | None = None

    def bind(self, connection: duckdb.DuckDBPyConnection) -> str:
        """Set the variables, register the relations on `connection`; return the SELECT without its semicolon."""
        for name, value in self.variables.items():
            connection.execute(f"SET VARIABLE {name} = ?", [value])
        for name, relation in self.relations.items():
            connection.register(name, relation)
        sql = self.sql.strip().rstrip(";")
        if self.rules_version is None:
            return sql
        connection.execute("SET VARIABLE rules_version = ?", [self.rules_version])
        return f"SELECT *, getvariable('rules_version') AS rules_version FROM ({sql}\n)"
