"""When people are reached: maps of two rates by weekday and hour, for each channel, coloured only beyond chance."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import Block, Cell, DataTable, Note, OfChannel
from cleargrid_assets.assets.reports.page.formatting import DASH, WEEKDAYS, count, interval, month_name, percent
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.targets import ALL
from cleargrid_assets.tables.analytics import COHORT_CONTACT, FEWEST_WEEKS, KPI_DAILY, METRIC_DEFINITIONS, SMALL_SAMPLE
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS, WAREHOUSE_IDENTITY

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNIFICANT = 0.05
BEST = 3
NAMES = {
    "contact_rate": ("Contacts / attempts", "contacts", "attempts"),
    "rpc_per_contact": ("RPC / contacts", "rpc", "contacts"),
}
HEADS = ("Channel", "Rate", "Do its hours differ?", "Best hours, by the lower end of their interval")


def _content(data: ReportData) -> list[Block]:
    maps = _maps(data["contact_hours"])
    channels = [rows[0]["communication_type"] for rows in maps]
    return [
        Note(
            f"{_span(data)}, local time. A map is tested as a whole first; its cells are coloured only if its hours "
            f"differ, and then only those that differ from its other cells beyond chance. Under {SMALL_SAMPLE} a rate "
            f"says nothing: those cells are grey."
        ),
        DataTable(HEADS, [_verdict(rows) for rows in maps], channels=channels),
        *(OfChannel(rows[0]["communication_type"], _map(rows)) for rows in maps),
    ]


SECTION = Section(
    position=40,
    module=__file__,
    heading="When people are reached",
    tables=(COHORT_CONTACT, KPI_DAILY, METRIC_DEFINITIONS, D23_LOADS, D23_CHANGES, WAREHOUSE_IDENTITY),
    content=_content,
)


def _maps(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows of each map: a channel and a rate. The total's come first."""
    return [list(cells) for _, cells in groupby(rows, key=lambda row: (row["communication_type"], row["metric"]))]


def _span(data: ReportData) -> str:
    """The months that the query covers: the report's and the two before it."""
    months = [row["month"] for row in data.months if data.month and row["month"] <= data.month][-3:]
    return f"{month_name(months[0])} to {month_name(months[-1])}"


def _label(row: Row) -> str:
    return "All channels" if row["communication_type"] == ALL else str(row["communication_type"])


def _verdict(rows: Sequence[Row]) -> list[str | Cell]:
    row = rows[0]
    return [_label(row), NAMES[row["metric"]][0], verdict_on(row), Cell(*_best(rows))]


def verdict_on(row: Row) -> str:
    """Whether the hours of a map differ more than chance would make them."""
    p_value = row["map_p_value"]
    if p_value is None:
        return f"Not judged: fewer than two hours with n of {SMALL_SAMPLE} that vary."
    few = "" if row["phi_weeks"] >= FEWEST_WEEKS else ", without the spread between weeks"
    evidence = f"({row['cells']} cells, p = {p_value:.3f}{few})"
    return f"Yes {evidence}" if p_value <= SIGNIFICANT else f"These hours differ no more than chance {evidence}."


def _best(rows: Sequence[Row]) -> tuple[str, list[str]]:
    """The best hours if the map's hours differ, each with its interval and n."""
    if rows[0]["map_p_value"] is None or rows[0]["map_p_value"] > SIGNIFICANT:
        return DASH, []
    best = sorted((row for row in rows if row["n"] >= SMALL_SAMPLE), key=lambda row: row["lo"], reverse=True)[:BEST]
    return "", [f"{_hour(row)}: {percent(row['value'])} ({interval(row)}), n {count(row['n'])}" for row in best]


def _hour(row: Row) -> str:
    return f"{WEEKDAYS[row['iso_weekday'] - 1]} {row['local_hour']}:00"


def _map(rows: Sequence[Row]) -> DataTable:
    hours = sorted({row["local_hour"] for row in rows})
    cells = {(row["iso_weekday"], row["local_hour"]): row for row in rows}
    return DataTable(
        ["", *map(str, hours)],
        [[name, *(_cell(cells.get((day, hour))) for hour in hours)] for day, name in enumerate(WEEKDAYS, 1)],
        summary=f"{_label(rows[0])}: {NAMES[rows[0]['metric']][0]} by weekday and local hour, in percent",
        is_printed=rows[0]["communication_type"] == ALL,
    )


def _cell(row: Row | None) -> str | Cell:
    if row is None:
        return ""
    is_small = row["n"] < SMALL_SAMPLE
    tone = (
        ("up" if row["value"] > row["map_value"] else "down") if row["is_beyond_chance"] else "few" if is_small else ""
    )
    _, numerator, denominator = NAMES[row["metric"]]
    title = f"{_hour(row)}: {numerator} {count(row['k'])} of {count(row['n'])} {denominator}, {percent(row['value'])}"
    text = "" if is_small else f"{100 * row['value']:.0f}"
    return Cell(text, [f"n {count(row['n'])}"], tone, title + (" (small sample)" if is_small else ""))
