"""What moved and why: each headline rate's change since the month before, split into rate and mix, in two ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import Block, Cell, DataTable, Note
from cleargrid_assets.assets.reports.page.formatting import DASH, count, points
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.tables.analytics import COHORT_CONTACT, KPI_MONTHLY, METRIC_DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

POOLS, HOURS = "channel x source", "weekday x 3 h"
"""The groupings of `rate_change_decomposition`."""

HEADS = ("Rate", "Change", "Pools: rates", "Pools: mix", "Largest part: the rate of", "Hours: rates", "Hours: mix")


def _content(data: ReportData) -> Sequence[Block]:
    rows = data["what_moved"]
    if not rows:
        return []
    effects = {(row["metric"], row["grouped_by"]): row for row in rows}
    rates = {row["metric"]: row for row in rows}
    lines = [_cells(row, effects.get((metric, POOLS)), effects.get((metric, HOURS))) for metric, row in rates.items()]
    return [
        Note(
            "Each change since the month before, in points, split twice: over pools, an interaction source on a "
            "channel, and over three hours of a weekday. Rates: the same pools, or hours, did better or worse. "
            "Mix: volume went to pools, or hours, with other rates (Kitagawa 1955). The two add up to the "
            "change."
        ),
        DataTable(HEADS, lines, texts=(0, 4), is_whole=True),
    ]


SECTION = Section(
    position=15,
    module=__file__,
    heading="What moved in {month}, and why",
    tables=(KPI_MONTHLY, COHORT_CONTACT, METRIC_DEFINITIONS),
    content=_content,
)


def _cells(rate: Row, pools: Row | None, hours: Row | None) -> list[str | Cell]:
    """A rate's change, and its effects under each grouping."""
    largest = f"{pools['group_name']}: {_points(pools['group_effect'])}" if pools else DASH
    lines = [_interval(pools)] if pools else []
    return [rate["name"], _points(rate["total_change"]), *_effects(pools), Cell(largest, lines), *_effects(hours)]


def _effects(row: Row | None) -> list[str]:
    return [_points(row["rate_effect"]), _points(row["mix_effect"])] if row else [DASH, DASH]


def _points(change: float) -> str:
    return points(100 * change)


def _interval(row: Row) -> str:
    """None for a pool that one of the months lacks."""
    n = f"n {count(row['group_denominator'])}"
    if row["group_effect_lo"] is None:
        return n
    return f"{100 * row['group_effect_lo']:+.1f} to {100 * row['group_effect_hi']:+.1f}, {n}"
