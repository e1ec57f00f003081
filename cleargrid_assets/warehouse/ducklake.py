"""`DuckLake`: Parquet files in a folder or bucket, and a catalog that makes them tables with transactions.

Attaching a lake, and translating its errors, belong here. The kinds of catalogs are in `ducklake_catalogs`, the
extensions in `extensions`, a bucket's credentials in `s3_config`, transactions in `warehouse`.
"""

from __future__ import annotations

import re
import uuid
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cleargrid_assets.tables.table import literal
from cleargrid_assets.warehouse.artifacts import artifacts_at
from cleargrid_assets.warehouse.ducklake_catalogs import catalog_at, redacted
from cleargrid_assets.warehouse.errors import (
    WarehouseBusyError,
    WarehouseConflictError,
    WarehouseError,
    WarehouseUnreachableError,
    WarehouseUnreadableError,
    first_line,
    write_error,
)
from cleargrid_assets.warehouse.extensions import load_extension
from cleargrid_assets.warehouse.private_folder import PrivateFolder
from cleargrid_assets.warehouse.s3_config import is_object_store, use_object_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from cleargrid_assets.warehouse.ducklake_catalogs import Catalog

TABLES_FOLDER = "tables/"
"""Folder below CLEARGRID_LAKE_DATA for the tables alone: an unknown file in it is an orphan and may be deleted."""

CONFLICT = re.compile(r"(?i)conflict|database is locked|could not serialize|deadlock detected")
UNREACHABLE = re.compile(
    r"(?i)unable to connect|connection to server|server closed|connection refused|connection error|terminating "
    r"connection|connection not open|SSL connection|no connection to the server|timed? ?out|could not establish|HTTP(?!s?://)"
)
"""A link, as to a page of DuckDB's on the error, says nothing of a connection."""


@dataclass(frozen=True)
class DuckLake:
    """The lake whose catalog is at `address`, its files in `data` (needed when it is created)."""

    address: str
    lock_timeout: float
    extensions: Path | None
    data: str | None

    @property
    def display_name(self) -> str:
        """The address without its password."""
        return redacted(self.address)

    @property
    def exists(self) -> bool:
        """True if the lake was created. Raises `WarehouseUnreachableError`."""
        return self._catalog.exists

    @property
    def location(self) -> str:
        """The folder or prefix that holds the lake's files, or will when it is created."""
        if self.data or not self.exists:
            return _resolve(self._location_of_new_files())
        with self.connection(read_only=True) as connection:
            return data_path(connection).removesuffix(TABLES_FOLDER)

    def check_writable(self) -> None:
        """Check that the extensions load, the catalog answers, and the lake's folder or bucket takes files."""
        _ = self._engine
        artifacts_at(self.location).check_writable()

    def begin_transactions(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Nothing: the catalog takes any number of transactions."""

    def lock(self, *, is_writing: bool) -> AbstractContextManager[Callable[[], None] | None]:
        """The catalog's lock, which all hosts share."""
        return self._catalog.lock(is_writing=is_writing)

    @contextmanager
    def connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """Attach the lake under a unique name; roll back and detach at the end."""
        name = f"lake_{uuid.uuid4().hex[:12]}"
        with closing(self._engine.cursor()) as connection:
            self._attach(connection, name, read_only=read_only)
            try:
                yield connection
            finally:
                with suppress(duckdb.Error):  # nothing to roll back, or a lost catalog has rolled back already
                    connection.execute("ROLLBACK")
                with suppress(duckdb.Error):  # may fail after the catalog is lost; exiting closes the connection
                    connection.execute(f"USE memory; DETACH {name}")

    def translate_error(self, error: duckdb.Error, *, is_commit: bool) -> WarehouseError | None:
        """A conflict, an unreachable catalog or store, or a full disk; None if the statement itself is wrong."""
        message = " ".join(redacted(str(error)).split())
        if CONFLICT.search(message):
            return WarehouseConflictError(
                f"another program changed {self.display_name} at the same moment; nothing was written. {message}"
            )
        if isinstance(error, duckdb.HTTPException) or UNREACHABLE.search(message):
            effect = "the next read shows whether all or nothing was written" if is_commit else "nothing was written"
            return WarehouseUnreachableError(f"{self.display_name} stopped answering; {effect}. {message}")
        if isinstance(error, (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException)):
            is_out_of_memory = isinstance(error, duckdb.OutOfMemoryException)
            return write_error(self.display_name, message, is_out_of_memory=is_out_of_memory)
        return None if message == " ".join(str(error).split()) else WarehouseError(message)

    @cached_property
    def _catalog(self) -> Catalog:
        return catalog_at(self.address, self.lock_timeout)

    @cached_property
    def _spill_folder(self) -> PrivateFolder:
        """Where the engine spills to."""
        return PrivateFolder()

    @cached_property
    def _engine(self) -> duckdb.DuckDBPyConnection:
        """One DuckDB with the extensions loaded, shared by this object's connections: loading takes 0.3 s."""
        engine = duckdb.connect(config={"temp_directory": str(self._spill_folder.path)})
        for name in ("ducklake", *self._catalog.extensions):
            load_extension(engine, name, self.extensions)
        if self.data and is_object_store(self.data):
            load_extension(engine, "httpfs", self.extensions)
        return engine

    def _attach(self, connection: duckdb.DuckDBPyConnection, name: str, *, read_only: bool) -> None:
        """Attach and use the lake; create it if it is missing and may be written.

        Even few rows go into files, never into the catalog: other engines can read only files.
        """
        options = ["READ_ONLY" if read_only else "DATA_INLINING_ROW_LIMIT 0"]
        data = self.data or (None if read_only or self.exists else self._location_of_new_files())
        if data:
            options.append(f"DATA_PATH {literal(_resolve(data) + TABLES_FOLDER)}")
        try:
            connection.execute(f"ATTACH {literal(self.address)} AS {name} ({', '.join(options)})")
            connection.execute(f"USE {name}")
            if is_object_store(data_path(connection)):
                use_object_store(connection, self.extensions)
        except duckdb.Error as error:
            raise self._open_error(error) from None

    def _location_of_new_files(self) -> str:
        """Where a new lake will keep its files."""
        location = self.data or self._catalog.default_data
        if location is None:
            raise WarehouseUnreadableError(
                f"{self.display_name} holds no lake yet and CLEARGRID_LAKE_DATA is not set: set it to the shared "
                f"folder or s3://bucket/prefix where the Parquet files should go"
            )
        return location

    def _open_error(self, error: duckdb.Error) -> WarehouseError:
        translated = self.translate_error(error, is_commit=False)
        if isinstance(translated, WarehouseUnreachableError):
            return translated
        message = redacted(first_line(error))
        if isinstance(translated, WarehouseConflictError):
            return WarehouseBusyError(
                f"another program has the catalog of {self.display_name} open: close it, then start this run again. "
                f"{message}"
            )
        return WarehouseUnreadableError(
            f"{self.display_name} cannot be opened as a lake: correct CLEARGRID_WAREHOUSE or CLEARGRID_LAKE_DATA. "
            f"{message}"
        )


def lake_name(connection: duckdb.DuckDBPyConnection) -> str:
    """The name under which the connection has attached the lake."""
    ((name,),) = connection.execute("SELECT current_database()").fetchall()
    return str(name)


def data_path(connection: duckdb.DuckDBPyConnection) -> str:
    """Where the current lake keeps its files."""
    catalog = f"__ducklake_metadata_{lake_name(connection)}.ducklake_metadata"
    metadata = f"SELECT value FROM {catalog} WHERE key = 'data_path'"
    ((data,),) = connection.execute(metadata).fetchall()
    return str(data)


def _resolve(data: str) -> str:
    """The absolute path of a folder, or the address of a bucket unchanged; with a trailing slash."""
    return f"{data if is_object_store(data) else Path(data).resolve()}".rstrip("/") + "/"
