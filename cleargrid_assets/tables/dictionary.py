"""The data dictionary: every table and column with its meaning, in Markdown, from the same descriptions as the DDL.

`python -m cleargrid_assets.tables.dictionary > docs/data_dictionary.md` writes it. Change the layout here and the
meanings in the tables' own modules.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cleargrid_assets.tables.catalog import ALL_TABLES

if TYPE_CHECKING:
    from cleargrid_assets.tables.table import Column, Table

HEADING = """# Data dictionary

Every table of the warehouse. Made of the descriptions in `cleargrid_assets/tables/`, which also make the tables and the
column lists in Dagster's UI: `python -m cleargrid_assets.tables.dictionary > docs/data_dictionary.md`.
"""


def dictionary() -> str:
    """The whole document."""
    return "\n".join([HEADING, *(_section(table) for table in ALL_TABLES)])


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
