"""The warehouse: opening it for one short transaction, and what may be written in one.

Here: addresses, locks, transactions, and the `Query` that an SQL asset returns. Not here: which rows belong in a
table (`landing`, `assets`) or what the tables look like (`tables`). Nothing here knows Dagster. `Warehouse` itself
is in `warehouse.warehouse`: it brings DuckDB, which whoever only names errors and queries need not pay for.
"""

from cleargrid_assets.warehouse.errors import (
    WarehouseBusyError,
    WarehouseConflictError,
    WarehouseError,
    WarehouseIdentityError,
    WarehouseMissingError,
    WarehouseUnreachableError,
    WarehouseUnreadableError,
    WarehouseVersionError,
    WarehouseWriteError,
)
from cleargrid_assets.warehouse.query import Query, Reference

__all__ = [
    "Query",
    "Reference",
    "WarehouseBusyError",
    "WarehouseConflictError",
    "WarehouseError",
    "WarehouseIdentityError",
    "WarehouseMissingError",
    "WarehouseUnreachableError",
    "WarehouseUnreadableError",
    "WarehouseVersionError",
    "WarehouseWriteError",
]
