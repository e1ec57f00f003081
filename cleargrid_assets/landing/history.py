"""Records the differences between a load and the month's previous version in the dataset's history of changes.

An added row is one record, a changed row one record per changed field, a vanished or moved row one record per field
that it held, so that earlier versions can be restored. `comparison` finds the differences, `moved_rows` decides which
rows moved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from cleargrid_assets.landing.ledger import Entry
    from cleargrid_assets.landing.read_month import MonthLoad

OBSERVED = "$observed_at AS observed_at, $run_id AS run_id, $load_number AS load_number"
RECORD_ADDED = f"""
INSERT INTO {{changes}} BY NAME
SELECT {OBSERVED}, $month AS month, public_id, 'added' AS change
FROM differences
WHERE change = 'added'
"""
RECORD_FIELDS = f"""
INSERT INTO {{changes}} BY NAME
SELECT {OBSERVED}, $month AS month, public_id, change, item.field, item.old, item.new
FROM (SELECT public_id, change, unnest({{items}}) AS item FROM differences)
WHERE change = 'vanished' OR (change = 'changed' AND item.old IS DISTINCT FROM item.new)
"""
RECORD_MOVED = f"""
INSERT INTO {{changes}} BY NAME
SELECT {OBSERVED}, month, public_id, 'moved' AS change, item.field, item.old, item.new
FROM (
  SELECT
    unnest([$month::DATE, elsewhere.held_in]) AS month,
    elsewhere.public_id,
    [{{{{'field': 'month', 'old': elsewhere.held_in::VARCHAR, 'new': $month::DATE::VARCHAR}}}}]
    || {{items}} AS items
  FROM elsewhere
  INNER JOIN received AS new ON elsewhere.public_id = new.public_id
  WHERE NOT elsewhere.stays
) AS moved, unnest(moved.items) AS unnested(item)
"""


def record(connection: duckdb.DuckDBPyConnection, load: MonthLoad, entry: Entry) -> None:
    """Append the rows of `differences` to the history."""
    changes, parameters = load.dataset.changes.qualified_name, {**_observation(entry), "month": load.month}
    items = _items(load.dataset.compared_names, "old_", "new_")
    connection.execute(RECORD_ADDED.format(changes=changes), parameters)
    connection.execute(RECORD_FIELDS.format(changes=changes, items=items), parameters)


def record_moved(connection: duckdb.DuckDBPyConnection, load: MonthLoad, entry: Entry) -> None:
    """Append the rows of `elsewhere` that this month takes over to the histories of both months."""
    items = _items(load.dataset.compared_names, "elsewhere.old_", "new.")
    sql = RECORD_MOVED.format(changes=load.dataset.changes.qualified_name, items=items)
    with load.rows.named("received", connection):
        connection.execute(sql, {**_observation(entry), "month": load.month})


def _items(names: Iterable[str], old: str, new: str) -> str:
    """A list of structs in SQL: each field with its old and new value as text; `old` and `new` are prefixes."""
    structs = (f"{{'field': '{name}', 'old': {old}{name}::VARCHAR, 'new': {new}{name}::VARCHAR}}" for name in names)
    return f"[{', '.join(structs)}]"


def _observation(entry: Entry) -> dict[str, object]:
    return {"observed_at": entry.landed_at, "run_id": entry.run_id, "load_number": entry.load_number}
