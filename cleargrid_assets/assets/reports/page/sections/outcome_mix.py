"""The outcome mix by week: the share of each outcome group in the week's attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from cleargrid_assets.assets.reports.page.blocks import NUMBERS, Block, Chart, DataTable, Note
from cleargrid_assets.assets.reports.page.formatting import WEEKDAYS, count, percent
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.svg import WIDTH, svg_of
from cleargrid_assets.tables.analytics import OUTCOME_MIX

if TYPE_CHECKING:
    from collections.abc import Sequence


GROUPS = (
    "promise", "settled or paid", "refusal", "other right party", "somebody else", "machine", "no connect", "unmapped",
)  # fmt: skip


def _content(data: ReportData) -> list[Block]:
    rows = data["outcome_mix"]
    return [
        Note("Counted from days, because weeks straddle months. Rows in scope; hover over a bar for its count."),
        _chart(rows),
        DataTable(["Week from", "Attempts", *GROUPS], _weeks(rows), summary=NUMBERS),
    ]


SECTION = Section(position=30, module=__file__, heading="Outcome mix by week", tables=(OUTCOME_MIX,), content=_content)


def _chart(rows: Sequence[Row]) -> Chart:
    """The outcomes of each week's attempts, as shares that add up to the week."""
    values = [
        {
            "week": f"{row['week']:%d %b}" + ("" if row["days"] == len(WEEKDAYS) else "*"),
            "group": row["outcome_group"],
            "rank": GROUPS.index(row["outcome_group"]),
            "attempts": row["attempts"],
            "title": f"Week of {row['week']:%d %b %Y} ({row['days']} days): {row['outcome_group']} "
            f"{count(row['attempts'])} of {count(row['attempts_of_week'])} attempts, "
            f"{percent(row['attempts'] / row['attempts_of_week'])}",
        }
        for row in rows
    ]
    colours = [f"var(--g{position})" for position in range(len(GROUPS))]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_bar()
        .encode(
            x=alt.X("week:N", sort=None, title="week starting (* not all seven days)", axis=alt.Axis(labelAngle=-60)),
            y=alt.Y("attempts:Q", stack="normalize", title="share of attempts", axis=alt.Axis(format="%", tickCount=5)),
            color=alt.Color(
                "group:N",
                sort=list(GROUPS),
                title=None,
                scale=alt.Scale(domain=list(GROUPS), range=colours),
                legend=alt.Legend(orient="top", columns=4, labelLimit=200),
            ),
            order=alt.Order("rank:Q"),
            description="title:N",
        )
        .properties(width=WIDTH - 60, height=260)
    )
    return Chart(svg_of(chart, "Share of each outcome group in the attempts of each week."))


def _weeks(rows: Sequence[Row]) -> list[list[str]]:
    weeks: dict[Any, dict[str, int]] = {}
    whole: dict[Any, int] = {}
    for row in rows:
        weeks.setdefault(row["week"], {})[row["outcome_group"]] = row["attempts"]
        whole[row["week"]] = row["attempts_of_week"]
    return [
        [f"{week:%Y-%m-%d}", count(whole[week]), *(count(groups.get(group, 0)) for group in GROUPS)]
        for week, groups in weeks.items()
    ]
