"""Holds the rows of a read: the first ones in memory, all others in a temporary file without a name.

Where received rows wait between the client and the warehouse belongs here; which of them are copies is in `duplicates`.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleargrid_assets.warehouse.errors import WarehouseWriteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    import duckdb

BYTES_IN_MEMORY = 32_000_000
"""About three hundred thousand rows, so that most months never touch the disk."""

POSITION = pa.field("position", pa.int64())


@dataclass(frozen=True)
class SpilledBatch:
    """A record batch in memory or in the file; it has at least one row."""

    num_rows: int
    read: Callable[[], pa.RecordBatch]


class Spill:
    """Keeps record batches, which many threads may write and read.

    Its file is deleted as soon as it is created, so nothing is left behind, however the process ends.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._bytes_in_memory = self._file_size = 0
        self._file: int | None = None

    def keep(self, rows: pa.Table) -> SpilledRows:
        """Keep `rows` as one batch, because a thousand small ones cost half as much memory again.

        Raises `WarehouseWriteError` if the disk is full.
        """
        return SpilledRows(rows.schema, [self._keep_batch(batch) for batch in rows.combine_chunks().to_batches()])

    def _keep_batch(self, batch: pa.RecordBatch) -> SpilledBatch:
        with self._lock:
            if self._bytes_in_memory + batch.nbytes <= BYTES_IN_MEMORY:
                self._bytes_in_memory += batch.nbytes
                return SpilledBatch(batch.num_rows, lambda: batch)
        content = batch.serialize()
        try:
            offset = self._append(memoryview(content))
        except OSError as error:
            raise WarehouseWriteError(
                f"the temporary folder {tempfile.gettempdir()} could not hold the month's rows ({error.strerror}), and "
                f"the month is unchanged: free disk space there, or let TMPDIR name a larger folder"
            ) from error
        return SpilledBatch(batch.num_rows, partial(self._read, offset, content.size, batch.schema))

    def _append(self, content: memoryview) -> int:
        """Write `content` at the end of the file; its offset."""
        with self._lock:
            if self._file is None:
                file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the spill is used
                weakref.finalize(self, file.close)
                self._file = file.fileno()
            start = offset = self._file_size
            self._file_size += len(content)
        while content:
            written = os.pwrite(self._file, content, offset)
            content, offset = content[written:], offset + written
        return start

    def _read(self, offset: int, length: int, schema: pa.Schema) -> pa.RecordBatch:
        assert self._file is not None
        return pa.ipc.read_record_batch(pa.py_buffer(os.pread(self._file, length, offset)), schema)


@dataclass(frozen=True)
class SpilledRows:
    """Rows in the order in which they were received; DuckDB and Arrow read them as streams, any number of times.

    `kept`: for each row whether it counts; None if all do.
    """

    schema: pa.Schema
    batches: Sequence[SpilledBatch]
    kept: np.ndarray[Any, np.dtype[np.bool_]] | None = None

    @property
    def num_rows(self) -> int:
        """The number of rows that count."""
        return sum(batch.num_rows for batch in self.batches) if self.kept is None else int(self.kept.sum())

    def only(self, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> SpilledRows:
        """The rows for which `kept` is true."""
        return replace(self, kept=kept)

    def parts(self, rows_at_once: int) -> Sequence[SpilledRows]:
        """All rows in parts of whole batches, of `rows_at_once` rows or little more; at least one."""
        parts, begin, start, size = list[SpilledRows](), 0, 0, 0
        for end, batch in enumerate(self.batches, 1):
            size += batch.num_rows
            if size >= rows_at_once or end == len(self.batches):
                kept = None if self.kept is None else self.kept[start : start + size]
                parts.append(SpilledRows(self.schema, self.batches[begin:end], kept))
                begin, start, size = end, start + size, 0
        return parts or [self]

    def earliest(self, name: str) -> datetime:
        """The least value of a column in the first batch."""
        return cast("datetime", pc.min(self.batches[0].read()[name]).as_py())

    def numbered(self) -> pa.RecordBatchReader:
        """All rows, with their position in the column `position`."""
        batches = (
            batch.append_column(POSITION, pa.array(np.arange(start, start + batch.num_rows)))
            for start, batch in self._read()
        )
        return pa.RecordBatchReader.from_batches(self.schema.append(POSITION), batches)

    @contextmanager
    def named(self, name: str, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Let one statement of the block read the rows that count, once, as the relation `name`.

        It gets the stream itself: an object that makes streams is read through `pyarrow.dataset` by DuckDB 1.5, any
        number of batches ahead. After an error the connection must be closed; to unregister would hide the error.
        """
        connection.register(name, self.__arrow_c_stream__())
        yield
        connection.unregister(name)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A new stream of the rows that count, as Arrow's C interface asks for it."""
        batches = (batch for _, batch in self._read()) if self.kept is None else self._read_kept(self.kept)
        return pa.RecordBatchReader.from_batches(self.schema, batches).__arrow_c_stream__(requested_schema)

    def _read_kept(self, kept: np.ndarray[Any, np.dtype[np.bool_]]) -> Iterator[pa.RecordBatch]:
        for start, batch in self._read():
            yield batch.filter(pa.array(kept[start : start + batch.num_rows]))

    def _read(self) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Each batch with the position of its first row."""
        starts = accumulate((batch.num_rows for batch in self.batches), initial=0)
        for start, batch in zip(starts, self.batches, strict=False):
            yield start, batch.read()
