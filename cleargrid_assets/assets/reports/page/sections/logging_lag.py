"""The logging lag: how late outcomes are typed in, month by month and by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from cleargrid_assets.assets.reports.page.blocks import Block, Chart, DataTable, Note
from cleargrid_assets.assets.reports.page.formatting import count, duration, month_name, percent, share_of
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.svg import WIDTH, svg_of
from cleargrid_assets.tables.analytics import KPI_MONTHLY, METRIC_DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Sequence


HEADS = ("Attempts", "Median", "90th percentile", "99th percentile", "Later than 1 h", "Later than 24 h")


def _content(data: ReportData) -> list[Block]:
    return [
        Note("created_at - communicated_at. It is a logging lag, not handle time."),
        _chart(data["logging_lag__by_month"]),
        DataTable([data.month_name, *HEADS], [_cells(row) for row in data["logging_lag"]]),
    ]


SECTION = Section(
    position=70,
    module=__file__,
    heading="How late outcomes are typed in",
    tables=(KPI_MONTHLY, METRIC_DEFINITIONS),
    content=_content,
)


def _chart(rows: Sequence[Row]) -> Chart:
    """The shares of attempts logged more than an hour and more than a day late, by month."""
    values = [
        {
            "month": f"{row['month']:%Y-%m}",
            "name": row["name"],
            "value": row["value"],
            "title": f"{row['name']}, {month_name(row['month'])}: {count(row['numerator'])} of "
            f"{count(row['denominator'])} attempts, {percent(row['value'])}",
        }
        for row in rows
    ]
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=-60, labelOverlap=True)),
        y=alt.Y("value:Q", title="share of attempts", axis=alt.Axis(format=".1%", tickCount=4)),
        color=alt.Color(
            "name:N",
            title=None,
            scale=alt.Scale(range=["var(--c1)", "var(--c2)"]),
            legend=alt.Legend(orient="top", labelLimit=200),
        ),
    )
    points = base.mark_point(filled=True, size=45, opacity=1).encode(description="title:N")
    chart = (base.mark_line(strokeWidth=2, aria=False) + points).properties(width=WIDTH - 60, height=140)
    return Chart(svg_of(chart, "Share of attempts logged later than one hour and later than 24 hours, month by month."))


def _cells(row: Row) -> list[str]:
    quantiles = [duration(row[name]) for name in ("p50_s", "p90_s", "p99_s")]
    late = [share_of(row["late_1h"], row["attempts"]), share_of(row["late_24h"], row["attempts"])]
    return [row["channel"], count(row["attempts"]), *quantiles, *late]
