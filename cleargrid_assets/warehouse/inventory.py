"""Lists the tables of an open warehouse. Add questions about tables here; their rows are read where they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from cleargrid_assets.tables.table import Table

EXISTS = """
SELECT count(*)
FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name = ? AND table_name = ?
"""


def has_table(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """True if the table exists; check first, because a failed statement would abort the transaction."""
    ((count,),) = connection.execute(EXISTS, [table.schema, table.name]).fetchall()
    return bool(count)
