"""The open month projected to its end, with the error that the same projection had on past months."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import Block, DataTable, Note
from cleargrid_assets.assets.reports.page.formatting import count, month_name, percent
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.tables.analytics import KPI_DAILY, METRIC_DEFINITIONS
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.tables.raw import D23_LOADS

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADS = ("Figure", "So far", "Projected", "Median error on past months", "Month before")


def _content(data: ReportData) -> Sequence[Block]:
    rows = data["projection"]
    if not rows:
        return []
    return [
        Note(
            f"{month_name(rows[0]['month'])} to its end: whole days, corrected for what is logged late, and for each "
            f"day to come the mean of its weekday over 8 weeks. The error is the median of the same projection on "
            f"{rows[0]['backtests']} past months, made on the same day of the month. A figure that last month's would "
            f"have missed by less is left out."
        ),
        DataTable(HEADS, [_cells(row) for row in rows], is_whole=True),
    ]


SECTION = Section(
    position=12,
    module=__file__,
    heading="The open month, projected",
    tables=(KPI_DAILY, CONTACT_ATTEMPTS, METRIC_DEFINITIONS, D23_LOADS),
    content=_content,
)


def _cells(row: Row) -> list[str]:
    if row["unit"] == "share":
        error = f"{100 * row['median_abs_error']:.1f} pp"
        return [row["name"], percent(row["so_far"]), percent(row["projected"]), error, percent(row["previous"])]
    so_far, projected, error, previous = (
        count(round(row[name])) for name in ("so_far", "projected", "median_abs_error", "previous")
    )
    return [row["name"], so_far, projected, error, previous]
