"""Copying a warehouse into another one, month by month, each compared before it is committed.

Here: what differs, the copy, the comparison. Not here: what is printed (`commands.move_warehouse`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleargrid_assets.tables.catalog import ALL_TABLES, TABLES
from cleargrid_assets.tables.raw import D23_LOADS
from cleargrid_assets.warehouse.errors import WarehouseError, WarehouseMissingError
from cleargrid_assets.warehouse.inventory import has_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    import duckdb

    from cleargrid_assets.tables.table import Table
    from cleargrid_assets.warehouse.warehouse import Warehouse

BATCH_ROWS = 100_000
"""Rows in flight between the two: some ten megabytes."""

FOREIGN_TABLES = """
SELECT table_schema || '.' || table_name FROM information_schema.tables
WHERE table_catalog = current_database() AND table_type = 'BASE TABLE' ORDER BY ALL
"""


class MoveError(WarehouseError):
    """The copy is not what the source is; that month was rolled back."""


@dataclass(frozen=True)
class Part:
    """What is copied in one go: a table's month, or (month None) a table that has no months."""

    table: Table
    month: date | None

    @property
    def where(self) -> str:
        """The condition that finds its rows."""
        return f" WHERE month = DATE '{self.month}'" if self.month else ""


@dataclass(frozen=True)
class Content:
    """The number of rows and the sum of their hashes, which does not depend on their order."""

    rows: int
    checksum: str


NOTHING = Content(0, "0")


@dataclass(frozen=True)
class Holdings:
    """Everything that one warehouse holds. `newest_load`: of each month, naive UTC."""

    contents: dict[Part, Content]
    newest_load: dict[date, datetime]
    foreign: tuple[str, ...]


@dataclass(frozen=True)
class Moved:
    """What happened to one month (None: the tables without months)."""

    month: date | None
    rows: int
    was_copied: bool


def holdings(warehouse: Warehouse) -> Holdings:
    """Count and sum up every table, month by month; nothing when there is no warehouse yet."""
    try:
        with warehouse.reading() as connection:
            tables = [table for table in ALL_TABLES if has_table(connection, table)]
            contents = {part: content for table in tables for part, content in _contents(connection, table)}
            found = [name for (name,) in connection.execute(FOREIGN_TABLES).fetchall()]
            return Holdings(contents, _newest_loads(connection, tables), tuple(sorted({*found} - {*TABLES})))
    except WarehouseMissingError:
        return Holdings({}, {}, ())


def move(source: Warehouse, target: Warehouse, *, may_overwrite: bool) -> Iterator[Moved]:
    """Make every month of `target` what it is in `source`; months that are equal already are left alone.

    Raises `MoveError` when the target has a newer load of a month and not `may_overwrite`, or a copy differs.
    """
    old, new = holdings(source), holdings(target)
    if not may_overwrite:
        _refuse_newer(old.newest_load, new.newest_load)
    for month in sorted({part.month for part in old.contents}, key=lambda month: (month is None, month)):
        parts = [part for part in old.contents if part.month == month]
        differing = differing_parts(old, new, month)
        if differing:
            _copy(source, target, differing, may_overwrite=may_overwrite)
        rows = sum(old.contents[part].rows for part in parts)
        yield Moved(month, rows, was_copied=bool(differing))


def differing_parts(old: Holdings, new: Holdings, month: date | None) -> list[Part]:
    """The month's parts that are not the same in both; one that the source no longer has is to go from the target."""
    parts = [part for part in old.contents | new.contents if part.month == month]
    return [part for part in parts if old.contents.get(part, NOTHING) != new.contents.get(part, NOTHING)]


def _refuse_newer(old: Mapping[date, datetime], new: Mapping[date, datetime]) -> None:
    """Raise `MoveError` when the newest loads of the target, `new`, are later than those of the source, `old`."""
    newer = [month for month, loaded_at in new.items() if loaded_at > old.get(month, loaded_at)]
    if newer:
        raise MoveError(
            f"the target has newer loads of {len(newer)} months ({newer[0]:%Y-%m} the first); they were not copied. "
            f"Pass --overwrite to replace them with the source's older ones"
        )


def _copy(source: Warehouse, target: Warehouse, parts: Sequence[Part], *, may_overwrite: bool) -> None:
    """Copy `parts` in one transaction of the target; rolled back unless each is then what it is in the source.

    The target may have been loaded since its months were counted, so newer loads are looked for once more.
    """
    with source.reading() as origin, target.writing() as copy:
        if not may_overwrite:
            _refuse_newer(*(_newest_loads_of(connection, parts) for connection in (origin, copy)))
        for part in parts:
            _copy_part(origin, copy, part)
            expected, found = _content(origin, part), _content(copy, part)
            if expected != found:
                raise MoveError(f"the copy of {part.table.qualified_name}{part.where} holds {found}, not {expected}")


def _copy_part(origin: duckdb.DuckDBPyConnection, copy: duckdb.DuckDBPyConnection, part: Part) -> None:
    name = part.table.qualified_name
    copy.execute(part.table.ddl)
    copy.execute(f"DELETE FROM {name}{part.where}")
    if not has_table(origin, part.table):
        return
    rows = origin.sql(f"SELECT {_columns(part.table)} FROM {name}{part.where}").to_arrow_reader(BATCH_ROWS)
    copy.register("moved", rows)
    copy.execute(f"INSERT INTO {name} BY NAME SELECT * FROM moved")
    copy.unregister("moved")


def _contents(connection: duckdb.DuckDBPyConnection, table: Table) -> Iterator[tuple[Part, Content]]:
    if not table.is_partitioned:
        yield Part(table, None), _content(connection, Part(table, None))
        return
    sums = f"SELECT month, {_sums(table)} FROM {table.qualified_name} GROUP BY month"
    for month, rows, checksum in connection.execute(sums).fetchall():
        yield Part(table, month), Content(rows, checksum)


def _content(connection: duckdb.DuckDBPyConnection, part: Part) -> Content:
    if not has_table(connection, part.table):
        return NOTHING
    sums = f"SELECT {_sums(part.table)} FROM {part.table.qualified_name}{part.where}"
    ((rows, checksum),) = connection.execute(sums).fetchall()
    return Content(rows, checksum)


def _sums(table: Table) -> str:
    return f"count(*), coalesce(sum(hash({_columns(table)})::HUGEINT), 0)::VARCHAR"


def _columns(table: Table) -> str:
    return ", ".join(f'"{name}"' for name in table.column_names)


def _newest_loads_of(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> dict[date, datetime]:
    """The newest loads of the months that `parts` are of."""
    tables = [D23_LOADS] if has_table(connection, D23_LOADS) else []
    months = {part.month for part in parts}
    return {month: at for month, at in _newest_loads(connection, tables).items() if month in months}


def _newest_loads(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> dict[date, datetime]:
    if D23_LOADS not in tables:
        return {}
    newest = f"SELECT month, max(loaded_at) FROM {D23_LOADS.qualified_name} GROUP BY month"
    return dict(connection.execute(newest).fetchall())
