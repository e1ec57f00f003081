"""Promises by vintage: the share flagged broken as each month's promises age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from cleargrid_assets.assets.reports.page.blocks import NUMBERS, Block, Chart, DataTable, Note
from cleargrid_assets.assets.reports.page.formatting import count, interval, moment, month_name, percent
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.svg import WIDTH, svg_of
from cleargrid_assets.tables.analytics import PTP_VINTAGE

if TYPE_CHECKING:
    from collections.abc import Sequence


HEADS = ("Promise month", "Observed", "Age, days", "Broken", "Promises", "Share", "95 % interval")


def _content(data: ReportData) -> list[Block]:
    rows = data["promise_vintages"]
    return [
        Note(
            "Flagged broken / promises, at each load of the month, by days since the month ended. Compare months at "
            "equal age only. Not broken is not kept: D23 has no payments."
        ),
        _chart(rows),
        DataTable(HEADS, [_cells(row) for row in rows], summary=NUMBERS),
    ]


SECTION = Section(position=50, module=__file__, heading="Promises by vintage", tables=(PTP_VINTAGE,), content=_content)


def _chart(rows: Sequence[Row]) -> Chart:
    """Broken / promises of each promise month at each observed age."""
    values = [
        {
            "month": month_name(row["month"]),
            "age": row["age_days"],
            "share": row["broken_share"],
            "lo": row["lo"],
            "hi": row["hi"],
            "title": f"Promises of {month_name(row['month'])} at {row['age_days']:.0f} days: broken "
            f"{count(row['broken'])} of {count(row['promises'])}, {percent(row['broken_share'])}",
        }
        for row in rows
    ]
    months = list(dict.fromkeys(value["month"] for value in values))
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X("age:Q", title="days since the promise month ended"),
        y=alt.Y("share:Q", title="broken / promises", axis=alt.Axis(format="%", tickCount=5)),
        color=alt.Color(
            "month:N",
            sort=months,
            title=None,
            scale=alt.Scale(domain=months, range=[f"var(--v{position})" for position in range(len(months))]),
            legend=alt.Legend(orient="right", columns=1),
        ),
    )
    whiskers = base.mark_rule(strokeWidth=1.2, opacity=0.6, aria=False).encode(y="lo:Q", y2="hi:Q")
    lines = base.mark_line(strokeWidth=1.8, aria=False)
    points = base.mark_point(filled=True, size=50, opacity=1).encode(description="title:N")
    chart = (whiskers + lines + points).properties(width=WIDTH - 160, height=220)
    return Chart(svg_of(chart, "Share of promises flagged broken, by age, one line for each promise month."))


def _cells(row: Row) -> list[str]:
    counts = [f"{row['age_days']:.1f}", count(row["broken"]), count(row["promises"])]
    return [month_name(row["month"]), moment(row["observed_at"]), *counts, percent(row["broken_share"]), interval(row)]
