"""`PrivateFolder`: a temporary folder of one process; what a killed process left is removed by the next one.

Whatever DuckDB spills outside a warehouse's own folder belongs into one: DuckDB 1.5 gives its files the same names in
every process, so that two which share a folder overwrite each other's rows.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

PREFIX = "cleargrid-private-"


class PrivateFolder(AbstractContextManager[Path]):
    """A new folder, which nobody else may read; removed at the end of the block, or with this object.

    A lock on it says that its process is alive.
    """

    def __init__(self) -> None:
        _remove_abandoned()
        self.path, descriptor = _create()
        self._remove = weakref.finalize(self, _remove, self.path, descriptor)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._remove()


def _create() -> tuple[Path, int]:
    """A new folder and the descriptor that locks it; another process may have removed it before it was locked."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        descriptor = _lock(path)
        if descriptor is not None and path.exists():
            return path, descriptor


def _remove_abandoned() -> None:
    """Remove the folders of processes that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        descriptor = _lock(path)
        if descriptor is not None:
            _remove(path, descriptor)


def _lock(path: Path) -> int | None:
    """A descriptor of the folder with the lock on it; None if another process has the lock, or the folder is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove(path: Path, descriptor: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(descriptor)
