"""The one transaction that makes a month what ClearGrid says it is, in all four raw tables.

Here: SQL on the raw tables. Not here: opening the warehouse; a transaction is already under way.

Rows that did not change are left alone: a re-read of an unchanged month writes its ledger row and no more, and
`landed_at` keeps saying when that version of a row came in.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from cleargrid_assets.landing.errors import VanishLimitError
from cleargrid_assets.landing.month import count_reasons
from cleargrid_assets.tables.raw import (
    D23_CHANGES,
    D23_FIELDS,
    D23_LOADS,
    D23_MANUAL_COMMUNICATION_LOGS,
    D23_QUARANTINE,
    RAW_TABLES,
)

if TYPE_CHECKING:
    from datetime import date, datetime

    import duckdb

    from cleargrid_assets.landing.month import MonthLoad

LOGS = D23_MANUAL_COMMUNICATION_LOGS.qualified_name
FIELDS = tuple(column.name for column in D23_FIELDS)
COMPARED = FIELDS[1:]
FIELD_LIST = ", ".join(FIELDS)
DIFFERS = " OR ".join(f"old.{name} IS DISTINCT FROM new.{name}" for name in COMPARED)

DIFFERENCES = f"""
CREATE OR REPLACE TEMP TABLE differences AS
SELECT
  coalesce(new.public_id, old.public_id) AS public_id,
  CASE WHEN old.public_id IS NULL THEN 'added' WHEN new.public_id IS NULL THEN 'vanished' ELSE 'changed' END AS change,
  {", ".join(f"old.{name} AS old_{name}, new.{name} AS new_{name}" for name in COMPARED)}
FROM (SELECT * FROM {LOGS} WHERE month = $month) AS old
FULL JOIN received AS new ON old.public_id = new.public_id
WHERE old.public_id IS NULL OR new.public_id IS NULL OR {DIFFERS}
"""

ROW_CHANGES = f"""
INSERT INTO {D23_CHANGES.qualified_name} BY NAME
SELECT
  $observed_at AS observed_at, $run_id AS run_id, $month AS month, public_id, change,
  NULL::VARCHAR AS field, NULL::VARCHAR AS old, NULL::VARCHAR AS new
FROM differences
WHERE change <> 'changed'
"""

FIELD_CHANGES = f"""
INSERT INTO {D23_CHANGES.qualified_name} BY NAME
SELECT
  $observed_at AS observed_at, $run_id AS run_id, $month AS month, public_id, change,
  '{{name}}' AS field, old_{{name}}::VARCHAR AS old, new_{{name}}::VARCHAR AS new
FROM differences
WHERE change = 'changed' AND old_{{name}} IS DISTINCT FROM new_{{name}}
"""


@dataclass(frozen=True)
class Changes:
    """How a load differs from the month's previous version, in rows."""

    added: int
    changed: int
    vanished: int


def write_month(
    connection: duckdb.DuckDBPyConnection,
    load: MonthLoad,
    *,
    run_id: str,
    landed_at: datetime,
    vanish_limit: float,
) -> Changes:
    """Make the month in the warehouse equal to `load`; `landed_at` is naive UTC.

    Raises `VanishLimitError` when more than `vanish_limit` of the month's rows would vanish. The caller rolls the
    transaction back on any error.
    """
    for table in RAW_TABLES:
        connection.execute(table.ddl)
    is_first = _is_first_load(connection, load.month)
    connection.register("received", load.rows)
    changes = (
        _apply_first(connection, load, landed_at)
        if is_first
        else _apply_differences(connection, load, run_id, landed_at, vanish_limit)
    )
    connection.unregister("received")
    _replace_quarantine(connection, load, landed_at)
    _append_ledger(connection, load, changes, run_id, landed_at)
    return changes


def _is_first_load(connection: duckdb.DuckDBPyConnection, month: date) -> bool:
    loads = f"SELECT count(*) FROM {D23_LOADS.qualified_name} WHERE month = ?"
    return _scalar(connection, loads, [month]) == 0


def _apply_first(connection: duckdb.DuckDBPyConnection, load: MonthLoad, landed_at: datetime) -> Changes:
    """The month's first load: nothing to compare with."""
    connection.execute(f"DELETE FROM {LOGS} WHERE month = ?", [load.month])
    connection.execute(
        f"INSERT INTO {LOGS} BY NAME SELECT {FIELD_LIST}, $month AS month, $landed_at AS landed_at FROM received",
        {"month": load.month, "landed_at": landed_at},
    )
    return Changes(added=load.rows.num_rows, changed=0, vanished=0)


def _apply_differences(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, run_id: str, landed_at: datetime, vanish_limit: float
) -> Changes:
    """A re-read: record what differs, then delete and insert exactly that."""
    connection.execute(DIFFERENCES, {"month": load.month})
    found = dict(connection.execute("SELECT change, count(*) FROM differences GROUP BY change").fetchall())
    changes = Changes(found.get("added", 0), found.get("changed", 0), found.get("vanished", 0))
    _refuse_mass_vanishing(connection, load, changes, vanish_limit)
    observation = {"observed_at": landed_at, "run_id": run_id, "month": load.month}
    connection.execute(ROW_CHANGES, observation)
    for name in COMPARED:
        connection.execute(FIELD_CHANGES.format(name=name), observation)
    connection.execute(
        f"DELETE FROM {LOGS} WHERE month = $month AND public_id IN "
        f"(SELECT public_id FROM differences WHERE change <> 'added')",
        {"month": load.month},
    )
    connection.execute(
        f"INSERT INTO {LOGS} BY NAME SELECT {FIELD_LIST}, $month AS month, $landed_at AS landed_at FROM received "
        f"WHERE public_id IN (SELECT public_id FROM differences WHERE change <> 'vanished')",
        {"month": load.month, "landed_at": landed_at},
    )
    connection.execute("DROP TABLE differences")
    return changes


def _refuse_mass_vanishing(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, changes: Changes, vanish_limit: float
) -> None:
    """Raise `VanishLimitError`, unless few rows vanish.

    An open month may have begun with a handful of rows: of it, few are few of the rows that it has by now.
    """
    if not changes.vanished:
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


def _replace_quarantine(connection: duckdb.DuckDBPyConnection, load: MonthLoad, landed_at: datetime) -> None:
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
        {"month": load.month, "landed_at": landed_at},
    )
    connection.unregister("quarantined")


def _append_ledger(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, changes: Changes, run_id: str, landed_at: datetime
) -> None:
    entry = ledger_entry(load, changes, run_id, landed_at)
    names = ", ".join(f'"{name}"' for name in entry)
    marks = ", ".join("?" for _ in entry)
    connection.execute(f"INSERT INTO {D23_LOADS.qualified_name} ({names}) VALUES ({marks})", list(entry.values()))


def ledger_entry(load: MonthLoad, changes: Changes, run_id: str, landed_at: datetime) -> dict[str, object]:
    """The row of `raw.d23_loads` that tells of `load`."""
    return {
        "month": load.month,
        "run_id": run_id,
        "loaded_at": landed_at,
        "since": load.window.since.replace(tzinfo=None),
        "until": load.window.until.replace(tzinfo=None),
        **asdict(load.statistics),  # its fields are columns of the ledger
        "rows_received": load.rows_received,
        "rows_landed": load.rows.num_rows,
        "rows_quarantined": len(load.quarantined),
        "duplicates_collapsed": load.duplicates_collapsed,
        "expected_total": load.expected.total,
        "total_exact": load.expected.exact if load.expected.total is not None else None,
        "rows_added": changes.added,
        "rows_changed": changes.changed,
        "rows_vanished": changes.vanished,
        "seconds": load.seconds,
    }


def _scalar(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[object]) -> int:
    ((number,),) = connection.execute(sql, parameters).fetchall()
    return int(number)
