"""`DuckDBFile`: one DuckDB file, opened by one process at a time.

DuckDB lets a single process open a file for writing and keeps even other processes' readers out meanwhile. A lock
file beside it makes them queue.

Opening the file and translating its errors belong here; which paths may be used is in `path_validation`, the queue in
`locks`, transactions in `warehouse`.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import duckdb

from cleargrid_assets.warehouse.artifacts import ArtifactFolder
from cleargrid_assets.warehouse.errors import (
    WarehouseBusyError,
    WarehouseError,
    WarehouseUnreadableError,
    WarehouseWriteError,
    first_line,
    write_error,
)
from cleargrid_assets.warehouse.locks import file_lock
from cleargrid_assets.warehouse.path_validation import file_size, path_error, refuse_name_of_schema
from cleargrid_assets.warehouse.rollback_journal import RollbackJournal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

FOREIGN_LOCK = "Could not set lock on file"
READABLE_BY: dict[str, str | bool | int | float | list[str]] = {"storage_compatibility_version": "v1.5.0"}
"""Lets the lake's DuckDB open new files as well, so that moving to a lake and back stays possible at no cost."""

DAMAGED = re.compile("Corrupt database file|Could not read enough bytes")
"""Of a block, when it is first read, which may be long after the file was opened; or of a file that was cut off."""

NEWER_FORMAT = "Trying to read a database file with version number"
OTHER_LOG = re.compile(r"WAL( checkpoint iteration)? does not match")
OUT_OF_ROOM = (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException, duckdb.TransactionException)
"""A commit on a full disk raises the last one; transactions cannot collide, since the file admits one at a time."""


@dataclass(frozen=True)
class DuckDBFile:
    """The warehouse in the file at `path`."""

    path: Path
    lock_timeout: float
    open_timeout: float

    @property
    def display_name(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def exists(self) -> bool:
        """True unless the file is missing or empty; somebody may have prepared an empty one, or a kill left it.

        Raises `WarehouseUnreadableError` if the path is not a file, or has a name that none may have.
        """
        return bool(self._file_size())

    @property
    def location(self) -> str:
        """The file's folder."""
        return str(self.path.resolve().parent)

    def check_writable(self) -> None:
        """Check that the path can hold a file and its folder is writable."""
        self._file_size()
        ArtifactFolder(Path(self.location)).check_writable()

    def begin_transactions(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Leave the checkpoint to the end of the connection: the journal undoes one and no more."""
        connection.execute("SET wal_autocheckpoint='1000TB'")

    def lock(self, *, is_writing: bool) -> AbstractContextManager[None]:  # noqa: ARG002 - a reader keeps writers out too
        """A file lock beside the file. Raises `WarehouseUnreadableError` as `exists` does."""
        self._file_size()
        return file_lock(self.path, self.lock_timeout)

    def _file_size(self) -> int | None:
        size = file_size(self.path)
        refuse_name_of_schema(self.path)
        return size

    @contextmanager
    def connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file. Closing it rolls back what was not committed."""
        if not self.exists:
            self._create_database()
        with ExitStack() as stack:
            stack.callback(self._journal.roll_back)  # last, when DuckDB has closed the file
            file = None if read_only else stack.enter_context(self._open_readable())
            connection = stack.enter_context(closing(self._open(read_only=read_only)))
            if file is not None:
                self._journal.save(file, connection)
            yield connection

    def translate_error(self, error: duckdb.Error, *, is_commit: bool) -> WarehouseError | None:  # noqa: ARG002 - a file's commit fails as a whole
        """The error for damage, a full disk or too little memory; None for anything else: the statement is wrong."""
        if DAMAGED.search(str(error)):
            return self._damage_error(error)
        if not isinstance(error, OUT_OF_ROOM):
            return None
        is_out_of_memory = isinstance(error, duckdb.OutOfMemoryException)
        return write_error(str(self.path), first_line(error), is_out_of_memory=is_out_of_memory)

    def _open_readable(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise path_error(self.path, error) from error

    @property
    def _journal(self) -> RollbackJournal:
        return RollbackJournal(self.path)

    def _open(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        """Open the file; wait while another program has it open, raise any other error at once."""
        give_up_at = time.monotonic() + self.open_timeout
        while True:
            try:
                self._journal.roll_back()
                return duckdb.connect(self.path.resolve(), read_only=read_only)
            except duckdb.IOException as error:
                if FOREIGN_LOCK not in str(error):
                    raise self._unreadable_error(error) from error
                if time.monotonic() >= give_up_at:
                    raise self._busy_error(error) from error
            except duckdb.Error as error:
                raise self._unreadable_error(error) from error
            time.sleep(0.2)

    def _create_database(self) -> None:
        """Write an empty database into the file. DuckDB refuses an empty file; replacing it would lose its mode."""
        try:
            with tempfile.TemporaryDirectory() as folder:
                database = Path(folder, "new.duckdb")
                duckdb.connect(database, config=READABLE_BY).close()
                self.path.write_bytes(database.read_bytes())
        except (OSError, duckdb.Error) as error:
            with suppress(OSError):  # half a database could never be opened; an empty file counts as missing
                os.truncate(self.path, 0)
            raise WarehouseWriteError(
                f"{self.path} could not be created: {first_line(error)}. Free disk space or correct the file's "
                f"permissions"
            ) from error

    def _busy_error(self, error: duckdb.Error) -> WarehouseBusyError:
        return WarehouseBusyError(
            f"another program has {self.path} open: close it and run again; a tool that stays open reads "
            f"published/<environment>/cleargrid.duckdb beside it instead. {first_line(error)}"
        )

    def _unreadable_error(self, error: duckdb.Error) -> WarehouseUnreadableError:
        if NEWER_FORMAT in str(error):
            return WarehouseUnreadableError(
                f"a newer DuckDB than this one ({duckdb.__version__}) made {self.path}: copy it once with the DuckDB "
                f"that made it (cleargrid move-warehouse {self.path} NEW_FILE); both can open the copy"
            )
        if DAMAGED.search(str(error)):
            return self._damage_error(error)
        if OTHER_LOG.search(str(error)):
            return WarehouseUnreadableError(
                f"the files {self.path}.wal and .journal beside {self.path} belong to another copy of it: move them "
                f"away, and start this run again. {first_line(error)}"
            )
        return WarehouseUnreadableError(
            f"{self.path} cannot be opened as a DuckDB warehouse: correct CLEARGRID_WAREHOUSE. {first_line(error)}"
        )

    def _damage_error(self, error: duckdb.Error) -> WarehouseUnreadableError:
        return WarehouseUnreadableError(
            f"{self.path} is damaged: put your last copy of it in its place, or move it away and load the months "
            f"again. {first_line(error)}"
        )
