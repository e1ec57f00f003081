"""Each headline rate's change since the month before, split into rate and mix, in two ways. The cards judge it."""

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
    moved = {row["metric"] for row in data["headline__cards"] if row["is_beyond_chance"]}
    lines = [
        _cells(row, effects.get((metric, POOLS)), effects.get((metric, HOURS)), is_beyond_chance=metric in moved)
        for metric, row in rates.items()
    ]
    nothing = "" if moved & {*rates} else "No change here is beyond chance; its parts are not reasons. "
    return [
        Note(
            f"{nothing}Each change since the month before, in points, split twice: over pools, an interaction source "
            "on a channel, and over three hours of a weekday. Rates: the same pools, or hours, did better or worse. "
            "Mix: volume went to pools, or hours, with other rates (Kitagawa 1955). The two add up to the "
            "change. The cards of the month judge it; the largest part is shown only of one beyond chance, and its "
            "interval is not adjusted for being the largest."
        ),
        DataTable(HEADS, lines, texts=(0, 4), is_whole=True),
    ]


SECTION = Section(
    position=15,
    module=__file__,
    heading="The changes of {month}, split",
    tables=(KPI_MONTHLY, COHORT_CONTACT, METRIC_DEFINITIONS),
    content=_content,
)


def _cells(rate: Row, pools: Row | None, hours: Row | None, *, is_beyond_chance: bool) -> list[str | Cell]:
    """A rate's change, and its effects under each grouping."""
    largest = _largest(pools) if pools and is_beyond_chance else DASH
    change = _change(rate["total_change"], is_beyond_chance=is_beyond_chance)
    return [rate["name"], change, *_effects(pools), largest, *_effects(hours)]


def _change(change: float, *, is_beyond_chance: bool) -> Cell:
    if not is_beyond_chance:
        return Cell(_points(change), ["no more than chance"])
    return Cell(_points(change), ["beyond chance"], "up" if change > 0 else "down")


def _largest(pools: Row) -> Cell:
    """The pool whose rate added most."""
    return Cell(f"{pools['group_name']}: {_points(pools['group_effect'])}", [_interval(pools)])


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
