"""The data dictionary: every table and column with its meaning, in Markdown, from the same descriptions as the DDL.

`python -m cleargrid_assets.tables.dictionary > docs/data_dictionary.md` writes it. Change the layout here and the
meanings in the tables' own modules.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cleargrid_assets.tables.catalog import D23_TABLES, TABLES, VIEWS
from cleargrid_assets.tables.column_lineage import column_lineage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cleargrid_assets.tables.column_lineage import SourceColumn
    from cleargrid_assets.tables.table import Column, Table

HEADING = """# Data dictionary

Every table of the warehouse. Made of the descriptions in `cleargrid_assets/tables/`, which also make the tables and the
column lists in Dagster's UI: `python -m cleargrid_assets.tables.dictionary > docs/data_dictionary.md`.

*Made of* names the columns whose values a column's SQL uses, through views and macros; `cleargrid.d23` are ClearGrid's
own fields. The conditions of WHERE and JOIN are not in it, nor are settings and the outcome map's file. A count of rows
is made of the key of the rows that it counts.
"""
COMPUTED_WHEN_READ = """# Views

The warehouse computes these whenever they are read: they follow every month that is computed and every load.
"""
OPTIONAL = """# Tables of datasets that are off by default

CLEARGRID_DATASETS switches them on; only then does a warehouse get their tables.
"""


def dictionary() -> str:
    """The whole document."""
    optional = (table for table in TABLES.values() if table not in D23_TABLES)
    return "\n".join(
        [
            HEADING,
            *map(_section, D23_TABLES),
            COMPUTED_WHEN_READ,
            *map(_section, VIEWS.values()),
            OPTIONAL,
            *map(_section, optional),
        ]
    )


def _section(table: Table) -> str:
    grain = f"One row per {', '.join(f'`{name}`' for name in table.grain)}." if table.grain else "No unique key."
    lineage = column_lineage(table)
    head = ["column", "type", "null", "meaning", *(["made of"] if lineage else [])]
    rows = [
        [*_cells(column), *([_made_of(lineage.get(column.name, ()))] if lineage else [])] for column in table.columns
    ]
    lines = "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))
    return f"## {table.qualified_name}\n\n{table.meaning}\n\n{grain}\n\n{lines}\n"


def _cells(column: Column) -> list[str]:
    meaning = column.meaning.replace("|", "\\|")
    return [f"`{column.name}`", column.type, "yes" if column.nullable else "no", meaning]


def _made_of(sources: Iterable[SourceColumn]) -> str:
    """The source columns by table: ``core.contact_attempts`: `is_rpc`, `local_at``."""
    columns: dict[str, list[str]] = {}
    for source in sources:
        columns.setdefault(source.qualified_table, []).append(f"`{source.column}`")
    return "; ".join(f"`{table}`: {', '.join(names)}" for table, names in columns.items())


if __name__ == "__main__":
    sys.stdout.write(dictionary())
