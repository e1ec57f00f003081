"""`DuckLake`: Parquet files in a folder or bucket, and a catalog that makes them tables with transactions.

Attaching a lake, and translating its errors, belong here. The kinds of catalogs are in `catalogs`, the extensions in
`extensions`, a bucket's credentials in `object_store`, transactions in `warehouse`.
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

from cleargrid_assets.warehouse.artifacts import artifacts_at
from cleargrid_assets.warehouse.catalogs import PREFIX, catalog_at, redacted
from cleargrid_assets.warehouse.errors import (
    WarehouseConflictError,
    WarehouseError,
    WarehouseUnreachableError,
    WarehouseUnreadableError,
    WarehouseWriteError,
    first_line,
)
from cleargrid_assets.warehouse.extensions import load_extension
from cleargrid_assets.warehouse.object_store import is_object_store, use_object_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from cleargrid_assets.warehouse.catalogs import Catalog

__all__ = ["PREFIX", "TABLES", "DuckLake", "data_path"]

TABLES = "tables/"
"""Below the place that CLEARGRID_LAKE_DATA names: there, a file that the catalog does not know is nobody's."""

CONFLICT = re.compile(r"(?i)conflict|database is locked|could not serialize|deadlock detected")
UNREACHABLE = re.compile(
    r"(?i)unable to connect|connection to server|server closed|connection refused|connection error|terminating "
    r"connection|connection not open|SSL connection|no connection to the server|timed? ?out|could not establish|HTTP"
)


@dataclass(frozen=True)
class DuckLake:
    """The lake whose catalog is at `address`, its files in `data` (needed when it is created)."""

    address: str
    queue_seconds: float
    extensions: Path | None
    data: str | None

    @property
    def shown(self) -> str:
        """The address without its password."""
        return redacted(self.address)

    @property
    def exists(self) -> bool:
        """Whether the lake was created. Raises `WarehouseUnreachableError`."""
        return self._catalog.exists

    @property
    def place(self) -> str:
        """The folder or prefix that holds the lake's files, or will when it is created."""
        if self.data or not self.exists:
            return _absolute(self._place_of_new_files())
        with self.connection(read_only=True) as connection:
            return data_path(connection).removesuffix(TABLES)

    def examine(self) -> None:
        """Whether the extensions load, the catalog answers, and files can be put where the lake has them."""
        _ = self._engine
        artifacts_at(self.place).examine()

    def lock(self, *, is_writing: bool) -> AbstractContextManager[None]:
        """The catalog's lock, which all hosts share."""
        return self._catalog.lock(is_writing=is_writing)

    @contextmanager
    def connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """The lake, attached under a name of its own; rolled back and detached at the end."""
        name = f"lake_{uuid.uuid4().hex[:12]}"
        with closing(self._engine.cursor()) as connection:
            self._attach(connection, name, read_only=read_only)
            try:
                yield connection
            finally:
                with suppress(duckdb.Error):  # nothing to roll back, or the catalog is gone and has done it
                    connection.execute("ROLLBACK")
                with suppress(duckdb.Error):  # after a lost catalog it may refuse; the process's end closes it
                    connection.execute(f"USE memory; DETACH {name}")

    def explain(self, error: duckdb.Error, *, is_commit: bool) -> WarehouseError | None:
        """A conflict, a catalog or store that is gone, or no room; None: the statement's own fault."""
        said = " ".join(redacted(str(error)).split())
        if CONFLICT.search(said):
            return WarehouseConflictError(
                f"another program changed {self.shown} at the same moment; nothing was written. {said}"
            )
        if isinstance(error, duckdb.HTTPException) or UNREACHABLE.search(said):
            written = "whether all or nothing was written, the next read tells" if is_commit else "nothing was written"
            return WarehouseUnreachableError(f"{self.shown} stopped answering; {written}. {said}")
        if isinstance(error, (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException)):
            return WarehouseWriteError(
                f"{self.shown} could not be written and stays as it was: {said} Free disk space or memory and run "
                f"again."
            )
        return None if said == " ".join(str(error).split()) else WarehouseError(said)

    @cached_property
    def _catalog(self) -> Catalog:
        return catalog_at(self.address, self.queue_seconds)

    @cached_property
    def _engine(self) -> duckdb.DuckDBPyConnection:
        """One DuckDB with the extensions loaded, for all connections of this object: loading takes 0.3 s."""
        engine = duckdb.connect()
        for name in ("ducklake", *self._catalog.extensions):
            load_extension(engine, name, self.extensions)
        if self.data and is_object_store(self.data):
            load_extension(engine, "httpfs", self.extensions)
        return engine

    def _attach(self, connection: duckdb.DuckDBPyConnection, name: str, *, read_only: bool) -> None:
        """Attach and use the lake, creating it when it may be written and is not there.

        No rows are kept in the catalog, however few: what is not in files, other engines cannot read.
        """
        options = ["READ_ONLY" if read_only else "DATA_INLINING_ROW_LIMIT 0"]
        data = self.data or (None if read_only or self.exists else self._place_of_new_files())
        if data:
            options.append(f"DATA_PATH {_quoted(_absolute(data) + TABLES)}")
        try:
            connection.execute(f"ATTACH {_quoted(self.address)} AS {name} ({', '.join(options)})")
            connection.execute(f"USE {name}")
            self._reach_data(connection)
        except duckdb.Error as error:
            raise self._not_opened(error) from None

    def _place_of_new_files(self) -> str:
        """Where a lake that is yet to be created keeps its files."""
        place = self.data or self._catalog.default_data
        if place is None:
            raise WarehouseUnreadableError(
                f"{self.shown} holds no lake yet and CLEARGRID_LAKE_DATA is not set: set it to the shared folder or "
                f"s3://bucket/prefix where the Parquet files shall be kept"
            )
        return place

    def _reach_data(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the place of the files usable; the catalog knows it."""
        if is_object_store(data_path(connection)):
            use_object_store(connection, self.extensions)

    def _not_opened(self, error: duckdb.Error) -> WarehouseError:
        explained = self.explain(error, is_commit=False)
        if isinstance(explained, WarehouseUnreachableError):
            return explained
        said = redacted(first_line(error))
        return WarehouseUnreadableError(
            f"{self.shown} cannot be opened as a lake: correct CLEARGRID_WAREHOUSE or CLEARGRID_LAKE_DATA. {said}"
        )


def data_path(connection: duckdb.DuckDBPyConnection) -> str:
    """Where the files of the lake in use lie."""
    ((name,),) = connection.execute("SELECT current_database()").fetchall()
    metadata = f"SELECT value FROM __ducklake_metadata_{name}.ducklake_metadata WHERE key = 'data_path'"
    ((data,),) = connection.execute(metadata).fetchall()
    return str(data)


def _absolute(data: str) -> str:
    """A folder as every process on this host names it; a bucket as it is. With a slash at the end."""
    return f"{data if is_object_store(data) else Path(data).resolve()}".rstrip("/") + "/"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
