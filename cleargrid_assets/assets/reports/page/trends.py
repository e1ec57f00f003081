"""A rate month by month, as a small drawing: its interval as a band, an open month hollow, a missing month a gap.

Add here what all trends have in common; which rates are drawn is in the sections.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import Charts
from cleargrid_assets.assets.reports.page.drawing import Drawing, scale, ticks
from cleargrid_assets.assets.reports.page.formatting import count, month_name, month_number, percent
from cleargrid_assets.assets.reports.page.targets import ALL
from cleargrid_assets.partitions import consecutive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets.assets.reports.page.drawing import Position
    from cleargrid_assets.assets.reports.page.section import Row

WIDTH, HEIGHT = 400, 156
LEFT, RIGHT, TOP, BOTTOM = 44, 24, 26, 24
COLOUR = "--c1"
FEWEST = 2
"""A trend needs as many months."""

LABELS = 7
"""So many months have room for their names."""


def trend_charts(rows: Sequence[Row], metrics: Sequence[str]) -> Charts | None:
    """A drawing of each metric for the total and each channel that has a trend; None if there is none."""
    by_slice = {
        key: sorted(points, key=lambda row: row["month"])
        for key, points in _grouped([row for row in rows if row["metric"] in metrics])
        if len({row["month"] for row in points}) >= FEWEST
    }
    channels = sorted({channel for channel, _ in by_slice}, key=lambda channel: (channel != ALL, channel))
    of_channel = {
        channel: [_trend(by_slice[channel, metric]) for metric in metrics if (channel, metric) in by_slice]
        for channel in channels
    }
    return Charts(of_channel) if of_channel else None


def _grouped(rows: Sequence[Row]) -> list[tuple[tuple[str, str], list[Row]]]:
    ordered = sorted(rows, key=_slice)
    return [(key, list(group)) for key, group in groupby(ordered, key=_slice)]


def _slice(row: Row) -> tuple[str, str]:
    return row["communication_type"], row["metric"]


def _trend(rows: Sequence[Row]) -> str:
    """The rows of one metric and channel, in the order of their months."""
    name, channel = rows[0]["name"], rows[0]["communication_type"]
    drawing = Drawing(WIDTH, HEIGHT, f"{name}, {channel}, month by month, {_span(rows)}, with its 95% interval.")
    drawing.text(LEFT, 13, name, "name")
    at = ticks(min(_low(row) for row in rows), max(_high(row) for row in rows))
    y = scale((at[0], at[-1]), (HEIGHT - BOTTOM, TOP))
    drawing.percent_axis(at, y, LEFT)
    months = range(month_number(rows[0]["month"]), month_number(rows[-1]["month"]) + 1)
    x = scale((months[0], months[-1]), (LEFT + RIGHT / 2, WIDTH - RIGHT))
    _label_months(drawing, months, x)
    for run in consecutive(rows, month=lambda row: row["month"]):
        _draw_run(drawing, run, x, y)
    return str(drawing)


def _draw_run(drawing: Drawing, rows: Sequence[Row], x: Position, y: Position) -> None:
    """Months without a gap: a band, a line and a dot for each."""
    across = [x(month_number(row["month"])) for row in rows]
    upper = [(at, y(_high(row))) for at, row in zip(across, rows, strict=True)]
    lower = [(at, y(_low(row))) for at, row in zip(across, rows, strict=True)]
    drawing.area([*upper, *reversed(lower)], COLOUR)
    drawing.line([(at, y(row["value"])) for at, row in zip(across, rows, strict=True)], COLOUR)
    for at, row in zip(across, rows, strict=True):
        drawing.dot(at, y(row["value"]), COLOUR, _title(row), is_hollow=row["status"] != "final")


def _label_months(drawing: Drawing, months: range, x: Position) -> None:
    """Names of months, as many as have room; of every third, sixth or twelfth, January is one."""
    step = next(step for step in (1, 2, 3, 6, 12, 24) if len(months) / step <= LABELS)
    for number in months:
        if number % step == 0:
            drawing.text(x(number), HEIGHT - 8, f"{number // 12}-{number % 12 + 1:02}", "mid")


def _low(row: Row) -> float:
    return float(row["value"] if row["lo"] is None else row["lo"])


def _high(row: Row) -> float:
    return float(row["value"] if row["hi"] is None else row["hi"])


def _span(rows: Sequence[Row]) -> str:
    return f"{month_name(rows[0]['month'])} to {month_name(rows[-1]['month'])}"


def _title(row: Row) -> str:
    fraction = f"{count(row['numerator'])} of {count(row['denominator'])}, {percent(row['value'])}"
    interval = "" if row["lo"] is None else f" ({percent(row['lo'])} to {percent(row['hi'])})"
    return f"{row['name']}, {month_name(row['month'])}: {fraction}{interval}"
