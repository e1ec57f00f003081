"""Writes a month to all four tables of its dataset in one transaction.

`land` opens the transaction and repeats it after another program's conflicting write; `write_month` is the SQL inside.

Unchanged rows are not touched: a re-read of an unchanged month writes only its ledger row, and `landed_at` stays the
time when that version of a row arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleargrid_assets.landing import history, ledger, moved_rows, unique_ids
from cleargrid_assets.landing.comparison import compare
from cleargrid_assets.landing.errors import VanishLimitError
from cleargrid_assets.landing.ledger import Changes, Superseded
from cleargrid_assets.tables.dataset import PUBLIC_ID
from cleargrid_assets.warehouse.conflicts import retry_conflicts

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping, Sequence
    from datetime import date

    import duckdb

    from cleargrid_assets.landing.ledger import Entry, MonthVersion
    from cleargrid_assets.landing.read_month import MonthLoad
    from cleargrid_assets.landing.warehouse_identity import IdentityGuard
    from cleargrid_assets.warehouse.warehouse import Warehouse

FEW_ROWS = 5
"""This many rows may always vanish: in a small month, one row is a large share."""

INSERT = "INSERT INTO {rows} BY NAME SELECT {fields}, $month AS month, $landed_at AS landed_at"
INSERT_FIRST = f"{INSERT} FROM received WHERE public_id NOT IN (SELECT public_id FROM elsewhere WHERE stays)"
INSERT_DIFFERENCES = f"{INSERT} FROM differences WHERE change <> 'vanished'"
DELETE_DIFFERENCES = """
DELETE FROM {rows}
WHERE month = $month AND public_id IN (SELECT public_id FROM differences WHERE change IN ('changed', 'vanished'))
"""
LEAVE_ELSEWHERE = """
DELETE FROM differences
WHERE change = 'added' AND public_id IN (SELECT public_id FROM elsewhere WHERE stays)
"""
CALL_MOVED = """
UPDATE differences
SET change = 'moved'
WHERE change = 'added' AND public_id IN (SELECT public_id FROM elsewhere)
"""


@dataclass(frozen=True)
class Landed:
    """A month that was written.

    `taken`: how many rows it took over from which other months. `version`: the version of its rows, which a load
    without changes keeps. `reduced`: the versions of the other months whose last change is that a load took over rows
    of theirs, this load or an earlier one.
    """

    entry: Entry
    changes: Changes
    taken: Mapping[date, int]
    version: str
    reduced: Sequence[MonthVersion]
    rows_of_month: int
    rows_of_table: int


def land(
    warehouse: Warehouse,
    load: MonthLoad,
    *,
    guard: IdentityGuard,
    run_id: str,
    vanish_limit: float,
    log: logging.Logger,
) -> Landed | Superseded:
    """Make the month in the warehouse equal to `load`, unless a read that began later has landed meanwhile.

    The first load of a warehouse gives it the `guard`'s identity. Raises `VanishLimitError` or `WarehouseError`; the
    month is then unchanged.
    """

    def write() -> Landed | Superseded:
        with warehouse.writing() as connection:
            guard.adopt(connection)
            return write_month(connection, load, run_id=run_id, vanish_limit=vanish_limit)

    return retry_conflicts(write, log)


def write_month(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, *, run_id: str, vanish_limit: float
) -> Landed | Superseded:
    """Do the work of `land` inside the caller's transaction, which the caller rolls back on any error.

    Raises `VanishLimitError` if more than `vanish_limit` of the month's rows would vanish.
    """
    superseded = ledger.superseded_by(connection, load)
    if superseded:
        return superseded
    entry = ledger.new_entry(connection, load, run_id)
    is_first = _is_first_load(connection, load)
    were_proven = is_first or unique_ids.are_proven(connection, load)
    if is_first:
        changes, taken = _apply_first(connection, load, entry)
    else:
        changes, taken = _apply_differences(connection, load, entry, vanish_limit, holds_ids_once=were_proven)
    _replace_quarantine(connection, load, entry)
    is_proven = were_proven and not (taken or changes.moved)  # what is new was looked up and is in no other month
    ledger.append(connection, entry, load, changes, unique_ids.prove(connection, load, is_proven=is_proven))
    return _landed(connection, load, entry, changes, taken)


def _is_first_load(connection: duckdb.DuckDBPyConnection, load: MonthLoad) -> bool:
    loads = f"SELECT count(*) FROM {load.dataset.loads.qualified_name} WHERE month = ?"
    return _scalar(connection, loads, [load.month]) == 0


def _rows_of_month(connection: duckdb.DuckDBPyConnection, load: MonthLoad) -> int:
    rows = f"SELECT count(*) FROM {load.dataset.rows.qualified_name} WHERE month = ?"
    return _scalar(connection, rows, [load.month])


def _insert(connection: duckdb.DuckDBPyConnection, load: MonthLoad, entry: Entry, sql: str, fields: str) -> None:
    """Run `INSERT_FIRST` or `INSERT_DIFFERENCES`."""
    sql = sql.format(rows=load.dataset.rows.qualified_name, fields=fields)
    connection.execute(sql, {"month": load.month, "landed_at": entry.landed_at})


def _apply_first(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, entry: Entry
) -> tuple[Changes, Mapping[date, int]]:
    """Write the month's first load, which has nothing to compare with."""
    moved = moved_rows.find(connection, load, is_first=True)
    if moved.taken:
        history.record_moved(connection, load, entry)
        moved_rows.take(connection, load)
    connection.execute(f"DELETE FROM {load.dataset.rows.qualified_name} WHERE month = ?", [load.month])
    with load.rows.named("received", connection):
        _insert(connection, load, entry, INSERT_FIRST, ", ".join(load.dataset.field_names))
    added = load.rows.num_rows - moved.staying
    return Changes(added=added, changed=0, vanished=0, moved=moved.staying), moved.taken


def _apply_differences(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, entry: Entry, vanish_limit: float, *, holds_ids_once: bool
) -> tuple[Changes, Mapping[date, int]]:
    """Write a re-read: record the differences, then delete and insert exactly those rows."""
    compare(connection, load, holds_ids_once=holds_ids_once)
    moved = moved_rows.find(connection, load, is_first=False)
    connection.execute(LEAVE_ELSEWHERE)
    connection.execute(CALL_MOVED)
    rows = dict(connection.execute("SELECT change, count(*) FROM differences GROUP BY change").fetchall())
    changes = Changes(
        added=rows.get("added", 0) + rows.get("moved", 0),
        changed=rows.get("changed", 0),
        vanished=rows.get("vanished", 0),
        moved=moved.staying,
    )
    _refuse_mass_vanishing(connection, load, changes, vanish_limit)
    if moved.taken:
        history.record_moved(connection, load, entry)
        moved_rows.take(connection, load)
    if rows:
        history.record(connection, load, entry)
        connection.execute(DELETE_DIFFERENCES.format(rows=load.dataset.rows.qualified_name), {"month": load.month})
        fields = [PUBLIC_ID, *(f"new_{name} AS {name}" for name in load.dataset.compared_names)]
        _insert(connection, load, entry, INSERT_DIFFERENCES, ", ".join(fields))
    return changes, moved.taken


def _refuse_mass_vanishing(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, changes: Changes, vanish_limit: float
) -> None:
    """Raise `VanishLimitError` if too large a share of the rows would vanish.

    An open month may have started with a handful of rows, so there the share is of the rows that it has now.
    """
    if changes.vanished <= FEW_ROWS:
        return
    before = _rows_of_month(connection, load)
    of_rows = max(before, load.rows.num_rows) if load.is_open else before
    if changes.vanished > vanish_limit * of_rows:
        raise VanishLimitError(
            f"month {load.month}: this load would remove {changes.vanished} of its {before} landed rows, more than "
            f"CLEARGRID_VANISH_LIMIT ({vanish_limit:g}) allows; the month is unchanged. {_vanish_reason(load)}"
        )


def _vanish_reason(load: MonthLoad) -> str:
    """Why rows are missing: ClearGrid no longer sends them, or sends them in a form that cannot be landed."""
    if not load.quarantine:
        return "ClearGrid no longer sends them."
    reasons = ", ".join(f"{reason} {rows}" for reason, rows in load.quarantine.frequent_reasons.items())
    return f"{len(load.quarantine)} rows came but cannot be landed ({reasons}); ClearGrid no longer sends the others."


def _replace_quarantine(connection: duckdb.DuckDBPyConnection, load: MonthLoad, entry: Entry) -> None:
    table = load.dataset.quarantine.qualified_name
    connection.execute(f"DELETE FROM {table} WHERE month = ?", [load.month])
    with load.quarantine.rows.named("quarantined", connection):
        connection.execute(
            f"INSERT INTO {table} BY NAME SELECT $month AS month, *, $landed_at AS landed_at FROM quarantined",
            {"month": load.month, "landed_at": entry.landed_at},
        )


def _landed(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, entry: Entry, changes: Changes, taken: Mapping[date, int]
) -> Landed:
    versions = {version.month: version for version in ledger.month_versions(connection, load.dataset)}
    return Landed(
        entry,
        changes,
        taken,
        version=str(versions.pop(load.month)),
        reduced=[version for version in versions.values() if version.loaded_month != version.month],
        rows_of_month=_rows_of_month(connection, load),
        rows_of_table=_scalar(connection, f"SELECT count(*) FROM {load.dataset.rows.qualified_name}", []),
    )


def _scalar(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[object]) -> int:
    ((number,),) = connection.execute(sql, parameters).fetchall()
    return int(number)
