"""The warehouse: opening it for one short transaction, and what may be written in one.

Here: addresses, locks, transactions, and the `Query` that an SQL asset returns. Not here: which rows belong in a
table (`landing`, `assets`) or what the tables look like (`tables`). Nothing here knows Dagster.
"""

from cleargrid_assets.warehouse.errors import (
    WarehouseBusyError,
    WarehouseConflictError,
    WarehouseError,
    WarehouseMissingError,
    WarehouseUnreachableError,
    WarehouseUnreadableError,
    WarehouseWriteError,
)
from cleargrid_assets.warehouse.query import Query, Reference
from cleargrid_assets.warehouse.warehouse import Warehouse

__all__ = [
    "Query",
    "Reference",
    "Warehouse",
    "WarehouseBusyError",
    "WarehouseConflictError",
    "WarehouseError",
    "WarehouseMissingError",
    "WarehouseUnreachableError",
    "WarehouseUnreadableError",
    "WarehouseWriteError",
]
