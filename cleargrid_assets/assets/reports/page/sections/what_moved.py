"""What moved and why: each headline rate's change since the month before, split into rate and mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import Block, DataTable, Note
from cleargrid_assets.assets.reports.page.formatting import DASH, count, points
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.tables.analytics import COHORT_CONTACT, KPI_MONTHLY, METRIC_DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADS = ("Rate", "Change", "From rates", "From the mix", "Largest part: the rate of")


def _content(data: ReportData) -> Sequence[Block]:
    rows = data["what_moved"]
    if not rows:
        return []
    return [
        Note(
            "Each change since the month before, in points. From rates: the same pools, an interaction source on a "
            "channel, did better or worse. From the mix: volume went to pools with other rates (Kitagawa 1955). The "
            "two add up to the change."
        ),
        DataTable(HEADS, [_cells(row) for row in rows]),
    ]


SECTION = Section(
    position=15,
    module=__file__,
    heading="What moved in {month}, and why",
    tables=(KPI_MONTHLY, COHORT_CONTACT, METRIC_DEFINITIONS),
    content=_content,
)


def _cells(row: Row) -> list[str]:
    parts = [_points(row[name]) for name in ("total_change", "rate_effect", "mix_effect")]
    return [row["name"], *parts, f"{row['group_name']}: {_points(row['group_effect'])}{_interval(row)}"]


def _points(change: float) -> str:
    return points(100 * change)


def _interval(row: Row) -> str:
    """None for a pool that one of the months lacks."""
    n = f"n {count(row['group_denominator'])}"
    if row["group_effect_lo"] is None:
        return f" ({DASH}, {n})"
    return f" ({100 * row['group_effect_lo']:+.1f} to {100 * row['group_effect_hi']:+.1f}, {n})"
