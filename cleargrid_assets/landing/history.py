"""Compares a load with the month's previous version and records the differences in `raw.d23_changes`.

An added row is one record, a changed row one record per changed field, a vanished or moved row one record per field
that it held, so that earlier versions can be restored. `moves` decides which rows moved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.tables.raw import D23_CHANGES, D23_FIELDS, D23_MANUAL_COMMUNICATION_LOGS

if TYPE_CHECKING:
    import duckdb

    from cleargrid_assets.landing.ledger import Entry
    from cleargrid_assets.landing.month import MonthLoad

LOGS = D23_MANUAL_COMMUNICATION_LOGS.qualified_name
CHANGES = D23_CHANGES.qualified_name
FIELDS = tuple(column.name for column in D23_FIELDS)
COMPARED = FIELDS[1:]
DIFFERS = " OR ".join(f"old.{name} IS DISTINCT FROM new.{name}" for name in COMPARED)

COMPARE = f"""
CREATE OR REPLACE TEMP TABLE differences AS
SELECT
  coalesce(new.public_id, old.public_id) AS public_id,
  CASE WHEN old.public_id IS NULL THEN 'added' WHEN new.public_id IS NULL THEN 'vanished' ELSE 'changed' END AS change,
  {", ".join(f"old.{name} AS old_{name}, new.{name} AS new_{name}" for name in COMPARED)}
FROM (SELECT * FROM {LOGS} WHERE month = $month) AS old
FULL JOIN received AS new ON old.public_id = new.public_id
WHERE old.public_id IS NULL OR new.public_id IS NULL OR {DIFFERS}
"""


def values(old: str, new: str) -> str:
    """A list of structs in SQL: each field with its old and new value as text; `old` and `new` are prefixes."""
    structs = (f"{{'field': '{name}', 'old': {old}{name}::VARCHAR, 'new': {new}{name}::VARCHAR}}" for name in COMPARED)
    return f"[{', '.join(structs)}]"


OBSERVED = "$observed_at AS observed_at, $run_id AS run_id, $load_number AS load_number"
RECORD_ADDED = f"""
INSERT INTO {CHANGES} BY NAME
SELECT {OBSERVED}, $month AS month, public_id, 'added' AS change
FROM differences
WHERE change = 'added'
"""
RECORD_FIELDS = f"""
INSERT INTO {CHANGES} BY NAME
SELECT {OBSERVED}, $month AS month, public_id, change, item.field, item.old, item.new
FROM (SELECT public_id, change, unnest({values("old_", "new_")}) AS item FROM differences)
WHERE change = 'vanished' OR (change = 'changed' AND item.old IS DISTINCT FROM item.new)
"""
RECORD_MOVED = f"""
INSERT INTO {CHANGES} BY NAME
SELECT {OBSERVED}, month, public_id, 'moved' AS change, item.field, item.old, item.new
FROM (
  SELECT
    unnest([$month::DATE, elsewhere.held_in]) AS month,
    elsewhere.public_id,
    [{{'field': 'month', 'old': elsewhere.held_in::VARCHAR, 'new': $month::DATE::VARCHAR}}]
    || {values("elsewhere.old_", "new.")} AS items
  FROM elsewhere
  INNER JOIN received AS new ON elsewhere.public_id = new.public_id
  WHERE NOT elsewhere.stays
) AS moved, unnest(moved.items) AS unnested(item)
"""


def compare(connection: duckdb.DuckDBPyConnection, load: MonthLoad) -> None:
    """Fill the temporary table `differences` by comparing `received` with the month's present rows."""
    connection.execute(COMPARE, {"month": load.month})


def record(connection: duckdb.DuckDBPyConnection, load: MonthLoad, entry: Entry) -> None:
    """Append the rows of `differences` to the history."""
    parameters = {**_observation(entry), "month": load.month}
    connection.execute(RECORD_ADDED, parameters)
    connection.execute(RECORD_FIELDS, parameters)


def record_moved(connection: duckdb.DuckDBPyConnection, load: MonthLoad, entry: Entry) -> None:
    """Append the rows of `elsewhere` that this month takes over to the histories of both months."""
    connection.execute(RECORD_MOVED, {**_observation(entry), "month": load.month})


def _observation(entry: Entry) -> dict[str, object]:
    return {"observed_at": entry.landed_at, "run_id": entry.run_id, "load_number": entry.load_number}
