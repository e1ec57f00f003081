"""The warehouse: opening it for one short transaction, and what may be written in one.

Addresses, locks, transactions and the `Query` that an SQL asset returns belong here. Which rows a table gets is in
`landing` and `assets`, what the tables look like in `tables`; nothing in this package knows Dagster. `Warehouse`
itself is in `warehouse.warehouse`: importing it imports DuckDB, which users of errors and queries alone do not need.
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
from cleargrid_assets.warehouse.query import Query, Seed

__all__ = [
    "Query",
    "Seed",
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
