"""Compares a load with the month's previous version, in shares of the month that fit in memory.

A share is what lies in a range of the cursor field, so that each reads only its own part of the load and of the table.
What becomes of the differences is decided in `write`, and recorded in `history`.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from cleargrid_assets.landing.read_month import MonthLoad
    from cleargrid_assets.landing.spill import SpilledRows

ROWS_AT_ONCE = 500_000
"""Twice as many do not fit in the memory that DuckDB may hold, and take longer because it spills."""

COMPARE = """
SELECT
  coalesce(new.public_id, old.public_id) AS public_id,
  CASE WHEN old.public_id IS NULL THEN 'added' WHEN new.public_id IS NULL THEN 'vanished' ELSE 'changed' END AS change,
  {values}
FROM (SELECT * FROM {rows} WHERE month = $month AND {share}) AS old
FULL JOIN received AS new ON old.public_id = new.public_id
WHERE old.public_id IS NULL OR new.public_id IS NULL OR {differs}
"""
CREATE_DIFFERENCES = f"CREATE OR REPLACE TEMP TABLE differences AS {COMPARE}"
ADD_DIFFERENCES = f"INSERT INTO differences BY NAME {COMPARE}"

FIND_CROSSING = """
CREATE OR REPLACE TEMP TABLE crossing AS
SELECT old.public_id, 'changed' AS change, {values}
FROM differences AS old
INNER JOIN differences AS new ON old.public_id = new.public_id
WHERE old.change = 'vanished' AND new.change = 'added'
"""
REMOVE_CROSSING = "DELETE FROM differences WHERE public_id IN (SELECT public_id FROM crossing)"
ADD_CROSSING = "INSERT INTO differences BY NAME SELECT * FROM crossing WHERE {differs}"


CREATE_HELD_TWICE = """
CREATE OR REPLACE TEMP TABLE held_twice AS
SELECT * FROM {rows}
WHERE
  month = $month
  AND public_id IN (SELECT public_id FROM {rows} WHERE month = $month GROUP BY public_id HAVING count(*) > 1)
QUALIFY row_number() OVER (PARTITION BY public_id ORDER BY landed_at DESC) = 1
"""
REMOVE_HELD_TWICE = "DELETE FROM differences WHERE public_id IN (SELECT public_id FROM held_twice)"
ADD_HELD_TWICE = """
INSERT INTO differences BY NAME
SELECT public_id, 'changed' AS change, {values} FROM held_twice AS old INNER JOIN received AS new USING (public_id)
"""
ADD_VANISHED_TWICE = """
INSERT INTO differences BY NAME
SELECT public_id, 'vanished' AS change, {values} FROM held_twice AS old
WHERE public_id NOT IN (SELECT public_id FROM differences)
"""


def compare(connection: duckdb.DuckDBPyConnection, load: MonthLoad, *, holds_ids_once: bool) -> None:
    """Fill the temporary table `differences` by comparing the load with the month's current rows.

    `holds_ids_once`: the month is known to hold no id twice. One that it does hold twice counts as changed.
    """
    names = load.dataset.compared_names
    values = ", ".join(f"old.{name} AS old_{name}, new.{name} AS new_{name}" for name in names)
    differs = " OR ".join(f"old.{name} IS DISTINCT FROM new.{name}" for name in names)
    sql = CREATE_DIFFERENCES
    for part, share in _shares(load):
        select = sql.format(rows=load.dataset.rows.qualified_name, values=values, differs=differs, share=share)
        with part.named("received", connection):
            connection.execute(select, {"month": load.month})
        sql = ADD_DIFFERENCES
    if sql == ADD_DIFFERENCES:
        _join_crossing(connection, load)
    if not holds_ids_once:
        _join_copies(connection, load)


def _shares(load: MonthLoad) -> Iterator[tuple[SpilledRows, str]]:
    """The parts of the load, each with the condition on the landed rows that it is compared with.

    Each landed row is in exactly one share, whatever the order of the load: a bound is never before the previous one.
    """
    cursor, parts = load.dataset.cursor_field, load.rows.parts(ROWS_AT_ONCE)
    bounds = accumulate((part.earliest(cursor) for part in parts[1:]), max)
    ranges = pairwise([None, *bounds, None])
    for part, (since, until) in zip(parts, ranges, strict=True):
        conditions = [f"{cursor} >= TIMESTAMP '{since}'"] if since else []
        conditions += [f"{cursor} < TIMESTAMP '{until}'"] if until else []
        yield part, " AND ".join(conditions) or "true"


def _join_crossing(connection: duckdb.DuckDBPyConnection, load: MonthLoad) -> None:
    """Call a row changed whose old version was in another share than its new one, where it looked like two rows."""
    names = load.dataset.compared_names
    values = ", ".join(f"old.old_{name}, new.new_{name}" for name in names)
    differs = " OR ".join(f"old_{name} IS DISTINCT FROM new_{name}" for name in names)
    connection.execute(FIND_CROSSING.format(values=values))
    connection.execute(REMOVE_CROSSING)
    connection.execute(ADD_CROSSING.format(differs=differs))


def _join_copies(connection: duckdb.DuckDBPyConnection, load: MonthLoad) -> None:
    """Make one difference of each id that the month holds twice, which removes both copies and inserts the row once.

    Two writers at once leave copies, as a lake has them when a server ends the session that holds the writer lock.
    """
    names, month = load.dataset.compared_names, {"month": load.month}
    old = ", ".join(f"old.{name} AS old_{name}" for name in names)
    new = ", ".join(f"new.{name} AS new_{name}" for name in names)
    connection.execute(CREATE_HELD_TWICE.format(rows=load.dataset.rows.qualified_name), month)
    if not connection.execute("FROM held_twice LIMIT 1").fetchall():
        return
    connection.execute(REMOVE_HELD_TWICE)
    for part in load.rows.parts(ROWS_AT_ONCE):
        with part.named("received", connection):
            connection.execute(ADD_HELD_TWICE.format(values=f"{old}, {new}"))
    connection.execute(ADD_VANISHED_TWICE.format(values=old))
