"""`MonthFiles`: a row-level table as Parquet, a file for each month, written only when the month's rows have changed.

File names, what counts as changed, and how long replaced files stay belong here. A name is never used for other rows:
whoever has a published database open goes on reading the files that its views name, for a day after they are replaced.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.tables.raw import D23_LOADS, WAREHOUSE_IDENTITY
from cleargrid_assets.tables.table import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from cleargrid_assets.tables.table import Table
    from cleargrid_assets.warehouse.artifacts import Artifacts

ROW_TABLES = (CONTACT_ATTEMPTS, D23_LOADS)
"""The tables that are published by month: the attempts behind every figure, and the ledger."""

KEPT = timedelta(days=1)
"""How long a replaced file stays for those who still read it."""

WRITTEN_AT = "%Y%m%dT%H%M%S"
NAME = re.compile(r"(?P<month>\d{4}-\d{2})-(?P<written_at>\d{8}T\d{6})-(?P<version>[0-9a-f]{12})\.parquet")
"""Names of a month sort by time."""

VERSIONS = """
WITH held AS (
    SELECT month, count(*) AS rows, concat_ws(' ', {versions}) AS versions, max(load_number) AS load_number
    FROM {table}
    GROUP BY month
), loads AS (
    SELECT load_number, max(run_id) AS run_id FROM {loads} GROUP BY load_number
)
SELECT
    month,
    rows,
    left(md5(concat_ws(' ', $table, (SELECT max(made_at) FROM {identity}), rows, versions, run_id)), 12) AS version
FROM held LEFT JOIN loads USING (load_number)
ORDER BY month
"""
"""A new warehouse counts its loads from 1 again, and a restored one counts on from its copy's last load: the time at
which it was made and the run of the load are part of a version."""


@dataclass(frozen=True)
class MonthFile:
    """A month's current file. `version`: a digest that changes with the month's rows."""

    month: date
    rows: int
    version: str
    name: str


@dataclass(frozen=True)
class MonthFiles:
    """The files of `table` in a folder of their own. `now`: the time of the publication, UTC."""

    table: Table
    artifacts: Artifacts
    now: datetime

    def write(self, connection: duckdb.DuckDBPyConnection) -> list[MonthFile]:
        """The current file of each month of the open warehouse; those of changed months are new."""
        files = [self._current_file(*values) for values in self._versions(connection)]
        for file in files:
            if file.name not in self._names:
                self._copy(connection, file)
        return files

    def delete_replaced(self, current: Sequence[MonthFile]) -> int:
        """Delete the files that were replaced more than a day ago; return how many."""
        kept = {file.name for file in current}
        replaced = [
            name for name in self._names if name not in kept and self._replaced_at(name, kept) < self.now - KEPT
        ]
        for name in replaced:
            self.artifacts.delete(name)
        return len(replaced)

    def _versions(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[date, int, str]]:
        columns = [name for name in ("load_number", "rules_version") if name in self.table.column_names]
        versions = ", ".join(f"min({name}), max({name})" for name in columns)
        names = {
            "table": self.table.qualified_name,
            "identity": WAREHOUSE_IDENTITY.qualified_name,
            "loads": D23_LOADS.qualified_name,
        }
        select = VERSIONS.format(**names, versions=versions)
        shape = hashlib.sha256(self.table.ddl.encode()).hexdigest()
        return connection.execute(select, {"table": shape}).fetchall()

    def _current_file(self, month: date, rows: int, version: str) -> MonthFile:
        """The month's newest file if it holds this version, else the name of a new one."""
        newest = max((name for name in self._names if name.startswith(f"{month:%Y-%m}-")), default="")
        is_current = newest.endswith(f"-{version}.parquet")
        name = newest if is_current else f"{month:%Y-%m}-{self.now:{WRITTEN_AT}}-{version}.parquet"
        return MonthFile(month, rows, version, name)

    def _copy(self, connection: duckdb.DuckDBPyConnection, file: MonthFile) -> None:
        rows = (
            f"FROM {self.table.qualified_name} WHERE month = DATE '{file.month}' ORDER BY {', '.join(self.table.grain)}"
        )
        with self.artifacts.replacing(file.name) as path:
            connection.execute(f"COPY ({rows}) TO {literal(str(path))} (FORMAT parquet)")

    def _replaced_at(self, name: str, current: set[str]) -> datetime:
        """When the month's next file was written, whatever order clocks gave the names; its own time without one."""
        month = NAME.fullmatch(name)["month"]  # type: ignore[index] # `_names` holds nothing else
        later = [other for other in {*self._names, *current} if other.startswith(f"{month}-") and other > name]
        return _written_at(min(later, default=name))

    @cached_property
    def _names(self) -> list[str]:
        """Our files that were there before this publication."""
        return [name for name in self.artifacts.names() if NAME.fullmatch(name)]


def _written_at(name: str) -> datetime:
    match = NAME.fullmatch(name)
    assert match is not None, name
    return datetime.strptime(match["written_at"], WRITTEN_AT).replace(tzinfo=UTC)
