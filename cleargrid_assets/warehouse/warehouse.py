"""`Warehouse`: one DuckDB file, opened by one process at a time, for one short transaction.

DuckDB lets a single process open a file for writing and keeps even readers of other processes out meanwhile. A
file lock beside the file makes that an orderly queue; the kernel frees it when a process dies, however it dies.

Here: lock, open, begin, commit or roll back, close. Not here: SQL on tables.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from filelock import FileLock, Timeout

from cleargrid_assets.warehouse.errors import (
    WarehouseBusyError,
    WarehouseMissingError,
    WarehouseUnreadableError,
    WarehouseWriteError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = ("raw", "core", "analytics")
MACROS = Path(__file__).with_name("macros.sql")
FOREIGN_LOCK = "Could not set lock on file"


@dataclass(frozen=True)
class Warehouse:
    """The warehouse at `address`, a DuckDB file's path.

    `queue_seconds`: how long to wait for our own processes, which hold the file for seconds each.
    `foreign_seconds`: how long to wait for another program (a DuckDB shell, say) that has the file open.
    `memory_limit`: what DuckDB may hold before it spills beside the file.
    """

    address: str
    queue_seconds: float = 900
    foreign_seconds: float = 30
    memory_limit: str = "224MB"

    @property
    def exists(self) -> bool:
        """Whether something lies at the address."""
        return Path(self.address).exists()

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Raises `WarehouseBusyError`, `WarehouseUnreadableError` or `WarehouseWriteError`.
        """
        with self._queue(), self._connection(read_only=False) as connection:
            for schema in SCHEMAS:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            connection.execute(MACROS.read_text(encoding="utf-8"))
            with self._transaction(connection):
                yield connection

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection, once nobody is writing.

        Raises `WarehouseMissingError` when there is no file, `WarehouseBusyError` or `WarehouseUnreadableError`.
        """
        if not self.exists:
            raise WarehouseMissingError(f"there is no warehouse at {self.address} yet: load a month first")
        with self._queue(), self._connection(read_only=True) as connection:
            yield connection

    @contextmanager
    def _queue(self) -> Iterator[None]:
        """Our place in the queue of processes that share the file."""
        path = Path(self.address)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(f"{path}.lock", timeout=self.queue_seconds, is_singleton=True)
            lock.acquire()
        except Timeout as timeout:
            raise WarehouseBusyError(
                f"{path} was in use by other runs for {self.queue_seconds:.0f} s: run again when they have ended"
            ) from timeout
        except OSError as error:
            raise WarehouseUnreadableError(
                f"{path} cannot be used as a warehouse ({error.strerror}): correct CLEARGRID_WAREHOUSE or the "
                f"folder's permissions"
            ) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._open(read_only=read_only)
        try:
            connection.execute("SET TimeZone='UTC'")
            connection.execute("SET preserve_insertion_order=false")
            connection.execute(f"SET memory_limit='{self.memory_limit}'")
            yield connection
        finally:
            connection.close()

    def _open(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        """Open the file; another program's lock is waited for, anything else is said at once."""
        give_up_at = time.monotonic() + self.foreign_seconds
        while True:
            try:
                return duckdb.connect(self.address, read_only=read_only)
            except duckdb.IOException as error:
                if FOREIGN_LOCK not in str(error):
                    raise self._unreadable(error) from error
                if time.monotonic() >= give_up_at:
                    raise self._busy(error) from error
            except duckdb.Error as error:
                raise self._unreadable(error) from error
            time.sleep(0.2)

    @contextmanager
    def _transaction(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Begin and commit; on any end but the normal one the file stays as it was."""
        connection.execute("BEGIN TRANSACTION")
        try:
            yield
            connection.execute("COMMIT")
        except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException) as error:
            raise WarehouseWriteError(
                f"{self.address} could not be written and stays as it was: {_first_line(error)} Free disk space or "
                f"memory and run again."
            ) from error

    def _busy(self, error: duckdb.Error) -> WarehouseBusyError:
        return WarehouseBusyError(
            f"{self.address} is held open by another program: close it and run again. {_first_line(error)}"
        )

    def _unreadable(self, error: duckdb.Error) -> WarehouseUnreadableError:
        return WarehouseUnreadableError(
            f"{self.address} cannot be opened as a DuckDB warehouse: correct CLEARGRID_WAREHOUSE. {_first_line(error)}"
        )


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0]
