"""The data dictionary: every table and column with its meaning, in Markdown, from the same descriptions as the DDL.

`python -m cleargrid_assets.tables.dictionary > docs/data_dictionary.md` writes it. Change the layout here and the
meanings in the tables' own modules.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cleargrid_assets.tables.catalog import ALL_TABLES, TABLES

if TYPE_CHECKING:
    from cleargrid_assets.tables.table import Column, Table

HEADING = """# Data dictionary

Every table of the warehouse. Made of the descriptions in `cleargrid_assets/tables/`, which also make the tables and the
column lists in Dagster's UI: `python -m cleargrid_assets.tables.dictionary > docs/data_dictionary.md`.
"""
OPTIONAL = """# Tables of datasets that are off by default

CLEARGRID_DATASETS switches them on; only then does a warehouse get their tables.
"""


def dictionary() -> str:
    """The whole document."""
    optional = (table for table in TABLES.values() if table not in ALL_TABLES)
    return "\n".join([HEADING, *map(_section, ALL_TABLES), OPTIONAL, *map(_section, optional)])


def _section(table: Table) -> str:
    grain = f"One row per {', '.join(f'`{name}`' for name in table.grain)}." if table.grain else "No unique key."
    lines = [_line(column) for column in table.columns]
    head = "| column | type | null | meaning |\n| --- | --- | --- | --- |"
    return f"## {table.qualified_name}\n\n{table.meaning}\n\n{grain}\n\n{head}\n" + "\n".join(lines) + "\n"


def _line(column: Column) -> str:
    meaning = column.meaning.replace("|", "\\|")
    return f"| `{column.name}` | {column.type} | {'yes' if column.nullable else 'no'} | {meaning} |"


if __name__ == "__main__":
    sys.stdout.write(dictionary())
