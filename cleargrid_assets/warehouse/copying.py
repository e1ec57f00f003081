"""Copies a warehouse into another one, month by month, and compares each month before committing it.

The comparison and the copy belong here; `commands.move_warehouse` prints the progress.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cleargrid_assets.tables.catalog import DATASETS, TABLES
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.tables.table import quoted
from cleargrid_assets.warehouse.errors import WarehouseError, WarehouseMissingError
from cleargrid_assets.warehouse.schema import has_columns_of, prepare_mart

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import date

    import duckdb

    from cleargrid_assets.tables.table import Table
    from cleargrid_assets.warehouse.warehouse import Warehouse

BATCH_ROWS = 100_000
"""Rows in memory during the copy: some ten megabytes."""

FOREIGN_TABLES = """
SELECT table_schema || '.' || table_name FROM information_schema.tables
WHERE table_catalog = current_database() AND table_type = 'BASE TABLE' ORDER BY ALL
"""


class MoveError(WarehouseError):
    """The copy differs from the source; that month was rolled back."""


@dataclass(frozen=True)
class TableMonth:
    """The unit of copying: one month of a table, or (month None) a table without months."""

    table: Table
    month: date | None

    @property
    def where(self) -> str:
        """The WHERE clause of its rows."""
        return f" WHERE month = DATE '{self.month}'" if self.month else ""


@dataclass(frozen=True)
class Fingerprint:
    """The number of rows and the sum of their hashes, which does not depend on row order."""

    rows: int
    checksum: str


NOTHING = Fingerprint(0, "0")


@dataclass(frozen=True)
class LoadOfMonth:
    """A load as both warehouses identify it; load numbers are each warehouse's own."""

    dataset: str
    month: date
    run_id: str


@dataclass(frozen=True)
class Snapshot:
    """The contents of one warehouse. `unmanaged_tables`: tables that are neither ours nor marts."""

    contents: dict[TableMonth, Fingerprint]
    loads: frozenset[LoadOfMonth]
    unmanaged_tables: tuple[str, ...]


@dataclass(frozen=True)
class CopiedMonth:
    """The result for one month, or (month None) for the tables without months."""

    month: date | None
    rows: int
    was_copied: bool


def snapshot_of(warehouse: Warehouse, marts: Sequence[Table] = ()) -> Snapshot:
    """Count and hash every table, month by month; empty if there is no warehouse yet.

    `marts`: the lender's own tables. One that was computed from another file than today's is left out: the sensor
    computes it again in either warehouse.
    """
    try:
        with warehouse.reading() as connection:
            tables = [table for table in TABLES.values() if table.exists_in(connection)]
            tables += [mart for mart in marts if has_columns_of(connection, mart)]
            contents = {part: content for table in tables for part, content in _contents(connection, table).items()}
            names = [name for (name,) in connection.execute(FOREIGN_TABLES).fetchall()]
            return Snapshot(
                contents,
                _loads(connection),
                tuple(sorted({*names} - {*TABLES, *(mart.qualified_name for mart in marts)})),
            )
    except WarehouseMissingError:
        return Snapshot({}, frozenset(), ())


def move(
    source: Warehouse, target: Warehouse, marts: Sequence[Table] = (), *, may_overwrite: bool
) -> Iterator[CopiedMonth]:
    """Make every month of `target` equal to that of `source`; skip months that are equal already.

    `marts`: the lender's own tables, which are copied like ours.

    Raises `MoveError` if a copy differs, or, unless `may_overwrite`, if the target has loads of its own.
    """
    old, new = snapshot_of(source, marts), snapshot_of(target, marts)
    if not may_overwrite:
        _refuse_own_loads(old.loads, new.loads)
    tables = {part.table for part in old.contents}
    landed = tuple(dataset for dataset in DATASETS.values() if dataset == D23 or tables & {*dataset.tables})
    target = replace(target, datasets=landed)
    for month in sorted({part.month for part in old.contents}, key=lambda month: (month is None, month)):
        parts = [part for part in old.contents if part.month == month]
        differing = find_differences(old, new, month)
        if differing:
            _copy(source, target, differing, marts, may_overwrite=may_overwrite)
        rows = sum(old.contents[part].rows for part in parts)
        yield CopiedMonth(month, rows, was_copied=bool(differing))


def find_differences(old: Snapshot, new: Snapshot, month: date | None) -> list[TableMonth]:
    """The month's parts that differ, including those that only the target has and that must be deleted there."""
    parts = [part for part in old.contents | new.contents if part.month == month]
    return [part for part in parts if old.contents.get(part, NOTHING) != new.contents.get(part, NOTHING)]


def _refuse_own_loads(old: AbstractSet[LoadOfMonth], new: AbstractSet[LoadOfMonth]) -> None:
    """Raise `MoveError` if the target has a load that the source lacks, of a month that both have."""
    copied = {(load.dataset, load.month) for load in old}
    months = sorted({load.month for load in new - old if (load.dataset, load.month) in copied})
    if months:
        raise MoveError(
            f"the target has loads of {len(months)} months that the source does not have, the first of them "
            f"{months[0]:%Y-%m}; none of these months was copied. Pass --overwrite to replace them with the source's"
        )


def _copy(
    source: Warehouse, target: Warehouse, parts: Sequence[TableMonth], marts: Sequence[Table], *, may_overwrite: bool
) -> None:
    """Copy `parts` in one transaction of the target; roll back if one of them then differs from the source.

    Check the target's loads again: it may have been loaded since its months were counted.
    """
    with source.reading() as origin, target.writing() as copy:
        if not may_overwrite:
            months = {part.month for part in parts}
            _refuse_own_loads(*({load for load in _loads(each) if load.month in months} for each in (origin, copy)))
        for part in parts:
            if part.table in marts:
                prepare_mart(copy, part.table)
            _copy_part(origin, copy, part)
            expected, actual = _content(origin, part), _content(copy, part)
            if expected != actual:
                raise MoveError(f"the copy of {part.table.qualified_name}{part.where} holds {actual}, not {expected}")


def _copy_part(origin: duckdb.DuckDBPyConnection, copy: duckdb.DuckDBPyConnection, part: TableMonth) -> None:
    name = part.table.qualified_name
    copy.execute(f"DELETE FROM {name}{part.where}")
    if not part.table.exists_in(origin):
        return
    copy_rows(origin, copy, f"SELECT {_columns(part.table)} FROM {name}{part.where}", part.table)


def copy_rows(origin: duckdb.DuckDBPyConnection, copy: duckdb.DuckDBPyConnection, select: str, table: Table) -> None:
    """Insert the rows that `select` returns from `origin` into `table` of `copy`, a batch at a time."""
    copy.register("copied", origin.sql(select).to_arrow_reader(BATCH_ROWS))
    copy.execute(f"INSERT INTO {table.qualified_name} BY NAME SELECT * FROM copied")
    copy.unregister("copied")


def _contents(connection: duckdb.DuckDBPyConnection, table: Table, where: str = "") -> Mapping[TableMonth, Fingerprint]:
    """What each month of the table holds, or the table as a whole."""
    of = "month" if table.is_partitioned else "NULL::DATE"
    sums = f"count(*), coalesce(sum(hash({_columns(table)})::HUGEINT), 0)::VARCHAR"
    rows = connection.execute(f"SELECT {of}, {sums} FROM {table.qualified_name}{where} GROUP BY ALL").fetchall()
    return {TableMonth(table, month): Fingerprint(count, checksum) for month, count, checksum in rows}


def _content(connection: duckdb.DuckDBPyConnection, part: TableMonth) -> Fingerprint:
    if not part.table.exists_in(connection):
        return NOTHING
    return _contents(connection, part.table, part.where).get(part, NOTHING)


def _columns(table: Table) -> str:
    return ", ".join(map(quoted, table.column_names))


def _loads(connection: duckdb.DuckDBPyConnection) -> frozenset[LoadOfMonth]:
    loads: set[LoadOfMonth] = set()
    for code, dataset in DATASETS.items():
        if dataset.loads.exists_in(connection):
            rows = connection.execute(f"SELECT month, run_id FROM {dataset.loads.qualified_name}").fetchall()
            loads |= {LoadOfMonth(code, month, run_id) for month, run_id in rows}
    return frozenset(loads)
