"""The outcomes that the outcome map does not know, with a line to paste into it; left out if there are none."""

from __future__ import annotations

from cleargrid_assets.assets.reports.page.blocks import Block, DataTable, Note
from cleargrid_assets.assets.reports.page.formatting import DASH, count, percent
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.sentence import LOWER_BOUNDS
from cleargrid_assets.tables.analytics import UNMAPPED_OUTCOMES

HEADS = ("Spellings", "Rows / landed", "Share", "First and last seen", "Line to paste")


def _content(data: ReportData) -> list[Block]:
    rows = [_cells(row) for row in data["unmapped_outcomes"]]
    if not rows:
        return []
    return [
        Note(
            f"They count as attempts and as nothing else, so {LOWER_BOUNDS}. Paste a line into the file of "
            "CLEARGRID_OUTCOMES and fill in its two classes."
        ),
        DataTable(HEADS, rows, texts=(0, 4)),
    ]


SECTION = Section(
    position=100,
    module=__file__,
    heading="Outcomes the map does not know",
    tables=(UNMAPPED_OUTCOMES,),
    content=_content,
)


def _cells(row: Row) -> list[str]:
    seen = f"{row['first_seen_at']:%Y-%m-%d} to {row['last_seen_at']:%Y-%m-%d}"
    rows = f"{count(row['times'])} / {count(row['rows_landed'])}"
    return [", ".join(row["raw_spellings"]), rows, percent(row["share"]), seen, row["csv_line"] or DASH]
