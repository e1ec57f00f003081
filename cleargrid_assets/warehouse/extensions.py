"""Loads DuckDB's extensions for a lake from a folder, from installed wheels, or from DuckDB's own server.

Add a source of extensions here; what they do for a lake is in `ducklake` and `ducklake_catalogs`.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cleargrid_assets.tables.table import literal
from cleargrid_assets.warehouse.errors import WarehouseUnreadableError, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator


def load_extension(connection: duckdb.DuckDBPyConnection, name: str, folder: Path | None) -> None:
    """Load `name` from `folder`, else from its wheel, else let DuckDB find or download it.

    Raises `WarehouseUnreadableError` if it cannot be found, or only for another version of DuckDB.
    """
    if folder is not None:
        connection.execute(f"SET extension_directory = {literal(str(folder))}")
    file = next((path for path in _candidates(name, folder) if path.exists()), None)
    try:
        if file is None and folder is None:
            connection.execute(f"INSTALL {name}")
        connection.execute(f"LOAD {literal(str(file)) if file else name}")
    except duckdb.Error as error:
        raise _extension_error(name, folder, error) from error


def _candidates(name: str, folder: Path | None) -> Iterator[Path]:
    """Where the file may be: directly in the folder, or in a wheel for exactly this DuckDB."""
    if folder is not None:
        yield folder / f"{name}.duckdb_extension"
    for wheel in _wheels(name):
        yield wheel / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"


def _wheels(name: str) -> list[Path]:
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    return [Path(location) for location in (spec.submodule_search_locations or [])] if spec else []


def _extension_error(name: str, folder: Path | None, error: duckdb.Error) -> WarehouseUnreadableError:
    others = sorted(path.name for wheel in _wheels(name) for path in (wheel / "extensions").glob("v*"))
    mismatch = f" Its installed wheel is for DuckDB {', '.join(others)}." if others else ""
    location = f" in CLEARGRID_DUCKDB_EXTENSIONS ({folder})" if folder else ""
    return WarehouseUnreadableError(
        f"CLEARGRID_WAREHOUSE is a DuckLake, and DuckDB {duckdb.__version__} finds no usable extension "
        f"{name}{location}.{mismatch} Install cleargrid-assets[lake], or set CLEARGRID_DUCKDB_EXTENSIONS to a folder "
        f"that holds the extension for this version. {first_line(error)}"
    )
