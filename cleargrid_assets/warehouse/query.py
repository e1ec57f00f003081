"""`Query`: a SELECT whose rows become one partition of a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    import pyarrow as pa


@dataclass(frozen=True)
class Query:
    """A SELECT, the SQL variables it reads with `getvariable`, and Arrow tables it may name.

    `is_append`: rows are added beside the earlier ones, unless a row of the same grain is there already.
    """

    sql: str
    variables: Mapping[str, object] = field(default_factory=dict)
    relations: Mapping[str, pa.Table] = field(default_factory=dict)
    is_append: bool = False

    def bind(self, connection: duckdb.DuckDBPyConnection) -> str:
        """Set the variables and register the relations on `connection`; return the SELECT without its semicolon."""
        for name, value in self.variables.items():
            connection.execute(f"SET VARIABLE {name} = ?", [value])
        for name, relation in self.relations.items():
            connection.register(name, relation)
        return self.sql.strip().rstrip(";")
