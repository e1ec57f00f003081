"""Retries a write that met another program's write.

Our own writers are serialized, so a conflict comes from another program; each retry starts from its result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cleargrid_assets.warehouse.errors import WarehouseConflictError

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

RETRIES = 4

T = TypeVar("T")


def retry_conflicts(write: Callable[[], T], log: logging.Logger) -> T:
    """Return the result of `write`. Raises `WarehouseConflictError` if every attempt meets a conflict."""
    for _ in range(RETRIES):
        try:
            return write()
        except WarehouseConflictError as conflict:
            log.warning("%s Trying again.", conflict)
    return write()
