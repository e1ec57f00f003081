"""The report's charts: Altair's grammar, rendered to SVG text without a browser or a network.

Add a chart here; its rows come from `figures`. Colours are variables of the page's style sheet, so one drawing serves
light, dark and paper; each mark's title gives its numerator and denominator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.svg import svg_of
from cleargrid_assets.assets.reports.page.wording import WEEKDAYS, count, month_name, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets.assets.reports.page.figures import Row

STAGES = ("attempts", "connected", "contacts", "rpc", "promises")
GROUPS = (
    "promise", "settled or paid", "refusal", "other right party", "somebody else", "machine", "no connect", "unmapped",
)  # fmt: skip
LATE = ("late_logged_1h_per_attempt", "late_logged_24h_per_attempt")
TRENDS = ("contact_rate", "rpc_per_contact", "ptp_per_rpc", "broken_per_mature_promise")
WIDTH = 760


def funnel(rows: Sequence[Row]) -> str:
    """The funnel attempts > connected > contacts > RPC > promises, in total and for the largest channels."""
    import altair as alt  # noqa: PLC0415 - half a second that only a report needs

    panels = rows[:6]
    values = [
        {
            "channel": row["channel"],
            "stage": stage,
            "share": row[stage] / row["attempts"],
            "label": f"{count(row[stage])} · {row[stage] / row['attempts']:.0%}",
            "title": f"{row['channel']}: {stage} {count(row[stage])} of {count(row['attempts'])} attempts",
        }
        for row in panels
        for stage in STAGES
    ]
    base = alt.Chart().encode(
        y=alt.Y("stage:N", sort=list(STAGES), title=None),
        x=alt.X("share:Q", axis=None, scale=alt.Scale(domain=[0, 1.75])),
    )
    bars = base.mark_bar(color="var(--c1)", height=15).encode(description="title:N")
    labels = base.mark_text(align="left", dx=4, color="var(--ink)", aria=False).encode(text="label:N")
    chart = (
        alt.layer(bars, labels, data=alt.Data(values=values))
        .properties(width=196, height=105)
        .facet(
            facet=alt.Facet("channel:N", title=None, sort=[row["channel"] for row in panels]),
            columns=3,
            spacing={"row": 18, "column": 12},
        )
    )
    return svg_of(chart, "Funnel of attempts, connected, contacts, right-party contacts and promises for each channel.")


def weekly_mix(rows: Sequence[Row]) -> str:
    """The outcomes of each week's attempts, as shares that add up to the week."""
    import altair as alt  # noqa: PLC0415 - half a second that only a report needs

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
    return svg_of(chart, "Share of each outcome group in the attempts of each week.")


def trends(rows: Sequence[Row]) -> str:
    """The headline rates by month, each with its interval; open months are hollow."""
    import altair as alt  # noqa: PLC0415 - half a second that only a report needs

    values = [
        {
            "month": f"{row['month']:%Y-%m}",
            "name": row["name"],
            "value": row["value"],
            "lo": row["lo"],
            "hi": row["hi"],
            "status": row["status"],
            "title": f"{row['name']}, {month_name(row['month'])}: {count(row['numerator'])} of "
            f"{count(row['denominator'])}, {percent(row['value'])} ({percent(row['lo'])} to {percent(row['hi'])})",
        }
        for row in rows
        if row["metric"] in TRENDS and row["value"] is not None
    ]
    names = [row["name"] for metric in TRENDS for row in rows if row["metric"] == metric]
    base = alt.Chart().encode(
        x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=-60, labelOverlap=True)),
        y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(format="%", tickCount=4)),
    )
    band = base.mark_area(opacity=0.22, color="var(--c1)", aria=False).encode(y="lo:Q", y2="hi:Q")
    line = base.mark_line(color="var(--c1)", strokeWidth=2, aria=False)
    points = base.mark_point(size=45, filled=True, stroke="var(--c1)", strokeWidth=1.5, opacity=1).encode(
        fill=alt.Fill(
            "status:N",
            legend=None,
            scale=alt.Scale(domain=["final", "provisional"], range=["var(--c1)", "var(--paper)"]),
        ),
        description="title:N",
    )
    chart = (
        alt.layer(band, line, points, data=alt.Data(values=values))
        .properties(width=310, height=110)
        .facet(facet=alt.Facet("name:N", title=None, sort=list(dict.fromkeys(names))), columns=2)
        .resolve_scale(y="independent")
    )
    return svg_of(chart, "Contact rate, RPC per contact, PTP per RPC and mature broken promises, month by month.")


def vintages(rows: Sequence[Row]) -> str:
    """Broken / promises of each promise month at each observed age."""
    import altair as alt  # noqa: PLC0415 - half a second that only a report needs

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
    return svg_of(chart, "Share of promises flagged broken, by age, one line for each promise month.")


def pools(rows: Sequence[Row]) -> str:
    """PTP per RPC of each pool with its interval, sorted by the lower bound."""
    import altair as alt  # noqa: PLC0415 - half a second that only a report needs

    values = [
        {
            "pool": row["pool"],
            "value": row["value"],
            "lo": row["lo"],
            "hi": row["hi"],
            "label": f"{percent(row['value'])}  ({count(row['promises'])} / {count(row['rpc'])})",
            "title": f"{row['pool']}: {count(row['promises'])} promises of {count(row['rpc'])} RPC, "
            f"{percent(row['value'])} ({percent(row['lo'])} to {percent(row['hi'])})",
        }
        for row in rows
        if row["value"] is not None
    ]
    room = 1.4 * max((value["hi"] for value in values), default=1.0)  # for the labels beside the intervals
    base = alt.Chart(alt.Data(values=values)).encode(
        y=alt.Y("pool:N", sort=None, title=None, axis=alt.Axis(labelLimit=220)),
        x=alt.X(
            "value:Q",
            title="PTP per RPC, Wilson 95 % interval",
            axis=alt.Axis(format="%", values=[step / 10 for step in range(11) if step / 10 <= room]),
            scale=alt.Scale(domain=[0, room], nice=False),
        ),
    )
    interval = base.mark_rule(strokeWidth=5, opacity=0.3, color="var(--c1)", aria=False).encode(x="lo:Q", x2="hi:Q")
    points = base.mark_point(filled=True, size=70, opacity=1, color="var(--c1)").encode(description="title:N")
    labels = base.mark_text(align="left", dx=8, color="var(--muted)", fontSize=10, aria=False).encode(
        x="hi:Q", text="label:N"
    )
    chart = (interval + points + labels).properties(width=WIDTH - 300, height=alt.Step(22))
    return svg_of(chart, "PTP per RPC of each pool with its interval, sorted by the lower end of the interval.")


def late_logging(rows: Sequence[Row]) -> str:
    """The shares of attempts logged more than an hour and more than a day late, by month."""
    import altair as alt  # noqa: PLC0415 - half a second that only a report needs

    values = [
        {
            "month": f"{row['month']:%Y-%m}",
            "name": row["name"],
            "value": row["value"],
            "title": f"{row['name']}, {month_name(row['month'])}: {count(row['numerator'])} of "
            f"{count(row['denominator'])} attempts, {percent(row['value'])}",
        }
        for row in rows
        if row["metric"] in LATE and row["value"] is not None
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
    return svg_of(chart, "Share of attempts logged later than one hour and later than 24 hours, month by month.")
