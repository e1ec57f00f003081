"""`Warehouse`: where the tables are, opened for one short transaction, whatever the address is.

It begins, commits or rolls back, and closes. How a file (`file`) or a lake (`lake`) is opened, who may write when
(`locks`) and what a warehouse holds (`schema`) are elsewhere.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import duckdb

from cleargrid_assets.warehouse.errors import WarehouseMissingError
from cleargrid_assets.warehouse.file import DuckDBFile
from cleargrid_assets.warehouse.lake import PREFIX, DuckLake
from cleargrid_assets.warehouse.schema import is_outdated, prepare, refuse_newer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from cleargrid_assets.warehouse.errors import WarehouseError


class Store(Protocol):
    """What differs between a file and a lake."""

    @property
    def shown(self) -> str:
        """The address as messages may show it."""

    @property
    def exists(self) -> bool:
        """Whether there is a warehouse yet."""

    @property
    def place(self) -> str:
        """The folder, or the prefix in a bucket, that the warehouse's own files lie in."""

    def examine(self) -> None:
        """Raise what a first write would raise, as far as it can be known beforehand; nothing written stays."""

    def lock(self, *, is_writing: bool) -> AbstractContextManager[None]:
        """The lock that processes sharing the warehouse take."""

    def connection(self, *, read_only: bool) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """An open connection, closed at the end of the block."""

    def explain(self, error: duckdb.Error, *, is_commit: bool) -> WarehouseError | None:
        """What a failed statement, or commit, means for the warehouse; None: nothing, the statement is wrong."""


@dataclass(frozen=True)
class Warehouse:
    """The warehouse at `address`: a DuckDB file's path, or `ducklake:` and the catalog of a lake.

    `queue_seconds`: how long to wait for our own processes, which hold the warehouse for seconds each.
    `foreign_seconds`: how long to wait for another program (a DuckDB shell, say) that has the file open.
    `memory_mb`: megabytes that DuckDB may hold before it spills to disk.
    `extensions`: the folder of DuckDB's extensions, for a lake; None: installed wheels, or DuckDB's own folder.
    `lake_data`: where a lake keeps its Parquet files; needed when it is created, later known to its catalog.
    """

    address: str
    queue_seconds: float = 900
    foreign_seconds: float = 30
    memory_mb: int = 192
    extensions: Path | None = None
    lake_data: str | None = None

    @property
    def is_lake(self) -> bool:
        """Whether several hosts may share it."""
        return self.address.startswith(PREFIX)

    @property
    def shown(self) -> str:
        """The address without a password."""
        return self._store.shown

    @property
    def exists(self) -> bool:
        """Whether something lies at the address."""
        return self._store.exists

    @property
    def place(self) -> str:
        """The folder, or the `s3://` prefix, in which every host finds what belongs to the warehouse."""
        return self._store.place.rstrip("/")

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Tables of an earlier release are brought up to date first.

        Raises `WarehouseBusyError`, `WarehouseConflictError`, `WarehouseUnreachableError`, `WarehouseUnreadableError`,
        `WarehouseVersionError` or `WarehouseWriteError`.
        """
        with self._opened(read_only=False) as connection:
            prepare(connection)
            yield connection

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection that sees one moment of the warehouse.

        Tables of an earlier release are brought up to date first.

        Raises `WarehouseMissingError` when there is none, `WarehouseBusyError`, `WarehouseUnreachableError`,
        `WarehouseUnreadableError` or `WarehouseVersionError`.
        """
        if not self.exists:
            raise WarehouseMissingError(f"there is no warehouse at {self.shown} yet: load a month first")
        with ExitStack() as stack:
            connection = stack.enter_context(self._opened(read_only=True))
            if is_outdated(connection):
                stack.close()
                with self.writing():
                    pass
                connection = stack.enter_context(self._opened(read_only=True))
            yield connection

    def examine(self) -> None:
        """Raise what the next write would raise, as far as it can be known beforehand; nothing written stays."""
        self._store.examine()
        if self.exists:
            with self._opened(read_only=False):
                pass

    @cached_property
    def _store(self) -> Store:
        if self.is_lake:
            return DuckLake(self.address, self.queue_seconds, self.extensions, self.lake_data)
        return DuckDBFile(Path(self.address), self.queue_seconds, self.foreign_seconds)

    @contextmanager
    def _opened(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """Take the lock, connect, begin a transaction. Tables of a newer release raise `WarehouseVersionError`."""
        lock, opened = self._store.lock(is_writing=not read_only), self._connection(read_only=read_only)
        with lock, opened as connection, self._transaction(connection):
            refuse_newer(connection, self.shown)
            yield connection

    @contextmanager
    def _connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._store.connection(read_only=read_only) as connection:
            connection.execute("SET TimeZone='UTC'")
            connection.execute("SET preserve_insertion_order=false")
            connection.execute(f"SET memory_limit='{self.memory_mb}MB'")
            yield connection

    @contextmanager
    def _transaction(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Begin and commit; on any end but the normal one the warehouse stays as it was once the connection closes."""
        with self._explained(is_commit=False):
            connection.execute("BEGIN TRANSACTION")
            yield
        with self._explained(is_commit=True):
            connection.execute("COMMIT")

    @contextmanager
    def _explained(self, *, is_commit: bool) -> Iterator[None]:
        """The database's errors as ours, where they are about the warehouse and not about a statement.

        `from None`: the database's own text may hold the address with its password.
        """
        try:
            yield
        except duckdb.Error as error:
            explained = self._store.explain(error, is_commit=is_commit)
            if explained is None:
                raise
            raise explained from None
