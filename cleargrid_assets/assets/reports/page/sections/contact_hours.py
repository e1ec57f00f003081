"""When people are reached: maps of two rates by weekday and hour, for each channel, coloured only beyond chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import Block, Cell, DataTable, Note, OfChannel
from cleargrid_assets.assets.reports.page.formatting import DASH, channel_name, count, interval, percent
from cleargrid_assets.assets.reports.page.hour_maps import RATES, hour_of, hours_differ, maps, table_of, verdict_on
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.targets import ALL
from cleargrid_assets.tables.analytics import COHORT_CONTACT, KPI_DAILY, METRIC_DEFINITIONS, SMALL_SAMPLE
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS, WAREHOUSE_IDENTITY

if TYPE_CHECKING:
    from collections.abc import Sequence

BEST = 3
HEADS = ("Channel", "Rate", "Do its hours differ?", "Best hours, by the lower end of their interval")


def _content(data: ReportData) -> list[Block]:
    found = maps(data["contact_hours"], "contact_rate", "rpc_per_contact")
    channels = [rows[0]["communication_type"] for rows in found]
    return [
        Note(
            f"{data.three_months}, local time. A map is tested as a whole first; its cells are coloured only if its "
            "hours differ, and then only those that differ from its other cells beyond chance. A rate "
            f"whose denominator (n) is under {SMALL_SAMPLE} says nothing: its cell is grey."
        ),
        DataTable(HEADS, [_verdict(rows) for rows in found], channels=channels, texts=(0, 1, 2, 3)),
        *(OfChannel(rows[0]["communication_type"], _map(rows)) for rows in found),
    ]


SECTION = Section(
    position=40,
    module=__file__,
    heading="When people are reached",
    tables=(
        COHORT_CONTACT, KPI_DAILY, METRIC_DEFINITIONS, CONTACT_ATTEMPTS, D23_LOADS, D23_CHANGES, WAREHOUSE_IDENTITY,
    ),
    content=_content,
)  # fmt: skip


def _verdict(rows: Sequence[Row]) -> list[str | Cell]:
    row = rows[0]
    return [channel_name(row["communication_type"]), RATES[row["metric"]].name, verdict_on(row), Cell(*_best(rows))]


def _best(rows: Sequence[Row]) -> tuple[str, list[str]]:
    """The best of the hours above the others beyond chance, each with its interval and n."""
    if not hours_differ(rows[0]):
        return DASH, []
    above = [row for row in rows if row["is_beyond_chance"] and row["value"] > row["map_value"]]
    if not above:
        return "No hour stands out above the others.", []
    best = sorted(above, key=lambda row: row["lo"], reverse=True)[:BEST]
    return "", [f"{hour_of(row)}: {percent(row['value'])} ({interval(row)}), n {count(row['n'])}" for row in best]


def _map(rows: Sequence[Row]) -> DataTable:
    row = rows[0]
    name = channel_name(row["communication_type"])
    summary = f"{name}: {RATES[row['metric']].name} by weekday and local hour, in percent"
    return table_of(rows, summary, is_printed=row["communication_type"] == ALL)
