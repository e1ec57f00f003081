"""The published database: one DuckDB file that any tool may keep open, because no run ever opens it for writing.

What is in it, and in which form, belongs here. The small tables are in the file itself; of the row-level tables it has
views over the Parquet files of `month_files`, by absolute paths: a relative one would follow the reader's own folder.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import duckdb

from cleargrid_assets.tables.table import MONTH, Column, Table, literal
from cleargrid_assets.warehouse.errors import first_line, write_error
from cleargrid_assets.warehouse.private_folder import PrivateFolder
from cleargrid_assets.warehouse.s3_config import is_object_store, use_object_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from cleargrid_assets.assets.reports.publication.month_files import MonthFile
    from cleargrid_assets.warehouse.artifacts import Artifacts
    from cleargrid_assets.warehouse.warehouse import Warehouse

DATABASE = "cleargrid.duckdb"
LEFT_BY_A_WRITER = f"{DATABASE}.wal"
"""What a tool leaves that opened the database for writing: it would be replayed into the next one."""

STORAGE_VERSION = "v0.10.2"
"""The oldest format that DuckDB writes, which every release from 0.10 on reads: drivers of other tools are old."""

PUBLISHED_FILES = Table(
    "main",
    "published_files",
    "The Parquet files that the views of this database read, below the folder of this file. On another machine, read "
    "the files themselves, or copy the folder to the same path.",
    ("table_name", "month"),
    (
        Column("table_name", "VARCHAR", "The view, with its schema."),
        MONTH,
        Column("file", "VARCHAR", "The file's path, from this file's folder."),
        Column("rows", "BIGINT", "Its rows."),
        Column("version", "VARCHAR", "Changes with the month's rows."),
        Column("published_at", "TIMESTAMP", "When this database was written, UTC."),
    ),
)

TABLES_WITH_MONTHS = """
SELECT DISTINCT table_schema || '.' || table_name
FROM information_schema.columns
INNER JOIN information_schema.tables USING (table_catalog, table_schema, table_name)
WHERE column_name = 'month' AND table_type = 'BASE TABLE'
"""


@contextmanager
def new_database(file: Path, warehouse: Warehouse, location: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a new database in `file`, which can read Parquet files at `location`.

    Raises `WarehouseWriteError` if the disk or the memory is full.
    """
    try:
        with PrivateFolder() as spilled, closing(_engine(warehouse, spilled)) as connection:
            if is_object_store(location):
                use_object_store(connection, warehouse.extensions)
            connection.execute(f"ATTACH {literal(str(file))} AS published (STORAGE_VERSION '{STORAGE_VERSION}')")
            connection.execute("USE published")
            yield connection
            connection.execute("USE memory; DETACH published")
    except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException) as error:
        is_out_of_memory = isinstance(error, duckdb.OutOfMemoryException)
        raise write_error(f"{location}/{DATABASE}", first_line(error), is_out_of_memory=is_out_of_memory) from error


def _engine(warehouse: Warehouse, spilled: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own: that of the warehouse is open for reading only."""
    return duckdb.connect(config={"memory_limit": f"{warehouse.memory_mb}MB", "temp_directory": str(spilled)})


def add_tables(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table], location: str) -> None:
    """Add the tables with the rows of their Parquet files at `location`, and with comments."""
    for table in tables:
        _create(connection, table)
        source = literal(f"{location}/{table.name}.parquet")
        connection.execute(f"INSERT INTO {table.qualified_name} BY NAME {_select(source)}")


def add_views(
    connection: duckdb.DuckDBPyConnection,
    files: Mapping[Table, Sequence[MonthFile]],
    location: str,
    now: datetime,
) -> None:
    """Add a view over each row-level table's files, with comments, and the list of the files."""
    _create(connection, PUBLISHED_FILES)
    for table, months in files.items():
        if not months:  # a view over no file is none
            _create(connection, table)
            continue
        rows = [
            (
                table.qualified_name,
                file.month,
                f"{table.name}/{file.name}",
                file.rows,
                file.version,
                now.replace(tzinfo=None),
            )
            for file in months
        ]
        marks = ", ".join("?" for _ in PUBLISHED_FILES.columns)
        connection.executemany(f"INSERT INTO {PUBLISHED_FILES.qualified_name} VALUES ({marks})", rows)
        paths = ", ".join(literal(f"{location}/{table.name}/{file.name}") for file in months)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.schema}")
        connection.execute(f"CREATE VIEW {table.qualified_name} AS {_select(f'[{paths}]')}")
        connection.execute(table.comments("VIEW"))


def _select(files: str) -> str:
    """Their rows. A folder above them whose name has the form `key=value` is no column of theirs."""
    return f"SELECT * FROM read_parquet({files}, hive_partitioning = false)"


def months_of(published: Artifacts) -> dict[str, set[str]]:
    """The months of each table and view of the published database, such as `2026-05`; empty if there is none."""
    content = published.read(DATABASE)
    if content is None:
        return {}
    with PrivateFolder() as folder:
        file = folder / DATABASE
        file.write_bytes(content)
        with closing(duckdb.connect(file, read_only=True)) as connection:
            tables = [name for (name,) in connection.execute(TABLES_WITH_MONTHS).fetchall()]
            select = " UNION ALL ".join(
                [f"SELECT '{name}', month FROM {name} GROUP BY ALL" for name in tables]
                + [f"SELECT table_name, month FROM {PUBLISHED_FILES.qualified_name}"]
            )
            months: dict[str, set[str]] = defaultdict(set)
            for name, month in connection.execute(select).fetchall():
                months[name].add(f"{month:%Y-%m}")
    return months


def _create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.schema}")
    connection.execute(table.ddl)
    connection.execute(table.comments())  # what is a view in the warehouse is a table of its rows here
