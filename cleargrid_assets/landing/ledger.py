"""The ledger of a dataset's loads, such as `raw.d23_loads`: which run loaded which month, when, with which result.

Reading the last loads, numbering a new load and appending it belong here; `landing.write` writes the month's rows.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.tables.table import quoted
from cleargrid_assets.warehouse.errors import WarehouseMissingError

if TYPE_CHECKING:
    from datetime import date

    import duckdb

    from cleargrid_assets.landing.read_month import MonthLoad
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.warehouse.warehouse import Warehouse

LAST_LOADS = """
SELECT
  last_load.month, load_number, rows_landed - coalesce(moved_away.rows, 0), rows_quarantined, duplicates_collapsed,
  loaded_at, page_size_used, loaded_at >= until, CASE WHEN total_exact THEN expected_total ELSE rows_received END
FROM {last_loads} AS last_load
LEFT JOIN {moved_away} AS moved_away ON last_load.month = moved_away.month
ORDER BY last_load.month
"""
MONTH_VERSIONS = """
SELECT version.month, load_number, changing.run_id, changing.month
FROM {month_versions} AS version
INNER JOIN {loads} AS changing USING (load_number)
QUALIFY row_number() OVER (PARTITION BY version.month ORDER BY changing.month = version.month DESC) = 1
ORDER BY version.month
"""
LOADS = "SELECT load_number, run_id FROM {loads}"
NEXT_NUMBER = "SELECT coalesce(max(load_number), 0) + 1 FROM {loads}"
SUPERSEDED_BY = """
SELECT run_id, load_number, started_at
FROM {loads}
WHERE month = $month AND load_number > $loads_before AND started_at > $started_at
ORDER BY load_number DESC
LIMIT 1
"""


@dataclass(frozen=True)
class LastLoad:
    """A month's last load. `loaded_at`: naive UTC. `is_complete`: it was read after the month had ended.

    `rows_landed`: without the rows that loads of other months have taken over since. `rows_at_cleargrid`: ClearGrid's
    own count, or the rows received if that was not exact.
    """

    month: date
    load_number: int
    rows_landed: int
    rows_quarantined: int
    duplicates_collapsed: int
    loaded_at: datetime
    page_size_used: int
    is_complete: bool
    rows_at_cleargrid: int

    def next_page_size(self, most: int) -> int:
        """The size that the next pages start with: twice the final one, so that a slow night is soon forgotten."""
        return min(most, 2 * self.page_size_used)


@dataclass(frozen=True)
class Entry:
    """The identity of a load in the ledger and in the history of changes. `landed_at`: naive UTC."""

    load_number: int
    run_id: str
    landed_at: datetime


@dataclass(frozen=True)
class MonthVersion:
    """The load that last changed a month's rows: its number, its run, and the month that it loaded.

    A load of another month changes them by taking over rows that ClearGrid moved.
    """

    month: date
    load_number: int
    run_id: str
    loaded_month: date

    def __str__(self) -> str:
        """The version for Dagster; a number alone would not be unique, as each warehouse starts at 1."""
        return _version(self.load_number, self.run_id)


@dataclass(frozen=True)
class Changes:
    """The rows that a load changed in the month. `moved`: received, but held by another month."""

    added: int
    changed: int
    vanished: int
    moved: int


@dataclass(frozen=True)
class Superseded:
    """The result of a read that began before one that has landed: nothing was written. The fields name that load."""

    run_id: str
    load_number: int
    started_at: datetime


def last_loads(warehouse: Warehouse, dataset: RawDataset = D23) -> dict[date, LastLoad]:
    """The last load of every loaded month of the dataset; empty if there is no warehouse yet."""
    loads = (LastLoad(*row) for row in _rows_of(warehouse, dataset, LAST_LOADS))
    return {load.month: load for load in loads}


def held_versions(warehouse: Warehouse, dataset: RawDataset) -> set[str]:
    """The version that each load in the ledger would give to a month; empty if there is no warehouse yet."""
    return {_version(*load) for load in _rows_of(warehouse, dataset, LOADS)}


def _rows_of(warehouse: Warehouse, dataset: RawDataset, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query of the ledger; none if there is no warehouse, or no ledger in it, yet."""
    try:
        with warehouse.reading() as connection:
            if not dataset.loads.exists_in(connection):
                return []
            return connection.execute(sql.format_map(dataset.sql_names)).fetchall()
    except WarehouseMissingError:
        return []


def _version(load_number: int, run_id: str) -> str:
    return f"load {load_number} of run {run_id[:8]}"


def names_a_load(version: str) -> bool:
    """True for a month's version as this release writes it; 0.1.0 gave its months other ones."""
    return re.match(r"load \d+ of run ", version) is not None


def superseded_by(connection: duckdb.DuckDBPyConnection, load: MonthLoad) -> Superseded | None:
    """The load of the same month that began later than `load` and has already landed, if any.

    Clocks decide only between overlapping reads. A load that had landed when `load` began is older, whatever its clock
    said.
    """
    parameters = {"month": load.month, "loads_before": load.loads_before, "started_at": to_naive_utc(load.started_at)}
    newer = connection.execute(SUPERSEDED_BY.format_map(load.dataset.sql_names), parameters).fetchone()
    return Superseded(*newer) if newer else None


def new_entry(connection: duckdb.DuckDBPyConnection, load: MonthLoad, run_id: str) -> Entry:
    """The entry of a new load: the next number and the current time."""
    ((number,),) = connection.execute(NEXT_NUMBER.format_map(load.dataset.sql_names)).fetchall()
    return Entry(number, run_id, load.ledger_timestamp(datetime.now(UTC)))


def month_versions(connection: duckdb.DuckDBPyConnection, dataset: RawDataset) -> list[MonthVersion]:
    """The versions of the rows of all months."""
    sql = MONTH_VERSIONS.format_map(dataset.sql_names)
    return [MonthVersion(*version) for version in connection.execute(sql).fetchall()]


def append(
    connection: duckdb.DuckDBPyConnection, entry: Entry, load: MonthLoad, changes: Changes, ids_digest: str | None
) -> None:
    """Add the load to the ledger."""
    row = {**_row(entry, load, changes), "ids_digest": ids_digest}
    names = ", ".join(map(quoted, row))
    marks = ", ".join("?" for _ in row)
    connection.execute(
        f"INSERT INTO {load.dataset.loads.qualified_name} ({names}) VALUES ({marks})", list(row.values())
    )


def _row(entry: Entry, load: MonthLoad, changes: Changes) -> dict[str, object]:
    return {
        "month": load.month,
        "load_number": entry.load_number,
        "run_id": entry.run_id,
        "started_at": to_naive_utc(load.started_at),
        "loaded_at": entry.landed_at,
        "since": to_naive_utc(load.window.since),
        "until": to_naive_utc(load.window.until),
        **asdict(load.statistics),  # its fields are columns of the ledger
        "rows_received": load.rows_received,
        "rows_landed": load.rows.num_rows - changes.moved,
        "rows_quarantined": len(load.quarantine),
        "duplicates_collapsed": load.duplicates_collapsed,
        "expected_total": load.expected.total,
        "total_exact": load.expected.exact if load.expected.total is not None else None,
        "count_request_id": load.expected.request_id,
        **{f"rows_{change}": rows for change, rows in asdict(changes).items()},
        "seconds": load.seconds,
        "unknown_fields": sorted(load.unknown_fields),
    }


def to_naive_utc(moment: datetime) -> datetime:
    """`moment` as the tables store it: in UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)
