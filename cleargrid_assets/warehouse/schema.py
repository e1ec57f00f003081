"""Gives a warehouse the tables, views and macros that this program knows.

Opening the warehouse for writing calls it; what the tables hold and how the warehouse is opened are elsewhere.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from cleargrid_assets.tables.catalog import ALL_TABLES, TABLES

if TYPE_CHECKING:
    import duckdb

SCHEMAS = ("raw", "core", "analytics")
MACROS = Path(__file__).with_name("macros.sql")
VIEWS = Path(__file__).with_name("views.sql")

IS_CURRENT = """
SELECT
    EXISTS (
        SELECT 1 FROM duckdb_functions()
        WHERE
            database_name = current_database()
            AND function_name = 'schema_fingerprint'
            AND macro_definition LIKE '%' || $fingerprint || '%'
    )
    AND (
        SELECT count(*) FROM information_schema.tables
        WHERE table_catalog = current_database() AND table_schema || '.' || table_name IN (SELECT unnest($tables))
    ) = len($tables)
"""


def is_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether this program's tables, views and macros are all there."""
    expected = {"fingerprint": _fingerprint(), "tables": list(TABLES)}
    ((answer,),) = connection.execute(IS_CURRENT, expected).fetchall()
    return bool(answer)


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing; a warehouse that is current is not touched."""
    if is_current(connection):
        return
    for schema in SCHEMAS:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for table in ALL_TABLES:
        connection.execute(table.ddl)
    connection.execute(MACROS.read_text(encoding="utf-8"))
    connection.execute(VIEWS.read_text(encoding="utf-8"))
    connection.execute(f"CREATE OR REPLACE MACRO schema_fingerprint() AS '{_fingerprint()}'")


def _fingerprint() -> str:
    """Changes with any table, view or macro."""
    parts = [table.ddl for table in ALL_TABLES] + [path.read_text(encoding="utf-8") for path in (MACROS, VIEWS)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
