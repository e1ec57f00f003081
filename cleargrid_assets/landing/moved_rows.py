"""Keeps every row in one month: when ClearGrid moves a row, the month with the later `updated_at` takes it over.

Only rows that are new to the loaded month are looked up in other months, so the cost depends on what is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleargrid_assets.landing.ledger import to_naive_utc
from cleargrid_assets.landing.unique_ids import months_holding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import duckdb

    from cleargrid_assets.landing.read_month import MonthLoad

ALL_RECEIVED = "SELECT public_id, updated_at FROM received"
ADDED = "SELECT public_id, new_updated_at AS updated_at FROM differences WHERE change = 'added'"

FIND = """
CREATE OR REPLACE TEMP TABLE elsewhere AS
WITH read_later AS (
  SELECT month FROM {last_loads} WHERE load_number > $loads_before AND started_at > $started_at
)
SELECT
  other.public_id,
  other.month AS held_in,
  {values},
  bool_or(
    other.updated_at > new.updated_at
    OR (other.updated_at = new.updated_at AND other.month IN (SELECT read_later.month FROM read_later))
  ) OVER (PARTITION BY other.public_id) AS stays
FROM {rows} AS other
INNER JOIN ({added}) AS new ON other.public_id = new.public_id
WHERE other.month IN ({held_in})
"""
TAKEN = "SELECT held_in, count(*) FROM elsewhere WHERE NOT stays GROUP BY held_in ORDER BY held_in"
STAYING = "SELECT count(DISTINCT public_id) FROM elsewhere WHERE stays"
REMOVE_TAKEN = """
DELETE FROM {rows}
WHERE
  month IN (SELECT held_in FROM elsewhere WHERE NOT stays)
  AND month <> $month
  AND public_id IN (SELECT public_id FROM elsewhere WHERE NOT stays)
"""


@dataclass(frozen=True)
class Moves:
    """Rows that other months hold, too. `taken`: how many this month takes from each; `staying`: how many it leaves."""

    taken: Mapping[date, int]
    staying: int


def find(connection: duckdb.DuckDBPyConnection, load: MonthLoad, *, is_first: bool) -> Moves:
    """Fill the temporary table `elsewhere` with the rows of other months that are new in `load`.

    Among versions with equal `updated_at`, the one that was read later wins; `ledger.superseded_by` explains the role
    of clocks.
    """
    parameters = {"loads_before": load.loads_before, "started_at": to_naive_utc(load.started_at)}
    values = ", ".join(f"other.{name} AS old_{name}" for name in load.dataset.compared_names)
    added = ALL_RECEIVED if is_first else ADDED
    has_new_rows = is_first or connection.execute(f"{added} LIMIT 1").fetchall() != []
    with load.rows.named("received", connection):
        months = months_holding(connection, load, f"SELECT public_id FROM ({added})") if has_new_rows else []
    held_in = ", ".join(f"DATE '{month}'" for month in months) or "NULL"
    sql = FIND.format(**load.dataset.sql_names, values=values, added=added, held_in=held_in)
    with load.rows.named("received", connection):
        connection.execute(sql, parameters)
    ((staying,),) = connection.execute(STAYING).fetchall()
    return Moves(dict(connection.execute(TAKEN).fetchall()), staying)


def take(connection: duckdb.DuckDBPyConnection, load: MonthLoad) -> None:
    """Remove the rows that this month takes over from the months that held them."""
    connection.execute(REMOVE_TAKEN.format(**load.dataset.sql_names), {"month": load.month})
