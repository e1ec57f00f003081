"""Gives a warehouse the tables, views and macros that this program knows, and brings an older one up to date.

Add an upgrade step here; the tables are described in `tables`, and `warehouse` opens the database.

Tables that cannot be computed again (`Table.is_history`) get their missing columns and keep their rows. A derived table
whose columns differ is recreated, and its months are computed again. Each dataset has a fingerprint of its own in the
warehouse, so that programs that land different datasets there do not undo each other's.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cleargrid_assets.tables.catalog import TABLES_VERSION, VIEWS, tables_of
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.tables.raw import D23_LOADS, WAREHOUSE_IDENTITY
from cleargrid_assets.tables.table import MONTH, quoted
from cleargrid_assets.warehouse.errors import WarehouseVersionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.tables.table import Table, View

SCHEMAS = ("raw", "core", "analytics")
MACROS = Path(__file__).with_name("macros.sql")
RAW_VIEWS = Path(__file__).with_name("views.sql")
AS_OF = Path(__file__).with_name("as_of.sql")
FOLDER = Path(__file__).parent
"""`<schema>/<name>.sql` is the SELECT of a view."""
UPGRADES = Path(__file__).with_name("upgrades")
"""`N.sql` fills the columns that version N added to the tables of version N - 1."""

IS_CURRENT = """
SELECT count(*) FROM duckdb_views()
WHERE
    database_name = current_database() AND schema_name = 'raw' AND view_name = $view
    AND contains(sql, $fingerprint)
"""
"""Runs at every opening: listing functions and tables would take twenty times as long."""

HAS_ALL_TABLES = """
SELECT count(*) = len($tables) FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name || '.' || table_name IN (SELECT unnest($tables))
"""
SET_FINGERPRINT = "CREATE OR REPLACE VIEW raw.{} AS SELECT '{}' AS fingerprint"
EXISTING_COLUMNS = """
SELECT table_schema || '.' || table_name, column_name, data_type
FROM information_schema.columns
WHERE table_catalog = current_database()
"""
KIND = "SELECT type FROM duckdb_databases() WHERE database_name = current_database()"
TABLE_COLUMNS = """
SELECT column_name, data_type, nullif(comment, '')
FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = ? AND table_name = ?
"""
VERSION = f"SELECT max(tables_version) FROM {WAREHOUSE_IDENTITY.qualified_name}"
SET_VERSION = f"UPDATE {WAREHOUSE_IDENTITY.qualified_name} SET tables_version = {TABLES_VERSION}"


def _is_current(connection: duckdb.DuckDBPyConnection, datasets: Sequence[RawDataset]) -> bool:
    """True if this program, or one with the same tables, views and macros, brought the warehouse up to date."""
    return all(_has_fingerprint(connection, dataset) for dataset in datasets)


def _has_fingerprint(connection: duckdb.DuckDBPyConnection, dataset: RawDataset) -> bool:
    parameters = {"view": _fingerprint_view(dataset), "fingerprint": _fingerprint(dataset)}
    ((answer,),) = connection.execute(IS_CURRENT, parameters).fetchall()
    return bool(answer)


def is_outdated(connection: duckdb.DuckDBPyConnection, display_name: str, datasets: Sequence[RawDataset]) -> bool:
    """True if it is one of our warehouses and `prepare` must bring it up to date before it can be read.

    Raises `WarehouseVersionError`; see `supported_version`.
    """
    if _is_current(connection, datasets):
        return False
    supported_version(connection, display_name)
    return D23_LOADS.exists_in(connection)


def supported_version(connection: duckdb.DuckDBPyConnection, display_name: str) -> int | None:
    """The version of the tables; None before the first load, and in a warehouse of release 0.1.0.

    Raises `WarehouseVersionError` when a newer program has changed the tables. `display_name`: the warehouse's address.
    """
    if not WAREHOUSE_IDENTITY.exists_in(connection):
        return None
    ((version,),) = connection.execute(VERSION).fetchall()
    if version is not None and version > TABLES_VERSION:
        raise WarehouseVersionError(
            f"{display_name} was written by a newer release of cleargrid_assets (its tables are of version {version}, "
            f"this program knows version {TABLES_VERSION}); nothing was read or written. Install that release here as "
            f"well"
        )
    return None if version is None else int(version)


def prepare(
    connection: duckdb.DuckDBPyConnection,
    display_name: str = "the warehouse",
    datasets: Sequence[RawDataset] = (D23,),
) -> None:
    """Create what is missing and bring older tables up to date; leave a current warehouse alone.

    It creates the tables of `datasets` only, and keeps those of a dataset that is no longer landed.

    Raises `WarehouseVersionError`; see `supported_version`.
    """
    tables = [table for dataset in datasets for table in tables_of(dataset)]
    if _is_current(connection, datasets) and _has_all_tables(connection, tables):
        return
    version = supported_version(connection, display_name) or 1
    existing = _existing_columns(connection)
    for schema in SCHEMAS:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for table in tables:
        _reshape(connection, table, existing.get(table.qualified_name, {}))
    if D23_LOADS.qualified_name in existing and version < TABLES_VERSION:
        _upgrade(connection, version)
    for table in tables:
        connection.execute(table.comments())
    for dataset in datasets:
        for script in _scripts(dataset):
            connection.execute(script)
        connection.execute(SET_FINGERPRINT.format(_fingerprint_view(dataset), _fingerprint(dataset)))
    if D23 in datasets:
        _comment_on_views(connection)


def _comment_on_views(connection: duckdb.DuckDBPyConnection) -> None:
    """A lake takes no comments on the columns of a view."""
    ((kind,),) = connection.execute(KIND).fetchall()
    for view in VIEWS.values():
        connection.execute(view.comments("VIEW") if kind == "duckdb" else view.comment("VIEW"))


def create_empty(connection: duckdb.DuckDBPyConnection, datasets: Sequence[RawDataset]) -> None:
    """Create the tables, views and macros in an empty database, without comments, for SQL to be bound to."""
    for schema in SCHEMAS:
        connection.execute(f"CREATE SCHEMA {schema}")
    for dataset in datasets:
        for statement in (*(table.ddl for table in tables_of(dataset)), *_scripts(dataset)):
            connection.execute(statement)


def _has_all_tables(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> bool:
    """False if somebody dropped a table, for example."""
    ((answer,),) = connection.execute(HAS_ALL_TABLES, {"tables": [table.qualified_name for table in tables]}).fetchall()
    return bool(answer)


def _upgrade(connection: duckdb.DuckDBPyConnection, version: int) -> None:
    """Run the upgrades since `version`."""
    for number in range(version + 1, TABLES_VERSION + 1):
        connection.execute((UPGRADES / f"{number}.sql").read_text(encoding="utf-8"))
    connection.execute(SET_VERSION)
    _recreate(connection, D23_LOADS)


def _recreate(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Keep the rows and get NOT NULL back, which added columns lack.

    The database then refuses loads by release 0.1.0, which would leave them out of the order.
    """
    columns = ", ".join(map(quoted, table.column_names))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE kept AS SELECT {columns} FROM {table.qualified_name}")
    connection.execute(f"DROP TABLE {table.qualified_name}")
    connection.execute(table.ddl)
    connection.execute(f"INSERT INTO {table.qualified_name} BY NAME SELECT * FROM kept")
    connection.execute("DROP TABLE kept")


def _reshape(connection: duckdb.DuckDBPyConnection, table: Table, existing: Mapping[str, str]) -> None:
    """Make the table match its description. `existing`: its current columns and types; empty if it is missing."""
    declared = {column.name: column.type for column in table.columns}
    if existing and not table.is_history and existing != declared:
        connection.execute(f"DROP TABLE {table.qualified_name}")
    connection.execute(table.ddl)
    if not table.is_history or not existing:
        return
    for column in table.columns:
        if column.name not in existing:
            connection.execute(f"ALTER TABLE {table.qualified_name} ADD COLUMN {column.ddl_of_addition}")


def prepare_mart(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create a lender's own table, or recreate it if its columns have changed; write its comments if they have."""
    described = {(column.name, column.type, column.meaning or None) for column in table.columns}
    if {*connection.execute(TABLE_COLUMNS, table.key).fetchall()} == described:
        return
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.schema}")
    if not has_columns_of(connection, table):
        connection.execute(f"DROP TABLE IF EXISTS {table.qualified_name}")
    connection.execute(table.ddl)
    connection.execute(table.comments())


def has_columns_of(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """True if the warehouse has a lender's own table as its file describes it now."""
    columns = {(name, kind) for name, kind, _ in connection.execute(TABLE_COLUMNS, table.key).fetchall()}
    return columns == {(column.name, column.type) for column in table.columns}


def months_in(connection: duckdb.DuckDBPyConnection, table: Table) -> set[str]:
    """The months of the table's rows, such as `2026-05`; none if it is missing, or was a mart without months."""
    if MONTH.name not in {name for name, *_ in connection.execute(TABLE_COLUMNS, table.key).fetchall()}:
        return set()
    months = connection.execute(f"SELECT DISTINCT month FROM {table.qualified_name}").fetchall()
    return {f"{month:%Y-%m}" for (month,) in months}


def _existing_columns(connection: duckdb.DuckDBPyConnection) -> Mapping[str, Mapping[str, str]]:
    columns: dict[str, dict[str, str]] = defaultdict(dict)
    for table, name, column_type in connection.execute(EXISTING_COLUMNS).fetchall():
        columns[table][name] = column_type
    return columns


def _scripts(dataset: RawDataset) -> list[str]:
    """The statements that create the macros and the dataset's views."""
    views = RAW_VIEWS.read_text(encoding="utf-8")
    if dataset == D23:
        analytics = map(_view_ddl, VIEWS.values())
        return [MACROS.read_text(encoding="utf-8"), views, AS_OF.read_text(encoding="utf-8"), *analytics]
    return [dataset.adapt(views, written_for=D23)]


def view_sql(view: View) -> str:
    """The SELECT of a view of schema `core` or `analytics`."""
    return (FOLDER / view.schema / f"{view.name}.sql").read_text(encoding="utf-8")


def _view_ddl(view: View) -> str:
    return f"CREATE OR REPLACE VIEW {view.qualified_name} AS\n{view_sql(view)}"


def _fingerprint_view(dataset: RawDataset) -> str:
    return f"{dataset.view_prefix}schema_fingerprint"


@cache
def _fingerprint(dataset: RawDataset) -> str:
    """A hash that changes with any table, view or macro of the dataset."""
    described = (*tables_of(dataset), *(VIEWS.values() if dataset == D23 else ()))
    parts = [str(TABLES_VERSION), *(table.ddl + table.comments() for table in described), *_scripts(dataset)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
