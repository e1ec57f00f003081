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

    @property
    def comments(self) -> str:
        """The statements that write the meaning of the table and of its columns into the database's catalog."""
        return self.comments_on(self._kind)

    def comments_on(self, kind: str) -> str:
        """The same statements for a database where it is a `TABLE` or a `VIEW`."""
        of_columns = (
            f"COMMENT ON COLUMN {self.qualified_name}.{quoted(column.name)} IS {literal(column.meaning)}"
            for column in self.columns
        )
        return ";\n".join([self._comment_on(kind), *of_columns])

    @property
    def comment(self) -> str:
        """The statement that writes the meaning of the table alone."""
        return self._comment_on(self._kind)

    def _comment_on(self, kind: str) -> str:
        return f"COMMENT ON {kind} {self.qualified_name} IS {literal(self.meaning)}"

    @property
    def _kind(self) -> str:
        return "TABLE"

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

    @property
    def _kind(self) -> str:
        return "VIEW"


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


MONTH = Column("month", "DATE", "The partition: the first day of the month in the configured time zone.")
