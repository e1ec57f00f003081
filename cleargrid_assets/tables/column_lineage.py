"""What each column is made of: the columns whose values its SQL uses, through views, macros and subqueries.

That of our tables is in `column_lineage.csv`, so that nothing parses their SQL at start-up. After a change of SQL or of
columns, `python -m cleargrid_assets_tests.project.column_lineage` derives the file again; a test compares the two. That
of a mart is traced when definitions load, by `marts.column_lineage`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cleargrid_assets.tables.table import Table

FILE = Path(__file__).with_suffix(".csv")
FIELDS = ("table", "column", "made_of")


@dataclass(frozen=True, order=True)
class SourceColumn:
    """A column of a table or, in schema `cleargrid`, a field of a dataset at ClearGrid."""

    schema: str
    table: str
    column: str

    @classmethod
    def parse(cls, name: str) -> SourceColumn:
        """The column with this full name, `schema.table.column`."""
        return cls(*name.split("."))

    @property
    def qualified_table(self) -> str:
        """`schema.table`."""
        return f"{self.schema}.{self.table}"

    @property
    def qualified_name(self) -> str:
        """`schema.table.column`."""
        return f"{self.qualified_table}.{self.column}"


def column_lineage(table: Table) -> Mapping[str, tuple[SourceColumn, ...]]:
    """The sources of each column that has any; empty for a table that is not computed by SQL or read from ClearGrid."""
    of_mart = {column.name: column.made_of for column in table.columns if column.made_of}
    return of_mart or _lineage().get(table.qualified_name, {})


@cache
def _lineage() -> Mapping[str, Mapping[str, tuple[SourceColumn, ...]]]:
    lineage: dict[str, dict[str, tuple[SourceColumn, ...]]] = {}
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sources = tuple(map(SourceColumn.parse, row["made_of"].split()))
            lineage.setdefault(row["table"], {})[row["column"]] = sources
    return lineage
