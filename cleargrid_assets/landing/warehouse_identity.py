"""The identity of a warehouse: its environment, lender and time zone, stored in `raw.warehouse_identity`.

The first load writes the row; every load compares it before its first page and again in its transaction. What computes
tables compares the parts that settings alone say.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cleargrid_assets.landing.ledger import to_naive_utc
from cleargrid_assets.tables.catalog import TABLES_VERSION
from cleargrid_assets.tables.raw import D23_LOADS, WAREHOUSE_IDENTITY
from cleargrid_assets.warehouse.errors import WarehouseIdentityError, WarehouseMissingError

if TYPE_CHECKING:
    from datetime import date

    import duckdb

    from cleargrid_assets.client import ClearGridClient
    from cleargrid_assets.settings import Settings
    from cleargrid_assets.warehouse.warehouse import Warehouse

COLUMNS = ", ".join(WAREHOUSE_IDENTITY.column_names)
SELECT = f"SELECT {COLUMNS} FROM {WAREHOUSE_IDENTITY.qualified_name}"
INSERT = f"INSERT INTO {WAREHOUSE_IDENTITY.qualified_name} ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
HAS_TABLES = "SELECT count(*) > 0 FROM duckdb_tables() WHERE database_name = current_database()"
WINDOWS = "SELECT month, since, until FROM raw.last_loads ORDER BY month"


@dataclass(frozen=True)
class Identity:
    """The identity of a load's months. `lender_public_id`: ClearGrid's own id, which survives a renaming."""

    environment: str
    lender: str
    lender_public_id: str
    timezone: str


@dataclass(frozen=True)
class WarehouseIdentity(Identity):
    """The row of `raw.warehouse_identity`. `made_by`: the version of this package; `made_at`: naive UTC."""

    tables_version: int
    made_by: str
    made_at: datetime

    @property
    def summary(self) -> str:
        """The identity as commands print it."""
        return (
            f"lender {self.lender} ({self.lender_public_id}) in {self.environment}, months in {self.timezone}, tables "
            f"of version {self.tables_version}, made by cleargrid_assets {self.made_by} on {self.made_at:%Y-%m-%d}"
        )


def identity_of(warehouse: Warehouse) -> WarehouseIdentity | None:
    """The identity of the warehouse; None until the first load. Raises `WarehouseError`."""
    try:
        with warehouse.reading() as connection:
            return _stored_identity(connection) if WAREHOUSE_IDENTITY.exists_in(connection) else None
    except WarehouseMissingError:
        return None


def other_tables(warehouse: Warehouse) -> str:
    """A sentence to add if it has tables, but not ours, such as the published database; empty if not.

    Raises `WarehouseError`.
    """
    try:
        with warehouse.reading() as connection:
            ((has_tables,),) = connection.execute(HAS_TABLES).fetchall()
            is_other = has_tables and not D23_LOADS.exists_in(connection)
    except WarehouseMissingError:
        return ""
    return ". It holds other tables only: is CLEARGRID_WAREHOUSE right?" if is_other else ""


@dataclass(frozen=True)
class IdentityGuard:
    """Keeps months of another environment, lender or time zone out of a warehouse.

    `display_name`: the warehouse as messages name it.
    """

    identity: Identity
    display_name: str

    @classmethod
    def of(cls, settings: Settings, client: ClearGridClient, warehouse: Warehouse) -> IdentityGuard:
        """The guard of a run. Logs in, because only ClearGrid knows the lender's public id."""
        identity = Identity(settings.environment, settings.account.lender, client.log_in(), settings.timezone)
        return cls(identity, warehouse.display_name)

    def verify_warehouse(self, warehouse: Warehouse) -> None:
        """Raise `WarehouseIdentityError` if the warehouse has another identity; a missing one is fine."""
        try:
            with warehouse.reading() as connection:
                if WAREHOUSE_IDENTITY.exists_in(connection):
                    self.verify(connection)
        except WarehouseMissingError:
            return

    def verify(self, connection: duckdb.DuckDBPyConnection) -> WarehouseIdentity | None:
        """The same within a transaction; the stored identity, None before the first load."""
        stored = _stored_identity(connection)
        if stored is None:
            _verify_windows(connection, self.identity.timezone, self.display_name)
        else:
            verify_stored(stored, self.identity, self.display_name)
        return stored

    def adopt(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Verify, and write the row if there is none yet."""
        if self.verify(connection) is None:
            row = (
                *astuple(self.identity),
                TABLES_VERSION,
                version("cleargrid-assets"),
                to_naive_utc(datetime.now(UTC)),
            )
            connection.execute(INSERT, row)


def verify_settings(connection: duckdb.DuckDBPyConnection, settings: Settings, display_name: str) -> None:
    """Raise `WarehouseIdentityError` if the months are of another environment or time zone than the configured one.

    The lender is not compared: only a login says which one it is, and what computes tables does not log in.
    """
    if not WAREHOUSE_IDENTITY.exists_in(connection):
        return
    stored = _stored_identity(connection)
    if stored is None:
        _verify_windows(connection, settings.timezone, display_name)
    else:
        ours = Identity(settings.environment, stored.lender, stored.lender_public_id, settings.timezone)
        verify_stored(stored, ours, display_name)


def _verify_windows(connection: duckdb.DuckDBPyConnection, timezone: str, display_name: str) -> None:
    """Raise `WarehouseIdentityError` if months that release 0.1.0 loaded, which kept no identity, have another zone."""
    for month, since, until in connection.execute(WINDOWS).fetchall():
        if (since, until) != _window(month, ZoneInfo(timezone)):
            raise WarehouseIdentityError(
                f"an earlier release made {display_name}, and its month {month:%Y-%m} runs from {since} to {until} "
                f"UTC, which is not that month in {timezone} (CLEARGRID_TIMEZONE); nothing was read or written. Set "
                f"CLEARGRID_TIMEZONE to the zone that the months were loaded in and load one month; to change the "
                f"zone afterwards, run `cleargrid rezone`"
            )


def _window(month: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The month's first instant and its end, naive UTC."""
    first = datetime(month.year, month.month, 1, tzinfo=zone)
    return to_naive_utc(first), to_naive_utc((first + timedelta(days=31)).replace(day=1))


def verify_stored(stored: WarehouseIdentity, ours: Identity, display_name: str) -> None:
    """Raise `WarehouseIdentityError` if the `stored` identity of the warehouse `display_name` is not `ours`."""
    if (stored.environment, stored.lender_public_id) != (ours.environment, ours.lender_public_id):
        raise WarehouseIdentityError(
            f"{display_name} holds months of lender {stored.lender} in {stored.environment}, not of lender "
            f"{ours.lender} in {ours.environment}; nothing was read or written. Each environment and lender needs its "
            f"own warehouse: set CLEARGRID_WAREHOUSE to another one, or correct CLEARGRID_ENVIRONMENT and "
            f"CLEARGRID_LENDER"
        )
    if stored.timezone != ours.timezone:
        raise WarehouseIdentityError(
            f"{display_name} holds months of the time zone {stored.timezone}, but CLEARGRID_TIMEZONE is "
            f"{ours.timezone}, where months begin and end at different times; nothing was read or written. Set it back "
            f"to {stored.timezone}, or run `cleargrid rezone`, which reads all months again into a new warehouse and "
            f"keeps the old one"
        )


def _stored_identity(connection: duckdb.DuckDBPyConnection) -> WarehouseIdentity | None:
    row = connection.execute(SELECT).fetchone()
    return WarehouseIdentity(*row) if row else None
