"""Finds the copies of rows that came more than once: of each `public_id`, only the latest version counts.

Any memory it takes is bounded: of a large month it looks at a share of the ids at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cleargrid_assets.tables.dataset import PUBLIC_ID, UPDATED_AT

if TYPE_CHECKING:
    import duckdb

    from cleargrid_assets.landing.spill import SpilledRows

HASHES_AT_ONCE = 5_000_000
ROWS_AT_ONCE = 1_000_000

SHARE = f"hash({PUBLIC_ID}) % {{shares}} = {{share}}"  # as parameters, they would be numbers of 128 bits
HASHES = f"SELECT hash({PUBLIC_ID}) AS hash FROM received WHERE {SHARE}"
COPIES = f"""
SELECT position
FROM (
  SELECT
    position,
    row_number() OVER (PARTITION BY {PUBLIC_ID} ORDER BY {UPDATED_AT} DESC, position DESC) AS recency
  FROM received
  WHERE {SHARE}
)
WHERE recency > 1
"""


def collapse_duplicates(rows: SpilledRows) -> SpilledRows:
    """One row per `public_id`: the latest by `updated_at`, and among equals the one received last."""
    import duckdb  # noqa: PLC0415 - loading definitions compares nothing

    with duckdb.connect(config={"temp_directory": ""}) as connection:  # it has no folder of its own to spill to
        if not _may_repeat_ids(connection, rows):
            return rows
        kept = np.ones(rows.num_rows, np.bool_)
        shares = 1 + rows.num_rows // ROWS_AT_ONCE
        for share in range(shares):
            connection.register("received", rows.numbered().__arrow_c_stream__())
            kept[_column(connection, COPIES, share, shares)] = False
    return rows.only(kept)


def _may_repeat_ids(connection: duckdb.DuckDBPyConnection, rows: SpilledRows) -> bool:
    """False proves that every id is unique, because equal ids have equal hashes. Costs a fifth of counting the ids."""
    shares = 1 + rows.num_rows // HASHES_AT_ONCE
    for share in range(shares):
        connection.register("received", rows.__arrow_c_stream__())
        hashes = _column(connection, HASHES, share, shares)
        hashes.sort()
        if (hashes[1:] == hashes[:-1]).any():
            return True
    return False


def _column(connection: duckdb.DuckDBPyConnection, sql: str, share: int, shares: int) -> np.ndarray[Any, Any]:
    """The only column of a query on a share of the ids."""
    columns: dict[str, Any] = connection.execute(sql.format(share=share, shares=shares)).fetchnumpy()
    (column,) = columns.values()
    return np.asarray(column)
