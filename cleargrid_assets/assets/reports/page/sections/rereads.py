"""What the last re-read of each month changed, in rows and field by field."""

from __future__ import annotations

from cleargrid_assets.assets.reports.page.blocks import Block, DataTable, Note, Subheading
from cleargrid_assets.assets.reports.page.formatting import count, moment, month_name
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS

HEADS = ("Month", "Last load", "Rows", "Added", "Changed", "Vanished")
HEADS_OF_CHANGES = ("Field", "From", "To", "Rows", "Months")


def _content(data: ReportData) -> list[Block]:
    loads: list[Block] = [
        Note("ClearGrid changes rows after the fact; each load compares the month with the one before."),
        DataTable(HEADS, [_cells(row) for row in data["rereads"]], texts=(0, 1)),
    ]
    changes = [_cells_of_change(row) for row in data["rereads__changes"]]
    if not changes:
        return loads
    return [*loads, Subheading("Fields that changed"), DataTable(HEADS_OF_CHANGES, changes, texts=(0, 1, 2))]


SECTION = Section(
    position=90,
    module=__file__,
    heading="What the last re-read changed",
    tables=(D23_LOADS, D23_CHANGES),
    content=_content,
)


def _cells(row: Row) -> list[str]:
    changes = [count(row[name]) for name in ("rows_added", "rows_changed", "rows_vanished")]
    cells = changes if row["is_reread"] else ["first load", "", ""]
    return [month_name(row["month"]), moment(row["loaded_at"]), count(row["rows_landed"]), *cells]


def _cells_of_change(row: Row) -> list[str]:
    return [row["field"], row["old"], row["new"], count(row["times"]), count(row["months"])]
