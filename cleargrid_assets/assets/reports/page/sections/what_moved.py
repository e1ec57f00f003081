"""Each headline rate's change since the month before, split into rate and mix, in two ways. The cards judge it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import Block, Cell, DataTable, Note
from cleargrid_assets.assets.reports.page.formatting import DASH, count, points
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.sentence import NOT_JUDGED
from cleargrid_assets.tables.analytics import COHORT_CONTACT, KPI_MONTHLY, METRIC_DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

POOLS, HOURS = "channel x source", "weekday x 3 h"
"""The groupings of `rate_change_decomposition`."""

BEYOND_CHANCE, CHANCE, UNJUDGED = "beyond chance", "no more than chance", "not judged"
HEADS = ("Rate", "Change", "Pools: rates", "Pools: mix", "Largest part: the rate of", "Hours: rates", "Hours: mix")


def _content(data: ReportData) -> Sequence[Block]:
    rows = data["what_moved"]
    if not rows:
        return []
    effects = {(row["metric"], row["grouped_by"]): row for row in rows}
    rates = {row["metric"]: row for row in rows}
    verdicts = {row["metric"]: _verdict(row) for row in data["headline__cards"]}
    lines = [
        _cells(row, effects.get((metric, POOLS)), effects.get((metric, HOURS)), verdicts[metric])
        for metric, row in rates.items()
    ]
    reservation = _reservation({verdicts[metric] for metric in rates})
    return [
        Note(
            f"{reservation}Each change since the month before, in points, split twice: over pools, an interaction "
            "source on a channel, and over three hours of a weekday. Rates: the same pools, or hours, did better or "
            "worse. Mix: volume went to pools, or hours, with other rates (Kitagawa 1955). The two add up to the "
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


def _verdict(card: Row) -> str:
    if card["has_unmapped"]:
        return UNJUDGED
    return BEYOND_CHANCE if card["is_beyond_chance"] else CHANCE


def _reservation(verdicts: Collection[str]) -> str:
    """What a reader has to know before the parts; empty if one of the changes is beyond chance."""
    if BEYOND_CHANCE in verdicts:
        return ""
    if UNJUDGED in verdicts:
        return f"{NOT_JUDGED} The parts are not reasons. "
    return "No change here is beyond chance; its parts are not reasons. "


def _cells(rate: Row, pools: Row | None, hours: Row | None, verdict: str) -> list[str | Cell]:
    """A rate's change, and its effects under each grouping."""
    largest = _largest(pools) if pools and verdict == BEYOND_CHANCE else DASH
    return [rate["name"], _change(rate["total_change"], verdict), *_effects(pools), largest, *_effects(hours)]


def _change(change: float, verdict: str) -> Cell:
    direction = "up" if change > 0 else "down"
    return Cell(_points(change), [verdict], direction if verdict == BEYOND_CHANCE else "")


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
