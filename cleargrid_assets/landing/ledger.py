"""Questions to the ledger of loads. Here: reading `raw.d23_loads`. Not here: writing it (`landing.write`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleargrid_assets.tables.raw import D23_LOADS
from cleargrid_assets.warehouse.errors import WarehouseMissingError
from cleargrid_assets.warehouse.inventory import has_table

if TYPE_CHECKING:
    from datetime import date, datetime

    from cleargrid_assets.warehouse.warehouse import Warehouse

LAST_LOADS = f"""
SELECT
  month, rows_landed, rows_quarantined, duplicates_collapsed, loaded_at, page_size_used, loaded_at >= until
FROM {D23_LOADS.qualified_name}
QUALIFY row_number() OVER (PARTITION BY month ORDER BY loaded_at DESC) = 1
ORDER BY month
"""


@dataclass(frozen=True)
class LastLoad:
    """A month's last load, `loaded_at` naive UTC. `is_complete`: it was read after the month had ended."""

    month: date
    rows_landed: int
    rows_quarantined: int
    duplicates_collapsed: int
    loaded_at: datetime
    page_size_used: int
    is_complete: bool


def last_loads(warehouse: Warehouse) -> dict[date, LastLoad]:
    """The last load of every month that was ever loaded; none when there is no warehouse yet."""
    try:
        with warehouse.reading() as connection:
            if not has_table(connection, D23_LOADS):
                return {}
            loads = [LastLoad(*row) for row in connection.execute(LAST_LOADS).fetchall()]
    except WarehouseMissingError:
        return {}
    return {load.month: load for load in loads}


def last_page_size(warehouse: Warehouse, month: date) -> int | None:
    """The page size that the month's last load ended with; None when it was never loaded."""
    load = last_loads(warehouse).get(month)
    return load.page_size_used if load else None
