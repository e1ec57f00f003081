"""`Column`, `Table` and `View`: the classes that describe a table or a view, and the DDL made from them.

Add a new property of columns or tables here; the tables are in `raw`, `core` and `analytics`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from cleargrid_assets.tables.column_lineage import SourceColumn

EXISTS = """
SELECT count(*)
FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name = ? AND table_name = ?
"""


@dataclass(frozen=True)
class Column:
    """One column: its DuckDB type, and its meaning with unit and time zone.

    `default`: SQL of what rows of an earlier release hold in it, where that is known. `made_of`: the columns that a
    mart's column is made of; those of our tables are in `column_lineage.csv`.
    """

    name: str
    type: str
    meaning: str
    nullable: bool = False
    default: str | None = None
    made_of: tuple[SourceColumn, ...] = ()

    @property
    def ddl(self) -> str:
        """The column's definition in `CREATE TABLE`."""
        return f"{quoted(self.name)} {self.type}{'' if self.nullable else ' NOT NULL'}"

    @property
    def ddl_of_addition(self) -> str:
        """The column's definition in `ALTER TABLE ... ADD COLUMN`, which does not allow NOT NULL."""
        return f"{quoted(self.name)} {self.type}{'' if self.default is None else f' DEFAULT {self.default}'}"


@dataclass(frozen=True)
class Table:
    """One table: its schema and name are its asset key; `grain` names the columns that make a row unique.

    `is_history`: its rows cannot be computed again, so an upgrade keeps them.
    """

    schema: str
    name: str
    meaning: str
    grain: tuple[str, ...]
    columns: tuple[Column, ...]
    is_history: bool = False

    @property
    def qualified_name(self) -> str:
        """`schema.table`, as SQL names it."""
        return f"{self.schema}.{self.name}"

    @property
    def key(self) -> list[str]:
        """The path of its asset key."""
        return [self.schema, self.name]

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def key_columns(self) -> str:
        """The columns of the grain, as SQL lists them."""
        return ", ".join(map(quoted, self.grain))

    @property
    def is_partitioned(self) -> bool:
        """True if the table is replaced month by month."""
        return "month" in self.column_names

    @property
    def ddl(self) -> str:
        """The statement that creates the table if it does not exist."""
        columns = ",\n  ".join(column.ddl for column in self.columns)
        return f"CREATE TABLE IF NOT EXISTS {self.qualified_name} (\n  {columns}\n)"

    def comment(self, kind: str = "TABLE") -> str:
        """The statement that writes its meaning into the catalog of a database where it is a `TABLE` or a `VIEW`."""
        return f"COMMENT ON {kind} {self.qualified_name} IS {literal(self.meaning)}"

    def comments(self, kind: str = "TABLE") -> str:
        """That statement, and those that write the meaning of its columns."""
        of_columns = (
            f"COMMENT ON COLUMN {self.qualified_name}.{quoted(column.name)} IS {literal(column.meaning)}"
            for column in self.columns
        )
        return ";\n".join([self.comment(kind), *of_columns])

    def exists_in(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """True if the open warehouse has the table; ask first, because a failed statement would end the transaction."""
        ((count,),) = connection.execute(EXISTS, [self.schema, self.name]).fetchall()
        return bool(count)


@dataclass(frozen=True)
class View(Table):
    """A SELECT that the warehouse stores and runs whenever it is read, so that it follows every change of its sources.

    `sources`: the tables that it reads, itself or through other views.
    """

    sources: tuple[Table, ...] = ()


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


MONTH = Column("month", "DATE", "The partition: the first day of the month in the configured time zone.")
