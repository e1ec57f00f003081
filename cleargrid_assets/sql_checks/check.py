"""`SqlCheck`: a check on a table, which fails if its SELECT finds rows.

Reading and running the files belong here; `result` turns what they find into Dagster's check result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.marts.errors import MartError
from cleargrid_assets.tables.catalog import TABLES, VIEWS
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.warehouse.query import Query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from cleargrid_assets.marts import Marts
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.tables.table import Table

FOLDER = Path(__file__).parent
MAX_EXAMPLES = 5
HOLDS = "holds"
QUALIFIED_NAME = re.compile(r"\b\w+\.\w+\b")
COMMENT = re.compile(r"--[^\n]*")
HEAD = re.compile(
    r"(?P<finds>-- Finds [^\n]+\n(?:-- [^\n]+\n)*?)"
    r"-- Severity: (?P<severity>ERROR|WARN)(?P<blocking>, blocking)?\n"
    r"-- To do: (?P<to_do>[^\n]+\n(?:-- [^\n]+\n)*?)"
    r"(?P<observed>-- Observed: [^\n]+\n(?:-- [^\n]+\n)*?)?"
    r"-- In a DuckDB shell[^\n]*\n(?:-- [^\n]+\n)*"
)

OF_THE_GRAIN = "every_row_is_alone_in_its_grain"
GRAIN_CHECK = """-- Finds rows of {table.qualified_name} that share {table.key_columns}.
-- Severity: ERROR, blocking
-- To do: add what tells the rows apart to the Grain of {table.name}.sql, or group its SELECT by the Grain.
-- In a DuckDB shell on the warehouse, paste this.
SELECT {table.key_columns}, count(*) AS rows
FROM {table.qualified_name}
{where}GROUP BY ALL
HAVING count(*) > 1
"""


@dataclass(frozen=True)
class Violations:
    """The rows that fail a check: their number, and the first few.

    `observed`: of a check that passed and states what it observed, the first of the rows it looked at.
    """

    count: int
    columns: tuple[str, ...]
    examples: tuple[tuple[object, ...], ...]
    observed: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class SqlCheck:
    """`name` states what should hold for `table`; `sql` is a SELECT of the rows that violate it.

    `is_blocking`: while it fails, nothing is computed from the table. `to_do`: what to do then. `description`: what
    the UI shows of the file's head, in Markdown. `observed`: a sentence that states the observed value and the
    limit, with the names of columns in braces; `sql` then selects the rows that hold as well, and tells them apart
    by a column `holds`. `file`: what holds a lender's own check; empty for ours.
    """

    name: str
    table: Table
    description: str
    severity: dg.AssetCheckSeverity
    is_blocking: bool
    to_do: str
    observed: str
    sql: str
    file: str = ""

    @classmethod
    def parse(cls, name: str, table: Table, sql: str) -> SqlCheck:
        """The check in a file's text. Raises `ValueError` if its head lacks a part."""
        head = HEAD.match(sql)
        if head is None:
            raise ValueError(
                f"the check {name} on {table.qualified_name}: its first lines must be `-- Finds ...`, "
                f"`-- Severity: ERROR, blocking` (or `ERROR`, or `WARN`), `-- To do: ...`, if you like "
                f"`-- Observed: ...`, and `-- In a DuckDB shell ...`, in this order"
            )
        severity, to_do = head["severity"], _one_line(head["to_do"])
        return cls(
            name,
            table,
            f"{_one_line(head['finds'])}\n\n**Severity**: {severity}{head['blocking'] or ''}\n\n**To do**: {to_do}",
            dg.AssetCheckSeverity(severity),
            head["blocking"] is not None,
            to_do,
            _one_line((head["observed"] or "").removeprefix("-- Observed:")),
            sql,
        )

    @property
    def other_tables(self) -> list[Table]:
        """The tables that the SELECT reads besides its own, also those of views."""
        code = COMMENT.sub("", self.sql)
        views = {**D23.tables_of_views, **{name: view.sources for name, view in VIEWS.items()}}
        sources = {**{name: (table,) for name, table in TABLES.items()}, **views}
        words = set(QUALIFIED_NAME.findall(code))
        tables = [tables for name, tables in sources.items() if name in words]
        return [table for table in dict.fromkeys(chain.from_iterable(tables)) if table != self.table]

    def find_violations(self, connection: duckdb.DuckDBPyConnection, variables: Mapping[str, object]) -> Violations:
        """Find the rows that violate the check, with `variables` set; if there are none, what was observed instead.

        Raises `MartError` if DuckDB refuses a lender's own.
        """
        if not self.file:
            return self._find_violations(connection, variables)
        from cleargrid_assets.marts.binding import refusals  # noqa: PLC0415 - definitions need no DuckDB

        with refusals(self.file):
            return self._find_violations(connection, variables)

    def _find_violations(self, connection: duckdb.DuckDBPyConnection, variables: Mapping[str, object]) -> Violations:
        rows = f"({Query(self.sql, variables).bind(connection)}\n)"
        if not self.observed:
            return _first_rows(connection, f"FROM {rows}")
        violations = _first_rows(connection, f"SELECT * EXCLUDE (holds) FROM {rows} WHERE holds IS NOT TRUE")
        if violations.count:
            return violations
        holding = _first_rows(connection, f"SELECT * EXCLUDE (holds) FROM {rows}")
        observed = dict(zip(holding.columns, holding.examples[0], strict=True)) if holding.count else {}
        return replace(violations, observed=observed)


def _first_rows(connection: duckdb.DuckDBPyConnection, select: str) -> Violations:
    result = connection.execute(f"SELECT *, count(*) OVER () FROM ({select}) LIMIT {MAX_EXAMPLES}")
    columns = tuple(column[0] for column in result.description or ())[:-1]
    rows = result.fetchall()
    return Violations(int(rows[0][-1]) if rows else 0, columns, tuple(row[:-1] for row in rows))


def read_checks(schema: str) -> list[SqlCheck]:
    """The checks on the tables of `schema`, by table and name.

    Raises `ValueError` for a folder that is not named after a table, and for a head that lacks a part.
    """
    paths = sorted((FOLDER / schema).glob("*/*.sql"))
    return [SqlCheck.parse(path.stem, _table_of(path), path.read_text(encoding="utf-8")) for path in paths]


def read_raw_checks(dataset: RawDataset) -> list[SqlCheck]:
    """The checks on the dataset's rows: the common ones, and those in its table's folder, which replace namesakes.

    Raises `ValueError` for a head that lacks a part.
    """
    folder = FOLDER / "raw"
    common = {name: dataset.adapt(sql, written_for=D23) for name, sql in _read(folder).items()}
    checks = common | _read(folder / dataset.rows.name)
    return [SqlCheck.parse(name, dataset.rows, sql) for name, sql in sorted(checks.items())]


def read_mart_checks(marts: Marts) -> list[SqlCheck]:
    """The checks on a lender's own marts: that of the grain, and the files `<mart>/<check>.sql` beside the mart's.

    Raises `MartError` for a head that lacks a part, and for the name of the check that every mart has.
    """
    checks = []
    for mart in marts.marts:
        checks.append(_grain_check(mart.table))
        for own in mart.checks:
            file = f"{mart.table.name}/{own.name}.sql"
            if own.name == OF_THE_GRAIN:
                raise MartError(f"{file}: every mart has this check already; rename the file")
            try:
                check = SqlCheck.parse(own.name, mart.table, own.sql)
                _verify_observed(check.observed, own.columns)
            except ValueError as error:
                raise MartError(f"{file}: {error}") from error
            checks.append(replace(check, file=file))
    return checks


def _verify_observed(observed: str, columns: Sequence[str]) -> None:
    """Raise `ValueError` if `observed` could not be told from a row with these columns."""
    if not observed:
        return
    if HOLDS not in map(str.lower, columns):
        raise ValueError(
            f"with `-- Observed: ...`, its SELECT returns the rows that hold as well, and a column {HOLDS} that tells "
            f"them apart; add it, or leave that line out"
        )
    try:
        names = [name for _, name, _, _ in Formatter().parse(observed) if name is not None]
    except ValueError as error:
        raise ValueError(f"the braces of its `-- Observed: ...` do not match ({error}); correct them") from error
    for name in names:
        if name.lower() == HOLDS or name not in columns:
            raise ValueError(f"its `-- Observed: ...` has {{{name}}}; write names of columns of its SELECT in braces")


def _grain_check(table: Table) -> SqlCheck:
    where = "WHERE getvariable('month') IS NULL OR month = getvariable('month')\n" if table.is_partitioned else ""
    return SqlCheck.parse(OF_THE_GRAIN, table, GRAIN_CHECK.format(table=table, where=where))


def _read(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.sql")}


def _table_of(path: Path) -> Table:
    table = TABLES.get(f"{path.parent.parent.name}.{path.parent.name}")
    if table is None:
        raise ValueError(f"{path}: its folder must be named after a table, `<schema>/<table>`")
    return table


def _one_line(comment: str) -> str:
    return " ".join(" ".join(line.removeprefix("--") for line in comment.splitlines()).split())
