"""Rehearses the write of a load in a copy of what it would read, so that its result is known and nothing is written.

What to copy and what to report of a rehearsed load belong here; the write itself is `landing.write`.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleargrid_assets.landing.errors import VanishLimitError
from cleargrid_assets.landing.ledger import Superseded
from cleargrid_assets.landing.write import write_month
from cleargrid_assets.warehouse.copying import copy_rows
from cleargrid_assets.warehouse.errors import WarehouseMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

    from cleargrid_assets.landing.read_month import MonthLoad
    from cleargrid_assets.landing.write import Landed
    from cleargrid_assets.tables.table import Table
    from cleargrid_assets.warehouse.warehouse import Warehouse

NO_LIMIT = 1.0
IDS_BEFORE = "CREATE TEMP TABLE ids_before AS SELECT public_id FROM {rows} WHERE month = ?"
DIFFERENCES = """
WITH recorded AS (
  SELECT * FROM {changes} WHERE month = $month AND load_number = $load_number
),

differing AS (
  SELECT
    'added' AS change,
    CASE WHEN moved.old IS NOT NULL THEN 'moved from ' || left(moved.old, 7) END AS detail,
    added.public_id,
    added.public_id AS row_id
  FROM {rows} AS added
  LEFT JOIN recorded AS moved ON added.public_id = moved.public_id AND moved.change = 'moved' AND moved.field = 'month'
  WHERE added.month = $month AND added.public_id NOT IN (SELECT public_id FROM ids_before)
  UNION ALL
  SELECT change, CASE WHEN change = 'changed' THEN field END AS detail, public_id, public_id AS row_id
  FROM recorded
  WHERE change IN ('changed', 'vanished')
  UNION ALL
  SELECT 'moved' AS change, 'stays in ' || left(held_in::VARCHAR, 7) AS detail, public_id, public_id AS row_id
  FROM elsewhere
  WHERE stays
  UNION ALL
  SELECT 'quarantined' AS change, unnest(reasons) AS detail, public_id, rowid::VARCHAR AS row_id
  FROM {quarantine}
  WHERE month = $month
)

SELECT change, detail, count(*) AS rows, coalesce(min(public_id, 3), []) AS examples
FROM (
  SELECT DISTINCT change, NULL AS detail, public_id, row_id FROM differing
  UNION ALL
  SELECT DISTINCT change, detail, public_id, row_id FROM differing WHERE detail IS NOT NULL
) AS counted
GROUP BY change, detail
ORDER BY change, detail NULLS FIRST
"""


@dataclass(frozen=True)
class Difference:
    """Rows that a load would change in one way, and the ids of the first few.

    `detail`: the changed field, the other month or the reason of quarantine; None for all rows of the `change`.
    """

    change: str
    detail: str | None
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Rehearsed:
    """The result of a rehearsed load. `refusal`: why a load would refuse to write it, if it would."""

    landed: Landed
    differences: tuple[Difference, ...]
    refusal: VanishLimitError | None


@contextmanager
def copied_month(warehouse: Warehouse, load: MonthLoad) -> Iterator[duckdb.DuckDBPyConnection]:
    """A temporary warehouse with everything in it that landing `load` reads; the real one is only read.

    Raises `WarehouseError`.
    """
    with warehouse.scratch() as copy:
        with suppress(WarehouseMissingError), warehouse.reading() as origin:
            _copy(origin, copy, load)
        yield copy


def _copy(origin: duckdb.DuckDBPyConnection, copy: duckdb.DuckDBPyConnection, load: MonthLoad) -> None:
    """Copy the ledger, what is known of moved rows, and the rows of the month or of the load, a batch at a time."""
    dataset, month = load.dataset, f"month = DATE '{load.month}'"
    conditions: Mapping[Table, str] = {
        dataset.loads: "true",
        dataset.changes: "change = 'moved'",
        dataset.rows: f"{month} OR public_id IN (SELECT public_id FROM received)",
    }
    with load.rows.named("received", origin):
        for table, condition in conditions.items():
            if table.exists_in(origin):
                copy_rows(origin, copy, f"SELECT * FROM {table.qualified_name} WHERE {condition}", table)


def rehearse(
    connection: duckdb.DuckDBPyConnection, load: MonthLoad, *, run_id: str, vanish_limit: float
) -> Rehearsed | Superseded:
    """Write `load` into the temporary warehouse, beyond `vanish_limit` as well."""
    connection.execute(IDS_BEFORE.format_map(load.dataset.sql_names), [load.month])
    refusal = None
    try:
        landed = write_month(connection, load, run_id=run_id, vanish_limit=vanish_limit)
    except VanishLimitError as error:
        refusal = error
        landed = write_month(connection, load, run_id=run_id, vanish_limit=NO_LIMIT)
    if isinstance(landed, Superseded):
        return landed
    parameters = {"month": load.month, "load_number": landed.entry.load_number}
    lines = connection.execute(DIFFERENCES.format_map(load.dataset.sql_names), parameters).fetchall()
    differences = tuple(Difference(change, detail, rows, tuple(ids)) for change, detail, rows, ids in lines)
    return Rehearsed(landed, differences, refusal)
