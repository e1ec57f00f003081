"""Whose warehouse it is: one environment, one lender and one time zone, kept in `raw.warehouse_identity`.

The first load writes the row. Every load compares it before its first page and again in its transaction.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from cleargrid_assets.tables.catalog import TABLES_VERSION
from cleargrid_assets.tables.raw import WAREHOUSE_IDENTITY
from cleargrid_assets.warehouse.errors import WarehouseIdentityError, WarehouseMissingError
from cleargrid_assets.warehouse.inventory import has_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    import duckdb

    from cleargrid_assets.client import Window
    from cleargrid_assets.warehouse.warehouse import Warehouse

COLUMNS = ", ".join(WAREHOUSE_IDENTITY.column_names)
SELECT = f"SELECT {COLUMNS} FROM {WAREHOUSE_IDENTITY.qualified_name}"
INSERT = f"INSERT INTO {WAREHOUSE_IDENTITY.qualified_name} ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
WINDOWS = "SELECT month, since, until FROM raw.last_loads ORDER BY month"


@dataclass(frozen=True)
class Identity:
    """Whose months a load brings. `lender_public_id`: ClearGrid's own id of the lender, which a renamed one keeps."""

    environment: str
    lender: str
    lender_public_id: str
    timezone: str


@dataclass(frozen=True)
class WarehouseIdentity:
    """The row of `raw.warehouse_identity`. `made_by`: the version of this package; `made_at`: naive UTC."""

    environment: str
    lender: str
    lender_public_id: str
    timezone: str
    tables_version: int
    made_by: str
    made_at: datetime

    @property
    def summary(self) -> str:
        """Whose it is, as commands print it."""
        return (
            f"lender {self.lender} ({self.lender_public_id}) in {self.environment}, months in {self.timezone}, tables "
            f"of version {self.tables_version}, made by cleargrid_assets {self.made_by} on {self.made_at:%Y-%m-%d}"
        )


def identity_of(warehouse: Warehouse) -> WarehouseIdentity | None:
    """Whose warehouse it is; None while no load has written to it. Raises `WarehouseError`."""
    try:
        with warehouse.reading() as connection:
            return _stored(connection) if has_table(connection, WAREHOUSE_IDENTITY) else None
    except WarehouseMissingError:
        return None


@dataclass(frozen=True)
class IdentityGuard:
    """Keeps months of another environment, lender or time zone out of a warehouse.

    `window_of`: a month's window in the configured time zone. `display_name`: the warehouse as messages name it.
    """

    identity: Identity
    window_of: Callable[[date], Window]
    display_name: str

    def verify_warehouse(self, warehouse: Warehouse) -> None:
        """Raise `WarehouseIdentityError` when the warehouse is somebody else's; one that does not exist yet is ours."""
        try:
            with warehouse.reading() as connection:
                if has_table(connection, WAREHOUSE_IDENTITY):
                    self.verify(connection)
        except WarehouseMissingError:
            return

    def verify(self, connection: duckdb.DuckDBPyConnection) -> None:
        """The same within a transaction."""
        stored = _stored(connection)
        if stored is None:
            self._verify_windows(connection)
        else:
            verify_stored(stored, self.identity, self.display_name)

    def adopt(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Verify, and write the row where there is none yet."""
        self.verify(connection)
        if _stored(connection) is None:
            made_at = datetime.now(UTC).replace(tzinfo=None)
            row = (*astuple(self.identity), TABLES_VERSION, version("cleargrid-assets"), made_at)
            connection.execute(INSERT, row)

    def _verify_windows(self, connection: duckdb.DuckDBPyConnection) -> None:
        """A warehouse of the release before does not say whose it is; its months say which time zone they are of."""
        for month, since, until in connection.execute(WINDOWS).fetchall():
            window = self.window_of(month)
            if (window.since.replace(tzinfo=None), window.until.replace(tzinfo=None)) != (since, until):
                raise WarehouseIdentityError(
                    f"an earlier release made {self.display_name}, and its month {month:%Y-%m} runs from {since} to "
                    f"{until} UTC, which is not that month in {self.identity.timezone} (CLEARGRID_TIMEZONE); nothing "
                    f"was read or written. Set CLEARGRID_TIMEZONE to the zone that the months were loaded in and load "
                    f"one month; to change the zone afterwards, run `cleargrid rezone`"
                )


def verify_stored(stored: WarehouseIdentity, ours: Identity, display_name: str) -> None:
    """Raise `WarehouseIdentityError` when the warehouse `display_name`, which is `stored`'s, is not `ours`."""
    if (stored.environment, stored.lender_public_id) != (ours.environment, ours.lender_public_id):
        raise WarehouseIdentityError(
            f"{display_name} holds months of lender {stored.lender} in {stored.environment}, not of lender "
            f"{ours.lender} in {ours.environment}; nothing was read or written. Each environment and lender needs "
            f"a warehouse of its own: set CLEARGRID_WAREHOUSE to another one, or correct CLEARGRID_ENVIRONMENT and "
            f"CLEARGRID_LENDER"
        )
    if stored.timezone != ours.timezone:
        raise WarehouseIdentityError(
            f"{display_name} holds months of the time zone {stored.timezone}, and CLEARGRID_TIMEZONE is "
            f"{ours.timezone}, where every month begins and ends at other instants; nothing was read or written. "
            f"Set it back to {stored.timezone}, or run `cleargrid rezone`, which reads all months again into a new "
            f"warehouse and keeps the old one"
        )


def _stored(connection: duckdb.DuckDBPyConnection) -> WarehouseIdentity | None:
    row = connection.execute(SELECT).fetchone()
    return WarehouseIdentity(*row) if row else None
