"""Proves that no other month holds an id of the loaded month, and looks up only the ids that are new.

The digest of a month's ids in the ledger is the proof: it covers exactly these ids. The check
`every_public_id_is_unique` relies on it. What happens to a row that two months hold is decided in `moved_rows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import duckdb

    from cleargrid_assets.landing.read_month import MonthLoad

OF_MONTH = "SELECT public_id FROM {rows} WHERE month = $month"
HOLDING = """
SELECT DISTINCT other.month
FROM {rows} AS other
WHERE other.month <> $month AND other.public_id IN ({ids})
ORDER BY other.month
"""
DIGEST = f"SELECT ids_digest(public_id) FROM ({OF_MONTH})"
PROVEN = f"""
SELECT coalesce(max(ids_digest) = ({DIGEST}) AND max(rows_landed) = (SELECT count(*) FROM ({OF_MONTH})), false)
FROM {{last_loads}}
WHERE month = $month
"""
"""An earlier release may have given its digest to ids of which the month held some twice; then rows were too many."""


def months_holding(connection: duckdb.DuckDBPyConnection, load: MonthLoad, ids: str) -> Sequence[date]:
    """The other months that hold any of the ids that the SELECT `ids` returns."""
    holding = HOLDING.format(rows=load.dataset.rows.qualified_name, ids=ids)
    return [month for (month,) in connection.execute(holding, {"month": load.month}).fetchall()]


def are_proven(connection: duckdb.DuckDBPyConnection, load: MonthLoad) -> bool:
    """True if the month's present ids are those that its last load found in no other month, each once."""
    ((proven,),) = connection.execute(PROVEN.format_map(load.dataset.sql_names), {"month": load.month}).fetchall()
    return bool(proven)


def prove(connection: duckdb.DuckDBPyConnection, load: MonthLoad, *, is_proven: bool) -> str | None:
    """The digest of the ids of the month that `load` was written to; None if another month holds one of them.

    `is_proven`: every id of the month is known to be in no other; otherwise all of them are looked up.
    """
    if not is_proven and months_holding(connection, load, OF_MONTH.format_map(load.dataset.sql_names)):
        return None
    ((digest,),) = connection.execute(DIGEST.format_map(load.dataset.sql_names), {"month": load.month}).fetchall()
    return str(digest)
