"""`Warehouse`: opens the database at any address for one short transaction.

Beginning, committing, rolling back and closing belong here. A file is opened in `duckdb_file`, a lake in `ducklake`;
locks are in `locks`, the tables in `schema`.
"""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

import duckdb

from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.warehouse.duckdb_file import DuckDBFile
from cleargrid_assets.warehouse.ducklake import DuckLake
from cleargrid_assets.warehouse.ducklake_catalogs import PREFIX
from cleargrid_assets.warehouse.errors import WarehouseMissingError
from cleargrid_assets.warehouse.private_folder import PrivateFolder
from cleargrid_assets.warehouse.schema import is_outdated, prepare, supported_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.warehouse.errors import WarehouseError

    Transactions: TypeAlias = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]
    """Begins a transaction at each call."""


class Store(Protocol):
    """What differs between a file and a lake."""

    @property
    def display_name(self) -> str:
        """The address as messages may show it."""

    @property
    def exists(self) -> bool:
        """True once there is a warehouse."""

    @property
    def location(self) -> str:
        """The folder, or the prefix in a bucket, that holds the warehouse's files."""

    def check_writable(self) -> None:
        """Raise the error that a first write would meet, as far as it can be foreseen; leave nothing behind."""

    def begin_transactions(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Prepare a connection for more than one transaction."""

    def lock(self, *, is_writing: bool) -> AbstractContextManager[Callable[[], None] | None]:
        """The lock that processes sharing the warehouse take.

        Yields a function that raises `WarehouseConflictError` if the lock was lost; None if it cannot be.
        """

    def connection(self, *, read_only: bool) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A connection that closes at the end of the block."""

    def translate_error(self, error: duckdb.Error, *, is_commit: bool) -> WarehouseError | None:
        """Our error for a failed statement or commit; None if the statement itself is wrong."""


@dataclass(frozen=True)
class Warehouse:
    """The warehouse at `address`: a DuckDB file's path, or `ducklake:` and the catalog of a lake.

    `lock_timeout`: seconds to wait for our own processes, which hold the lock for seconds each.
    `open_timeout`: seconds to wait for another program, such as a DuckDB shell, that has the file open.
    `memory_mb`: megabytes that DuckDB may hold before it spills to disk.
    `extensions`: the folder of DuckDB's extensions, for a lake; None: installed wheels, or DuckDB's own folder.
    `lake_data`: where a lake keeps its Parquet files; needed to create it, then its catalog knows.
    `datasets`: those whose tables it gets.
    """

    address: str
    lock_timeout: float = 900
    open_timeout: float = 30
    memory_mb: int = 256
    extensions: Path | None = None
    lake_data: str | None = None
    datasets: tuple[RawDataset, ...] = (D23,)

    @property
    def is_lake(self) -> bool:
        """True if several hosts can share it."""
        return self.address.startswith(PREFIX)

    @property
    def display_name(self) -> str:
        """The address without a password."""
        return self._store.display_name

    @property
    def exists(self) -> bool:
        """True if there is a warehouse at the address."""
        return self._store.exists

    @property
    def location(self) -> str:
        """The folder or `s3://` prefix where every host finds the warehouse's files."""
        return self._store.location.rstrip("/")

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Tables of an earlier release are brought up to date first.

        Raises `WarehouseBusyError`, `WarehouseConflictError`, `WarehouseUnreachableError`, `WarehouseUnreadableError`,
        `WarehouseVersionError` or `WarehouseWriteError`.
        """
        with self._open(read_only=False) as connection:
            prepare(connection, self.display_name, self.datasets)
            yield connection

    @contextmanager
    def transactions(self) -> Iterator[Transactions]:
        """Open the warehouse once for several transactions, each like that of `writing`.

        Opening costs more than a small transaction. Raises `WarehouseMissingError` when there is none, and what
        `writing` raises.
        """
        self._verify_existence()
        with self._store.lock(is_writing=True) as verify_lock, self._connection(read_only=False) as connection:
            self._store.begin_transactions(connection)
            with self._transaction(connection, verify_lock):
                prepare(connection, self.display_name, self.datasets)
            yield lambda: self._transaction(connection, verify_lock)

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection that sees one snapshot of the warehouse.

        Tables of an earlier release are brought up to date first.

        Raises `WarehouseMissingError` when there is none, `WarehouseBusyError`, `WarehouseUnreachableError`,
        `WarehouseUnreadableError` or `WarehouseVersionError`.
        """
        self._verify_existence()
        with ExitStack() as stack:
            connection = stack.enter_context(self._open(read_only=True))
            if is_outdated(connection, self.display_name, self.datasets):
                stack.close()
                with self.writing():
                    pass
                connection = stack.enter_context(self._open(read_only=True))
            yield connection

    @contextmanager
    def scratch(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """An empty warehouse with the same tables, in a temporary file that is deleted at the end."""
        with PrivateFolder() as folder, closing(duckdb.connect(folder / "scratch.duckdb")) as connection:
            self._configure(connection)
            prepare(connection, self.display_name, self.datasets)
            yield connection

    def check_writable(self) -> None:
        """Raise the error that the next write would meet, as far as it can be foreseen; leave nothing behind."""
        self._store.check_writable()
        if self.exists:
            with self._open(read_only=False) as connection:
                supported_version(connection, self.display_name)

    def _verify_existence(self) -> None:
        if not self.exists:
            raise WarehouseMissingError(f"there is no warehouse at {self.display_name} yet: load a month first")

    @cached_property
    def _store(self) -> Store:
        if self.is_lake:
            return DuckLake(self.address, self.lock_timeout, self.extensions, self.lake_data)
        return DuckDBFile(Path(self.address), self.lock_timeout, self.open_timeout)

    @contextmanager
    def _open(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """Take the lock, connect, begin a transaction."""
        lock, opened = self._store.lock(is_writing=not read_only), self._connection(read_only=read_only)
        with lock as verify_lock, opened as connection, self._transaction(connection, verify_lock):
            yield connection

    @contextmanager
    def _connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._store.connection(read_only=read_only) as connection:
            self._configure(connection)
            yield connection

    def _configure(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("SET TimeZone='UTC'")
        connection.execute("SET preserve_insertion_order=false")
        connection.execute(f"SET memory_limit='{self.memory_mb}MB'")

    @contextmanager
    def _transaction(
        self, connection: duckdb.DuckDBPyConnection, verify_lock: Callable[[], None] | None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Begin and commit, or roll back if the block raises or the lock was lost; then another one can begin."""
        try:
            with self._translate_errors(is_commit=False):
                connection.execute("BEGIN TRANSACTION")
                yield connection
            if verify_lock:
                verify_lock()
            with self._translate_errors(is_commit=True):
                connection.execute("COMMIT")
        except BaseException:
            with suppress(duckdb.Error):  # a failed commit has rolled back already
                connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _translate_errors(self, *, is_commit: bool) -> Iterator[None]:
        """Turn database errors into ours if they concern the warehouse; a wrong statement's error passes.

        `from None`: the database's own text may contain the address with its password.
        """
        try:
            yield
        except duckdb.Error as error:
            translated = self._store.translate_error(error, is_commit=is_commit)
            if translated is None:
                raise
            raise translated from None
