"""The published workbook: a sheet for each table whose rows are about months, for people who work in a spreadsheet.

How a table becomes a sheet belongs here. Text is never a formula or a link, whatever an agent typed.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cleargrid_assets.tables.table import View

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import duckdb
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from cleargrid_assets.tables.table import Table

WORKBOOK = "cleargrid.xlsx"
SHEET_ROWS = 10_000
"""A larger table shows its newest months; a thousand rows of twenty columns take a fifth of a second to write."""

BY_DAY_OR_HOUR = frozenset({"local_date", "local_hour"})
"""Grains that are too fine for a sheet: these tables are published as CSV and Parquet."""

RESERVED = "history"
"""Excel refuses a sheet of this name."""

OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "nan_inf_to_errors": True,
    "default_date_format": "yyyy-mm-dd",
}
CONTENTS = ("table", "rows here", "rows of the table", "meaning")


def sheet_tables(tables: Iterable[Table]) -> list[Table]:
    """The tables that get a sheet: no views, whose figures are those of tables once more."""
    return [table for table in tables if not isinstance(table, View) and not BY_DAY_OR_HOUR & set(table.grain)]


def write_workbook(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table], file: Path) -> None:
    """Write the tables, as they are in the open database, newest months first. Imports XlsxWriter here."""
    import xlsxwriter  # noqa: PLC0415 - only a publication needs it

    with xlsxwriter.Workbook(str(file), OPTIONS) as workbook:
        contents = workbook.add_worksheet("Contents")
        bold = workbook.add_format({"bold": True})
        _write_row(contents, 0, CONTENTS, bold)
        for line, table in enumerate(sheet_tables(tables), start=1):
            written, total = _write_sheet(connection, table, workbook, bold)
            _write_row(contents, line, (table.qualified_name, written, total, table.meaning))


def _write_sheet(
    connection: duckdb.DuckDBPyConnection, table: Table, workbook: xlsxwriter.Workbook, bold: Format
) -> tuple[int, int]:
    """Add the table's sheet; return the rows in it and those of the table."""
    sheet = workbook.add_worksheet(_sheet_name(table, workbook))
    sheet.freeze_panes(1, 0)
    _write_row(sheet, 0, table.column_names, bold)
    for number, column in enumerate(table.columns):
        sheet.write_comment(0, number, column.meaning)
    order = table.key_columns.replace('"month"', '"month" DESC')
    rows = connection.execute(f"FROM {table.qualified_name} ORDER BY {order or 'ALL'} LIMIT {SHEET_ROWS}").fetchall()
    for line, values in enumerate(rows, start=1):
        _write_row(sheet, line, values)
    ((total,),) = connection.execute(f"SELECT count(*) FROM {table.qualified_name}").fetchall()
    return len(rows), total


def _sheet_name(table: Table, workbook: xlsxwriter.Workbook) -> str:
    """The table's name, shortened to what a sheet may have, and changed if another sheet or Excel itself has it."""
    taken = {sheet.name.lower() for sheet in workbook.worksheets()} | {RESERVED}
    names = (table.name[:31], *(f"{table.name[:28]}_{number}" for number in range(2, len(taken) + 2)))
    return next(name for name in names if name not in taken)


def _write_row(sheet: Worksheet, line: int, values: Iterable[Any], form: Format | None = None) -> None:
    """Write one line. Naming the kind of each cell saves a third of the time of a sheet."""
    for number, value in enumerate(values):
        if isinstance(value, bool):
            sheet.write_boolean(line, number, value, form)
        elif isinstance(value, int | float | Decimal):
            sheet.write_number(line, number, value, form)
        elif isinstance(value, date) and not getattr(value, "tzinfo", None):  # a sheet knows no zones
            sheet.write_datetime(line, number, value, form)
        elif value is not None:
            sheet.write_string(line, number, str(value), form)
