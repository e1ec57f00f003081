"""The words in which a table is described: `Column` and `Table`.

Here: the two descriptions and the DDL made of them. Not here: any particular table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: its DuckDB type, and its meaning with unit and time zone."""

    name: str
    type: str
    meaning: str
    nullable: bool = False

    @property
    def ddl(self) -> str:
        """The column as `CREATE TABLE` wants it."""
        return f'"{self.name}" {self.type}{"" if self.nullable else " NOT NULL"}'


@dataclass(frozen=True)
class Table:
    """One table: its schema and name are its asset key; `grain` names the columns that make a row unique."""

    schema: str
    name: str
    meaning: str
    grain: tuple[str, ...]
    columns: tuple[Column, ...]

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
    def is_partitioned(self) -> bool:
        """Whether the table holds months that are replaced one by one."""
        return "month" in self.column_names

    @property
    def ddl(self) -> str:
        """The statement that makes the table where there is none."""
        columns = ",\n  ".join(column.ddl for column in self.columns)
        return f"CREATE TABLE IF NOT EXISTS {self.qualified_name} (\n  {columns}\n)"


MONTH = Column("month", "DATE", "The partition: the first day of the month in the configured time zone.")
