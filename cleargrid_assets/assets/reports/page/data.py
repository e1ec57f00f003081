"""Reads the report's data from the warehouse in one transaction: the queries of the sections, rows as dictionaries.

Choose the report's month here; a section's query is next to its module in `sections`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.targets import read_targets
from cleargrid_assets.tables.analytics import KPI_MONTHLY
from cleargrid_assets.tables.raw import D23_LOADS
from cleargrid_assets.warehouse import Query, WarehouseMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    import duckdb

    from cleargrid_assets.settings import Settings
    from cleargrid_assets.tables.table import Table
    from cleargrid_assets.warehouse.warehouse import Warehouse

MONTHS = Path(__file__).parent / "months.sql"


def read_report(
    warehouse: Warehouse, settings: Settings, sections: Sequence[Section], expected: Mapping[date, str], now: datetime
) -> ReportData:
    """The rows of all sections from one snapshot; without rows if there is no warehouse yet.

    Raises `SettingsError` for a file of targets that cannot be used.
    """
    targets = read_targets(settings.targets)
    try:
        with warehouse.reading() as connection:
            data = read_sections(connection, settings, sections)
    except WarehouseMissingError:
        data = ReportData(settings, None, [], {name: [] for section in sections for name in section.queries})
    return replace(data, expected=expected, targets=targets, now=now)


def read_sections(connection: duckdb.DuckDBPyConnection, settings: Settings, sections: Sequence[Section]) -> ReportData:
    """The rows of all sections, read on one connection, which sees one snapshot of the warehouse."""
    months = _rows(connection, MONTHS, (KPI_MONTHLY, D23_LOADS), None)
    month = _report_month(months)
    rows = {
        name: _rows(connection, file, section.tables, month)
        for section in sections
        for name, file in section.queries.items()
    }
    return ReportData(settings, month, months, rows)


def _report_month(months: list[Row]) -> date | None:
    final = [row["month"] for row in months if row["status"] == "final" and row["attempts"]]
    return max(final or [row["month"] for row in months], default=None)


def _rows(
    connection: duckdb.DuckDBPyConnection, file: Path, tables: tuple[Table, ...], month: date | None
) -> list[Row]:
    if not all(table.exists_in(connection) for table in tables):
        return []
    query = Query(file.read_text(encoding="utf-8"), {"report_month": month})
    result = connection.execute(query.bind(connection))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, values, strict=True)) for values in result.fetchall()]
