"""Checks the paths that the warehouse uses: anything that cannot be a DuckDB file is refused and left untouched.

Add here what must hold before a path is locked or opened.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cleargrid_assets.warehouse.errors import WarehouseUnreadableError

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
NAMES_OF_SCHEMAS = ("analytics", "core", "information_schema", "marts", "raw")


def file_size(path: Path) -> int | None:
    """The size in bytes of the file at `path`; None if there is none yet.

    Raises `WarehouseUnreadableError` if the path is not a file, or is a dangling link.
    """
    refuse_dangling_link(path)
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise path_error(path, error) from error
    if not stat.S_ISREG(status.st_mode):
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "not a file")
        raise WarehouseUnreadableError(f"{path} is {kind}: set CLEARGRID_WAREHOUSE to the path of a DuckDB file")
    return status.st_size


def refuse_name_of_schema(path: Path) -> None:
    """Raise `WarehouseUnreadableError` if the file, or what a link leads to, is called like one of its schemas.

    DuckDB names a database after its file, up to the first dot; `analytics.x` is ambiguous in `analytics.duckdb`.
    """
    name = Path(os.path.realpath(path)).name.lstrip(".").partition(".")[0]
    if name.lower() in NAMES_OF_SCHEMAS:
        raise WarehouseUnreadableError(
            f"{path} cannot be a warehouse, because a schema in it is called {name.lower()} too: rename the file and "
            f"correct CLEARGRID_WAREHOUSE"
        )


def refuse_dangling_link(path: Path) -> None:
    """Raise `WarehouseUnreadableError` if `path`, or a folder on the way to it, is a dangling link.

    Its target is usually on a volume that is not mounted; a new file there would hide the real one.
    """
    try:
        dangling = next((part for part in (path, *path.parents) if part.is_symlink() and not part.exists()), None)
    except OSError as error:
        raise path_error(path, error) from error
    if dangling:
        raise WarehouseUnreadableError(
            f"{dangling} is a link to {os.path.realpath(dangling)}, which does not exist: mount the volume or correct "
            f"CLEARGRID_WAREHOUSE"
        )


def path_error(path: Path, error: OSError) -> WarehouseUnreadableError:
    """The error for a path that the operating system does not let us use."""
    return WarehouseUnreadableError(
        f"{path} cannot be used as a warehouse ({error.strerror}): correct CLEARGRID_WAREHOUSE or the folder's "
        f"permissions"
    )
