"""A rollback journal for DuckDB's checkpoint: it restores what a killed process left half-written.

A checkpoint writes into free blocks and then a new header, so that a kill before the header leaves the old state. There
is one exception: new metadata goes into the unused parts of a block whose other parts the old header still needs. That
block has one checksum for all of its 256 KB, and a process killed while it writes them leaves a file that DuckDB can
no longer open ("computed checksum does not match stored checksum"; seen with 1.5.5 and 2.0.1).

The journal holds the headers and those blocks as they were before the connection wrote anything. If the headers are
the same afterwards, no checkpoint was completed: the blocks are put back, and DuckDB goes on from its old state and its
log. A connection makes one checkpoint, with its commit or when it closes, so one journal for each is enough.
"""

from __future__ import annotations

import fcntl
import os
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from cleargrid_assets.warehouse.errors import WarehouseWriteError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

HEADERS = 3 * 4096
"""Bytes of a DuckDB file's headers: the file's own, and two of the database, which checkpoints write in turn."""

BLOCK_SIZE = "SELECT block_size FROM pragma_database_size() WHERE database_name = current_database()"
PARTLY_USED = "SELECT block_id FROM pragma_metadata_info() WHERE free_blocks > 0"
NUMBER = struct.Struct("<Q")


@dataclass(frozen=True)
class RollbackJournal:
    """The journal of the DuckDB file at `path`, which is next to it."""

    path: Path

    @property
    def location(self) -> Path:
        """The journal's own path; there is a file only while a connection may write, or after a kill."""
        resolved = self.path.resolve()
        return resolved.with_name(f"{resolved.name}.journal")

    def save(self, file: BinaryIO, connection: duckdb.DuckDBPyConnection) -> None:
        """Copy what a checkpoint of `connection` may overwrite; the journal appears as a whole.

        `file` is the database file, opened before the connection and closed after it: closing it frees every lock that
        this process has on the file, DuckDB's among them.

        Raises `WarehouseWriteError`.
        """
        (size,) = connection.execute(BLOCK_SIZE).fetchone() or ()
        offsets = [HEADERS + block * size for (block,) in connection.execute(PARTLY_USED).fetchall()]
        unfinished = self.location.with_name(f"{self.location.name}.new")
        with self._translate_errors(), unfinished.open("wb") as journal:
            os.fchmod(journal.fileno(), os.fstat(file.fileno()).st_mode & 0o777)  # its statistics hold values of rows
            journal.write(NUMBER.pack(size) + os.pread(file.fileno(), HEADERS, 0))
            for offset in offsets:
                journal.write(NUMBER.pack(offset) + os.pread(file.fileno(), size, offset))
            journal.flush()
            os.fsync(journal.fileno())
            unfinished.replace(self.location)
            _sync_folder(self.location.parent)

    def roll_back(self) -> None:
        """Put back what an unfinished checkpoint has overwritten, and delete the journal.

        A file that we may not write, or that another program has open, is left as it is. Raises `WarehouseWriteError`.
        """
        if not (self.location.exists() and os.access(self.path, os.W_OK)):
            return
        with self._translate_errors(), self.path.open("r+b") as file, self.location.open("rb") as journal:
            if not _try_lock(file):
                return
            for offset, block in _read_blocks(journal, headers=file.read(HEADERS)):
                os.pwrite(file.fileno(), block, offset)
            os.fsync(file.fileno())
            self.location.unlink()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise WarehouseWriteError(
                f"{self.location} could not be written ({error.strerror}), and {self.path} stays as it was: free disk "
                f"space or correct the folder's permissions"
            ) from error


def _try_lock(file: BinaryIO) -> bool:
    """Take the lock that DuckDB takes; False when another program has it."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_blocks(journal: BinaryIO, *, headers: bytes) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of each block; none if the file has different headers from when the journal was written."""
    (size,) = NUMBER.unpack(journal.read(NUMBER.size))
    if journal.read(HEADERS) != headers:
        return
    while offset := journal.read(NUMBER.size):
        yield NUMBER.unpack(offset)[0], journal.read(size)


def _sync_folder(folder: Path) -> None:
    """Let the journal's name survive a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
