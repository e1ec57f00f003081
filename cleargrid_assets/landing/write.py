"""The one transaction that makes a month what ClearGrid says it is, in all four raw tables.

`land` opens it and repeats it after another program's conflicting write; `write_month` is the SQL inside.

Rows that did not change are left alone: a re-read of an unchanged month writes its ledger row and no more, and
`landed_at` keeps saying when that version of a row came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from cleargrid_assets.landing import history, ledger, moves
from cleargrid_assets.landing.errors import VanishLimitError
from cleargrid_assets.landing.history import FIELDS, LOGS
from cleargrid_assets.landing.ledger import Changes, Superseded
from cleargrid_assets.landing.month import count_reasons
from cleargrid_assets.tables.raw import D23_LOADS, D23_QUARANTINE
from cleargrid_assets.warehouse.conflicts import retry_conflicts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    import duckdb

    from cleargrid_assets.landing.identity import IdentityGuard
    from cleargrid_assets.landing.ledger import Entry
    from cleargrid_assets.landing.month import MonthLoad
    from cleargrid_assets.warehouse.errors import WarehouseConflictError
    from cleargrid_assets.warehouse.warehouse import Warehouse

FIELD_LIST = ", ".join(FIELDS)
FEW_ROWS = 5
"""So many rows may vanish whatever the share: of a small month, one row is a large share."""

ROWS = f"INSERT INTO {LOGS} BY NAME SELECT {FIELD_LIST}, $month AS month, $landed_at AS landed_at FROM received"
INSERT_FIRST = f"{ROWS} WHERE public_id NOT IN (SELECT public_id FROM elsewhere WHERE stays)"
INSERT_DIFFERENCES = f"{ROWS} WHERE public_id IN (SELECT public_id FROM differences WHERE change <> 'vanished')"
DELETE_DIFFERENCES = f"""
DELETE FROM {LOGS}
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

    `version`: that of its rows, which a load that changes none leaves as it was. `taken`: how many rows it took from
    which other months.
    """

    entry: Entry
    changes: Changes
    taken: Mapping[date, int]
    version: str
    rows_of_month: int
    rows_of_table: int


def land(
    warehouse: Warehouse,
    load: MonthLoad,
    *,
    guard: IdentityGuard,
    run_id: str,
    vanish_limit: float,
    on_conflict: Callable[[WarehouseConflictError], object],
) -> Landed | Superseded:
    """Make the month in the warehouse equal to `load`, unless a read that began later has landed meanwhile.

    The first load of a warehouse makes it the `guard`'s. Raises `VanishLimitError` or `WarehouseError`; the month then
    stays as it was.
    """

    def write() -> Landed | Superseded:
        with warehouse.writing() as connection:
            guard.adopt(connection)
            return write_month(connection, load, run_id=run_id, vanish_limit=vanish_limit)

    return retry_conflicts(write, on_conflict)


def write_month(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, *, run_id: str, vanish_limit: float
) -> Landed | Superseded:
    """`land` within a transaction that is under way; the caller rolls it back on any error.

    Raises `VanishLimitError` when more than `vanish_limit` of the month's rows would vanish.
    """
    superseded = ledger.superseded_by(connection, load)
    if superseded:
        return superseded
    entry = ledger.new_entry(connection, load, run_id)
    connection.register("received", load.rows)
    if _is_first_load(connection, load):
        changes, taken = _apply_first(connection, load, entry)
    else:
        changes, taken = _apply_differences(connection, load, entry, vanish_limit)
    connection.unregister("received")
    _replace_quarantine(connection, load, entry)
    ledger.append(connection, entry, load, changes)
    return _landed(connection, load, entry, changes, taken)


def _is_first_load(connection: duckdb.DuckDBPyConnection, load: MonthLoad) -> bool:
    loads = f"SELECT count(*) FROM {D23_LOADS.qualified_name} WHERE month = ?"
    return _scalar(connection, loads, [load.month]) == 0


def _apply_first(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, entry: Entry
) -> tuple[Changes, Mapping[date, int]]:
    """The month's first load: nothing to compare with."""
    found = moves.find(connection, load, is_first=True)
    history.record_moved(connection, load, entry)
    moves.take(connection, load)
    connection.execute(f"DELETE FROM {LOGS} WHERE month = ?", [load.month])
    connection.execute(INSERT_FIRST, {"month": load.month, "landed_at": entry.landed_at})
    added = load.rows.num_rows - found.staying
    return Changes(added=added, changed=0, vanished=0, moved=found.staying), found.taken


def _apply_differences(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, entry: Entry, vanish_limit: float
) -> tuple[Changes, Mapping[date, int]]:
    """A re-read: record what differs, then delete and insert exactly that."""
    history.compare(connection, load)
    found = moves.find(connection, load, is_first=False)
    connection.execute(LEAVE_ELSEWHERE)
    connection.execute(CALL_MOVED)
    rows = dict(connection.execute("SELECT change, count(*) FROM differences GROUP BY change").fetchall())
    changes = Changes(
        added=rows.get("added", 0) + rows.get("moved", 0),
        changed=rows.get("changed", 0),
        vanished=rows.get("vanished", 0),
        moved=found.staying,
    )
    _refuse_mass_vanishing(connection, load, changes, vanish_limit)
    history.record(connection, load, entry)
    history.record_moved(connection, load, entry)
    moves.take(connection, load)
    connection.execute(DELETE_DIFFERENCES, {"month": load.month})
    connection.execute(INSERT_DIFFERENCES, {"month": load.month, "landed_at": entry.landed_at})
    return changes, found.taken


def _refuse_mass_vanishing(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, changes: Changes, vanish_limit: float
) -> None:
    """Raise `VanishLimitError`, unless few rows vanish.

    An open month may have begun with a handful of rows: of it, few are few of the rows that it has by now.
    """
    if changes.vanished <= FEW_ROWS:
        return
    before = _scalar(connection, f"SELECT count(*) FROM {LOGS} WHERE month = ?", [load.month])
    of_rows = max(before, load.rows.num_rows) if load.is_open else before
    if changes.vanished > vanish_limit * of_rows:
        raise VanishLimitError(
            f"month {load.month}: {changes.vanished} of its {before} landed rows would go, more than the share of "
            f"{vanish_limit:g} that CLEARGRID_VANISH_LIMIT allows; the month stays as it was. "
            f"{_why_rows_vanish(load)}"
        )


def _why_rows_vanish(load: MonthLoad) -> str:
    """Rows that are sent and cannot be landed are missing as well; a removal is then not what is to be asked about."""
    if not load.quarantined:
        return "They are no longer sent."
    reasons = ", ".join(f"{reason} {rows}" for reason, rows in count_reasons(load.quarantined).items())
    return f"{len(load.quarantined)} rows were sent and cannot be landed ({reasons}); the others are no longer sent."


def _replace_quarantine(connection: duckdb.DuckDBPyConnection, load: MonthLoad, entry: Entry) -> None:
    connection.execute(f"DELETE FROM {D23_QUARANTINE.qualified_name} WHERE month = ?", [load.month])
    if not load.quarantined:
        return
    quarantined = pa.table(
        {
            "public_id": pa.array([row.public_id for row in load.quarantined], pa.string()),
            "reasons": pa.array([list(row.reasons) for row in load.quarantined], pa.list_(pa.string())),
            "row": pa.array([row.row for row in load.quarantined], pa.string()),
        }
    )
    connection.register("quarantined", quarantined)
    connection.execute(
        f"INSERT INTO {D23_QUARANTINE.qualified_name} BY NAME "
        f"SELECT $month AS month, *, $landed_at AS landed_at FROM quarantined",
        {"month": load.month, "landed_at": entry.landed_at},
    )
    connection.unregister("quarantined")


def _landed(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, entry: Entry, changes: Changes, taken: Mapping[date, int]
) -> Landed:
    return Landed(
        entry,
        changes,
        taken,
        version=ledger.month_version(connection, load.month),
        rows_of_month=_scalar(connection, f"SELECT count(*) FROM {LOGS} WHERE month = ?", [load.month]),
        rows_of_table=_scalar(connection, f"SELECT count(*) FROM {LOGS}", []),
    )


def _scalar(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[object]) -> int:
    ((number,),) = connection.execute(sql, parameters).fetchall()
    return int(number)
