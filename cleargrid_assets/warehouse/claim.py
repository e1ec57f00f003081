"""`Claim`: a statement about the data, which an SQL file refutes by finding rows.

Reading and running the file belong here; `assets.claim_results` turns the result into Dagster's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleargrid_assets.warehouse.query import Query

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb

MAX_EXAMPLES = 5


@dataclass(frozen=True)
class Refutation:
    """The rows that contradict a claim: their number, and the first few."""

    count: int
    columns: tuple[str, ...]
    examples: tuple[tuple[object, ...], ...]


@dataclass(frozen=True)
class Claim:
    """`name` states what should hold; `sql` is a SELECT of the rows that contradict it."""

    name: str
    description: str
    sql: str

    @classmethod
    def read(cls, path: Path, name: str | None = None) -> Claim:
        """The claim in an SQL file, named after the file; its opening comment is the description."""
        sql = path.read_text(encoding="utf-8")
        comment = re.match(r"(?:--[^\n]*\n)*", sql)
        lines = comment.group().splitlines() if comment else []
        return cls(name or path.stem, "\n".join(line.removeprefix("--").strip() for line in lines), sql)

    def refute(self, connection: duckdb.DuckDBPyConnection, variables: Mapping[str, object]) -> Refutation:
        """Find the rows that contradict the claim, with `variables` set."""
        select = Query(self.sql, variables).bind(connection)
        result = connection.execute(f"SELECT *, count(*) OVER () FROM ({select}\n) LIMIT {MAX_EXAMPLES}")
        columns = tuple(column[0] for column in result.description or ())[:-1]
        rows = result.fetchall()
        return Refutation(int(rows[0][-1]) if rows else 0, columns, tuple(row[:-1] for row in rows))
