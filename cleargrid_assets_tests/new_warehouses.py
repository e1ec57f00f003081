"""New files of platforms under test: the program creates the first one of each test process, the others are copies.

Creating one writes more than five hundred comments, which takes longer than most tests. Keeping and copying new files
belongs here; `platform_copies` keeps what an act has left. New lakes are created each time.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb

create_and_write = Warehouse.writing


class NewWarehouses:
    """`folder` makes a new folder."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder
        self._lock = Lock()

    @contextmanager
    def copied(self) -> Iterator[None]:
        """Within the block, the first write to a file that its folder lacks creates a copy of the first one."""

        @contextmanager
        def writing(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
            with self._lock:
                file = Path(warehouse.address)
                if not warehouse.is_lake and file.parent.is_dir() and not file.exists():
                    file.write_bytes(self._first)
            with create_and_write(warehouse) as connection:
                yield connection

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Warehouse, "writing", writing)
            yield

    @cached_property
    def _first(self) -> bytes:
        file = self._folder() / "new.duckdb"
        with create_and_write(Warehouse(str(file))):
            pass
        return file.read_bytes()
