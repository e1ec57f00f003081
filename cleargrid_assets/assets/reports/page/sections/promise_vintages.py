"""Promises by vintage: the share flagged broken as each month's promises age, in total and by channel."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import NUMBERS, Block, Charts, ColorKey, DataTable, Note
from cleargrid_assets.assets.reports.page.drawing import WIDTH, Drawing, scale, ticks
from cleargrid_assets.assets.reports.page.formatting import count, interval, moment, month_name, percent
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.targets import ALL
from cleargrid_assets.tables.analytics import PTP_VINTAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date


HEADS = ("Promise month", "Observed", "Age, days", "Broken", "Promises", "Share", "95% interval")
HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 260, 44, 16, 8, 42
FEWEST = 2
"""One observation is no comparison, and is not drawn."""


def _content(data: ReportData) -> list[Block]:
    rows = data["promise_vintages"]
    total = [row for row in rows if row["channel"] == ALL]
    numbers = [_cells(row) for row in total]
    charts = _charts(rows)
    return [
        Note(
            "Flagged broken / promises, by days since the month ended, at the last load in each 15 days. Compare "
            "months at equal age only. Not broken is not kept: D23 has no payments."
        ),
        *charts,
        DataTable(HEADS, numbers, summary=NUMBERS if charts else "", texts=(0, 1), is_whole=True),
    ]


SECTION = Section(position=50, module=__file__, heading="Promises by vintage", tables=(PTP_VINTAGE,), content=_content)


def _charts(rows: Sequence[Row]) -> list[Block]:
    """The drawings of the total and of each channel, with the colours of the months; none for a single observation."""
    months = sorted({row["month"] for row in rows})
    colours = {month: f"--v{position}" for position, month in enumerate(months)}
    by_channel = {channel: list(of_channel) for channel, of_channel in groupby(rows, key=_channel)}
    if len(by_channel.get(ALL, ())) < FEWEST:
        return []
    charts = {channel: [_chart(of_channel, colours)] for channel, of_channel in by_channel.items()}
    return [ColorKey([(colours[month], month_name(month)) for month in months]), Charts(charts, is_wide=True)]


def _channel(row: Row) -> str:
    return str(row["channel"])


def _chart(rows: Sequence[Row], colours: Mapping[date, str]) -> str:
    """Broken / promises of each promise month at each observed age, with its interval."""
    channel = _channel(rows[0])
    drawing = Drawing(WIDTH, HEIGHT, f"Share of promises flagged broken by age, a line for each month. {channel}.")
    shares = ticks(0, max(row["hi"] for row in rows))
    ages = ticks(min(row["age_days"] for row in rows), max(row["age_days"] for row in rows), 10)
    x = scale((ages[0], ages[-1]), (LEFT + RIGHT, WIDTH - RIGHT))
    y = scale((shares[0], shares[-1]), (HEIGHT - BOTTOM, TOP))
    drawing.percent_axis(shares, y, LEFT)
    drawing.x_axis({f"{age:.4g}": x(age) for age in ages}, "days since the promise month ended")
    for month, of_month in groupby(rows, key=lambda row: row["month"]):
        points = [(x(row["age_days"]), y(row["broken_share"]), row) for row in of_month]
        drawing.line([(across, up) for across, up, _ in points], colours[month], 1.8)
        for across, up, row in points:
            drawing.line([(across, y(row["lo"])), (across, y(row["hi"]))], colours[month], 1)
            drawing.dot(across, up, colours[month], _title(row))
    return str(drawing)


def _title(row: Row) -> str:
    fraction = f"broken {count(row['broken'])} of {count(row['promises'])}, {percent(row['broken_share'])}"
    return f"Promises of {month_name(row['month'])} at {row['age_days']:.0f} days: {fraction}"


def _cells(row: Row) -> list[str]:
    counts = [f"{row['age_days']:.1f}", count(row["broken"]), count(row["promises"])]
    return [month_name(row["month"]), moment(row["observed_at"]), *counts, percent(row["broken_share"]), interval(row)]
