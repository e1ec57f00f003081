"""Holds the rows of a read: the first ones in memory, all others in a temporary file without a name.

Where received rows wait between the client and the warehouse belongs here; which of them are copies is in `duplicates`.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cleargrid_assets.warehouse.errors import WarehouseWriteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BYTES_IN_MEMORY = 32_000_000
"""About three hundred thousand rows, so that most months never touch the disk."""

POSITION = pa.field("position", pa.int64())


@dataclass(frozen=True)
class SpilledBatch:
    """A record batch in memory or in the file."""

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
    """Rows in the order in which they were received; DuckDB and Arrow read them as a stream, as often as they like.

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

    def numbered(self) -> pa.RecordBatchReader:
        """All rows, with their position in the column `position`."""
        batches = (
            batch.append_column(POSITION, pa.array(np.arange(start, start + batch.num_rows)))
            for start, batch in self._read()
        )
        return pa.RecordBatchReader.from_batches(self.schema.append(POSITION), batches)

    def __arrow_c_schema__(self) -> object:
        """The columns, as Arrow's C interface asks for them."""
        return self.schema.__arrow_c_schema__()

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
