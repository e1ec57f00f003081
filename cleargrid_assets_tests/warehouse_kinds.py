"""Addresses of empty warehouses for tests: a file, and lakes where this environment can open them.

Add a kind of warehouse and what it needs here; `postgres_server` starts PostgreSQL.
"""

from __future__ import annotations

from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING

import duckdb
import pytest

from cleargrid_assets.warehouse import WarehouseError
from cleargrid_assets.warehouse.extensions import load_extension

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cleargrid_assets_tests.postgres_server import PostgresServer

FILE, SQLITE, POSTGRES = "file", "sqlite", "postgres"
LAKES = (SQLITE, POSTGRES)
KINDS = (FILE, *LAKES)

Variables = dict[str, str]


def variables_of(kind: str, folder: Path, postgres: Callable[[], PostgresServer]) -> Variables:
    """The settings of an empty warehouse; skips the test where this environment has no lake."""
    if kind == FILE:
        return {"CLEARGRID_WAREHOUSE": str(folder / "warehouse.duckdb")}
    reason = why_no_lake()
    if reason:
        pytest.skip(reason)
    if kind == SQLITE:
        return {"CLEARGRID_WAREHOUSE": f"ducklake:sqlite:{folder / 'lake.sqlite'}"}
    server = postgres()
    return {
        "CLEARGRID_WAREHOUSE": f"ducklake:postgres:{server.dsn(server.create_database())}",
        "CLEARGRID_LAKE_DATA": str(folder / "lake"),
    }


@cache
def why_no_lake() -> str | None:
    """The reason why lakes cannot be opened here; None if they can."""
    with closing(duckdb.connect()) as connection:
        try:
            for name in ("ducklake", "sqlite_scanner", "postgres_scanner"):
                load_extension(connection, name, None)
        except WarehouseError as error:
            return f"no lake: {error}"
    return None
