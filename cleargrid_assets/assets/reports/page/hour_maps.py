"""Maps of a rate by weekday and local hour: whether its hours differ at all, and its cells as a table.

What sections with such a map have in common belongs here. `sections/contact_hours.sql` judges every map, first as a
whole and then cell by cell; a row of it is a cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import Cell, DataTable
from cleargrid_assets.assets.reports.page.chance import FEWEST_WEEKS, SIGNIFICANT
from cleargrid_assets.assets.reports.page.formatting import WEEKDAYS, count, p_value_text, percent
from cleargrid_assets.tables.analytics import SMALL_SAMPLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets.assets.reports.page.section import Row


@dataclass(frozen=True)
class MappedRate:
    """A rate as a map names it. `hours`: how many hours a cell spans."""

    name: str
    numerator: str
    denominator: str
    hours: int = 1


RATES = {
    "contact_rate": MappedRate("Contacts / attempts", "contacts", "attempts"),
    "rpc_per_contact": MappedRate("RPC / contacts", "rpc", "contacts"),
    "broken_within_30_days": MappedRate("Broken within 30 days", "broken", "promises", hours=3),
}


def maps(rows: Sequence[Row], *metrics: str) -> list[list[Row]]:
    """The rows of each map of the metrics: a channel and a rate. The total's come first."""
    chosen = [row for row in rows if row["metric"] in metrics]
    return [list(cells) for _, cells in groupby(chosen, key=lambda row: (row["communication_type"], row["metric"]))]


def hours_differ(row: Row) -> bool:
    """Whether the hours of a cell's map differ more than chance would make them; False if they are not judged."""
    return row["map_p_value"] is not None and row["map_p_value"] <= SIGNIFICANT


def verdict_on(row: Row) -> str:
    """The same in words, with the evidence."""
    p_value = row["map_p_value"]
    if p_value is None:
        return f"Not judged: fewer than two hours with n of {SMALL_SAMPLE} that vary."
    few = "" if row["phi_weeks"] >= FEWEST_WEEKS else ", without the spread between weeks"
    share = f"{row['judged_share']:.0%} of the {RATES[row['metric']].denominator}"
    judged = f"{row['cells']} of {row['hours']} hours have n of {SMALL_SAMPLE} or more, with {share}"
    than_chance = "by more than chance" if hours_differ(row) else "no more than chance"
    return f"{judged}. They differ {than_chance} ({p_value_text(p_value)}{few})."


def hour_of(row: Row) -> str:
    """A cell's weekday and hours."""
    first, hours = row["local_hour"], RATES[row["metric"]].hours
    return f"{WEEKDAYS[row['iso_weekday'] - 1]} {_hours(first, hours)}" + (":00" if hours == 1 else "")


def _hours(first: int, hours: int) -> str:
    return str(first) if hours == 1 else f"{first}-{first + hours}"


def table_of(rows: Sequence[Row], summary: str = "", *, is_printed: bool = True) -> DataTable:
    """A map as a table of weekdays and hours, in percent."""
    rate, hours = RATES[rows[0]["metric"]], sorted({row["local_hour"] for row in rows})
    cells = {(row["iso_weekday"], row["local_hour"]): row for row in rows}
    return DataTable(
        ["", *(_hours(hour, rate.hours) for hour in hours)],
        [[name, *(_cell(cells.get((day, hour))) for hour in hours)] for day, name in enumerate(WEEKDAYS, 1)],
        summary=summary,
        is_printed=is_printed,
    )


def _cell(row: Row | None) -> str | Cell:
    """The rate in percent over its n; only n under a small sample."""
    if row is None:
        return ""
    rate, is_small = RATES[row["metric"]], row["n"] < SMALL_SAMPLE
    direction = "up" if row["value"] > row["map_value"] else "down"
    tone = direction if row["is_beyond_chance"] else "few" if is_small else ""
    fraction = f"{rate.numerator} {count(row['k'])} of {count(row['n'])} {rate.denominator}"
    title = f"{hour_of(row)}: {fraction}, {percent(row['value'])}" + (" (small sample)" if is_small else "")
    text = "" if is_small else f"{100 * row['value']:.0f}"
    return Cell(text, [f"n {count(row['n'])}"], tone, title)
