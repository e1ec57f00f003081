"""`publish`: writes the files of a publication, the database last, so that it never names a file that is not there yet.

The order of the steps, and the files of the analytics tables, belong here; the other formats have modules of their own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.publication.database import (
    DATABASE,
    LEFT_BY_A_WRITER,
    add_tables,
    add_views,
    new_database,
)
from cleargrid_assets.assets.reports.publication.month_files import ROW_TABLES, MonthFiles
from cleargrid_assets.assets.reports.publication.workbook import WORKBOOK, write_workbook
from cleargrid_assets.assets.reports.published_tables import published_location
from cleargrid_assets.tables.catalog import PUBLISHED_TABLES
from cleargrid_assets.tables.table import View, literal, quoted
from cleargrid_assets.warehouse import WarehouseMissingError
from cleargrid_assets.warehouse.artifacts import artifacts_at
from cleargrid_assets.warehouse.schema import has_columns_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import duckdb

    from cleargrid_assets.assets.reports.publication.month_files import MonthFile
    from cleargrid_assets.tables.table import Table
    from cleargrid_assets.warehouse.artifacts import Artifacts
    from cleargrid_assets.warehouse.warehouse import Warehouse

PARQUET_TYPES = {"HUGEINT": "DECIMAL(38,0)", "UHUGEINT": "DECIMAL(38,0)", "INTERVAL": "VARCHAR"}
"""Parquet would hold the first as rounded numbers, and no interval that is negative or shorter than a millisecond."""

UNLIKE_PARQUET = re.compile(rf"""'(?:''|[^'])*'|"(?:""|[^"])*"|\b(?:{"|".join(PARQUET_TYPES)})\b""")
"""Their names in a type, such as a list's; a quoted name stays as it is."""

FORMATS = {"parquet": "FORMAT parquet", "csv": "FORMAT csv, HEADER"}


def publish(
    warehouse: Warehouse, environment: str, now: datetime, marts: Sequence[Table] = ()
) -> tuple[str, dict[str, int]]:
    """Write what has changed and replace the rest; return the folder and the rows of each table, not row-level ones.

    `now`: UTC. `marts`: the lender's own tables. Without a warehouse, nothing is written and no table returned. Raises
    `WarehouseError`.
    """
    location = published_location(warehouse, environment)
    published = artifacts_at(location)
    by_month = [MonthFiles(table, artifacts_at(f"{location}/{table.name}"), now) for table in ROW_TABLES]
    try:
        with warehouse.reading() as connection:
            tables = [table for table in PUBLISHED_TABLES if _can_be_read(connection, table)]
            tables += [mart for mart in marts if has_columns_of(connection, mart)]
            rows = {table.name: _copy(connection, table, published) for table in tables}
            current = {files.table: files.write(connection) for files in by_month}
    except WarehouseMissingError:
        return published.display_name, {}
    _replace_database(warehouse, published, tables, current, now)
    for files in by_month:
        files.delete_replaced(current[files.table])
    return published.display_name, rows


def _can_be_read(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """True if it, or everything that a view reads, has been made."""
    sources = table.sources if isinstance(table, View) else (table,)
    return all(source.exists_in(connection) for source in sources)


def _copy(connection: duckdb.DuckDBPyConnection, table: Table, published: Artifacts) -> int:
    """Replace the files of one table; return its row count."""
    select, rows = f"SELECT {_columns(table)} FROM {table.qualified_name} ORDER BY {table.key_columns}", 0
    for suffix, options in FORMATS.items():
        with published.replacing(f"{table.name}.{suffix}") as file:
            ((rows,),) = connection.execute(f"COPY ({select}) TO {literal(str(file))} ({options})").fetchall()
    return int(rows)


def _columns(table: Table) -> str:
    """The columns, in types that Parquet has; the published database turns them back."""
    types = {column: UNLIKE_PARQUET.sub(_parquet_type, column.type) for column in table.columns}
    cast = [
        f"{quoted(column.name)}::{kind} AS {quoted(column.name)}"
        for column, kind in types.items()
        if kind != column.type
    ]
    return f"* REPLACE ({', '.join(cast)})" if cast else "*"


def _parquet_type(match: re.Match[str]) -> str:
    return PARQUET_TYPES.get(match.group(), match.group())


def _replace_database(
    warehouse: Warehouse,
    published: Artifacts,
    tables: Sequence[Table],
    files: Mapping[Table, Sequence[MonthFile]],
    now: datetime,
) -> None:
    """Make a new database of the published files and, from its tables, the workbook; then replace both."""
    location = published.display_name
    with published.replacing(DATABASE) as file:
        with new_database(file, warehouse, location) as connection:
            add_tables(connection, tables, location)
            add_views(connection, files, location, now)
            with published.replacing(WORKBOOK) as workbook:
                write_workbook(connection, tables, workbook)
        published.delete(LEFT_BY_A_WRITER)
