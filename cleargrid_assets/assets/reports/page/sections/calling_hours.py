"""Attempts outside permitted calling hours, by profile and channel."""

from __future__ import annotations

from cleargrid_assets.assets.reports.page.blocks import Block, DataTable, Note
from cleargrid_assets.assets.reports.page.formatting import channel_name, count, share_of
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.tables.analytics import CALLING_HOURS

HEADS = ("Profile and channel", "Attempts", "Time known", "Too early", "Too late", "Outside / time known")


def _content(data: ReportData) -> list[Block]:
    rows = data["calling_hours"]
    channels = [row["channel"] for row in rows]
    return [
        Note(
            f"{data.month_name}, all landed rows, on the configured clock ({data.settings.timezone}), which need not "
            "be the borrower's. core.calling_hours_profiles has each profile's hours and their source. "
            "A monitoring figure, not legal advice."
        ),
        DataTable(HEADS, [_cells(row) for row in rows], channels=channels),
    ]


SECTION = Section(
    position=80, module=__file__, heading="Outside permitted hours", tables=(CALLING_HOURS,), content=_content
)


def _cells(row: Row) -> list[str]:
    counts = [count(row[name]) for name in ("attempts", "time_known", "outside_early", "outside_late")]
    checked = "" if row["verified"] else " (not verified)"
    outside = share_of(row["outside_early"] + row["outside_late"], row["time_known"])
    return [f"{row['profile']}{checked}, {channel_name(row['channel'])}", *counts, outside]
