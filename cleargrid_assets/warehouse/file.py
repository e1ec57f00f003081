"""`DuckDBFile`: one DuckDB file, opened by one process at a time.

DuckDB lets a single process open a file for writing and keeps even readers of other processes out meanwhile. A
file lock beside the file makes that an orderly queue.

Opening the file and translating its errors belong here; which paths may be used is in `paths`, the queue in `locks`,
transactions in `warehouse`.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cleargrid_assets.warehouse.artifacts import ArtifactFolder
from cleargrid_assets.warehouse.errors import (
    WarehouseBusyError,
    WarehouseError,
    WarehouseUnreadableError,
    WarehouseWriteError,
    first_line,
)
from cleargrid_assets.warehouse.locks import file_lock
from cleargrid_assets.warehouse.paths import file_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

FOREIGN_LOCK = "Could not set lock on file"
READABLE_BY = {"storage_compatibility_version": "v1.5.0"}
"""A new file can be opened by the lake's DuckDB as well: the way to a lake, and back, stays open. It costs nothing."""

NEWER_FORMAT = "Trying to read a database file with version number"
OUT_OF_ROOM = (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException, duckdb.TransactionException)
"""The last is what a full disk makes of a commit; two transactions cannot collide on a file with one at a time."""


@dataclass(frozen=True)
class DuckDBFile:
    """The warehouse in the file at `path`."""

    path: Path
    queue_seconds: float
    foreign_seconds: float

    @property
    def shown(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def exists(self) -> bool:
        """Whether there is more than an empty file, which somebody prepared or a kill left.

        Raises `WarehouseUnreadableError` when something else than a file is there.
        """
        return bool(file_size(self.path))

    @property
    def place(self) -> str:
        """The folder that the file lies in."""
        return str(self.path.resolve().parent)

    def examine(self) -> None:
        """Whether the path can hold a file and its folder can be written."""
        file_size(self.path)
        ArtifactFolder(Path(self.place)).examine()

    def lock(self, *, is_writing: bool) -> AbstractContextManager[None]:  # noqa: ARG002 - a reader keeps writers out too
        """A file lock beside the file. Raises `WarehouseUnreadableError` when the path is not a file."""
        file_size(self.path)
        return file_lock(self.path, self.queue_seconds)

    @contextmanager
    def connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """The file, opened. Closing rolls back what was not committed."""
        with closing(self._open(read_only=read_only)) as connection:
            yield connection

    def explain(self, error: duckdb.Error, *, is_commit: bool) -> WarehouseError | None:  # noqa: ARG002 - a file's commit fails as a whole
        """A full disk or too little memory; anything else is the statement's own fault."""
        if not isinstance(error, OUT_OF_ROOM):
            return None
        return WarehouseWriteError(
            f"{self.path} could not be written and stays as it was: {first_line(error)} Free disk space or memory and "
            f"run again."
        )

    def _open(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        """Open the file; another program's lock is waited for, any other error is raised at once."""
        give_up_at = time.monotonic() + self.foreign_seconds
        if not self.exists:
            self._make()
        while True:
            try:
                return duckdb.connect(self.path.resolve(), read_only=read_only)
            except duckdb.IOException as error:
                if FOREIGN_LOCK not in str(error):
                    raise self._unreadable(error) from error
                if time.monotonic() >= give_up_at:
                    raise self._busy(error) from error
            except duckdb.Error as error:
                raise self._unreadable(error) from error
            time.sleep(0.2)

    def _make(self) -> None:
        """Write an empty database into the file. DuckDB refuses an empty file; replacing it would lose its mode."""
        try:
            with tempfile.TemporaryDirectory() as folder:
                database = Path(folder, "new.duckdb")
                duckdb.connect(database, config=READABLE_BY).close()
                self.path.write_bytes(database.read_bytes())
        except (OSError, duckdb.Error) as error:
            with suppress(OSError):  # half a database could not be opened; an empty file is none yet
                os.truncate(self.path, 0)
            raise WarehouseWriteError(
                f"{self.path} could not be made: {first_line(error)}. Free disk space or correct the file's permissions"
            ) from error

    def _busy(self, error: duckdb.Error) -> WarehouseBusyError:
        return WarehouseBusyError(
            f"{self.path} is held open by another program: close it and run again. {first_line(error)}"
        )

    def _unreadable(self, error: duckdb.Error) -> WarehouseUnreadableError:
        if NEWER_FORMAT in str(error):
            return WarehouseUnreadableError(
                f"{self.path} was made by a newer DuckDB than this one ({duckdb.__version__}): copy it once with the "
                f"DuckDB that made it (cleargrid move-warehouse {self.path} NEW_FILE); the copy can be opened by both"
            )
        return WarehouseUnreadableError(
            f"{self.path} cannot be opened as a DuckDB warehouse: correct CLEARGRID_WAREHOUSE. {first_line(error)}"
        )
