"""A lake whose catalog is a file waits for its user: a program that has the file open is no wrong address."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.failures import is_worth_retrying
from cleargrid_assets.warehouse import WarehouseBusyError
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.warehouse_kinds import why_no_lake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DUCKDB = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
SQLITE = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE'); "
    "print('open', flush=True); sys.stdin.read()"
)


@contextmanager
def opened_by(program: str, catalog: Path) -> Iterator[None]:
    """`catalog` is open in another program inside the block."""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(catalog)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        yield
        other.communicate("")


@pytest.mark.skipif(why_no_lake() is not None, reason=f"{why_no_lake()}")
@pytest.mark.parametrize(("prefix", "program"), [("ducklake:", DUCKDB), ("ducklake:sqlite:", SQLITE)])
def test_a_catalog_that_another_program_has_open_is_called_busy_and_worth_retrying(
    tmp_path: Path, prefix: str, program: str
) -> None:
    catalog = tmp_path / "lake.catalog"
    with Warehouse(f"{prefix}{catalog}").writing():
        pass
    lake = Warehouse(f"{prefix}{catalog}")
    with opened_by(program, catalog):
        for use in (lake.writing, lake.reading):
            with pytest.raises(WarehouseBusyError, match="another program has the catalog of") as busy, use():
                pass
            assert is_worth_retrying(busy.value)
    with lake.reading():
        pass
