"""The report's charts: Altair's grammar, rendered to SVG text without a browser or a network.

Here: what is drawn from which rows. Not here: reading or wording. Colours are variables of the page's style sheet, so
that one drawing serves light, dark and paper; each mark's title says its numerator and denominator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from cleargrid_assets.assets.reports.page.wording import count, month_name, percent
from cleargrid_assets.tables.analytics import SMALL_SAMPLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from cleargrid_assets.assets.reports.page.figures import Row

SVG = "http://www.w3.org/2000/svg"
STAGES = ("attempts", "connected", "contacts", "rpc", "promises")
GROUPS = (
    "promise", "settled or paid", "refusal", "other right party", "somebody else", "machine", "no connect", "unmapped",
)  # fmt: skip
TRENDS = ("contact_rate", "rpc_per_contact", "ptp_per_rpc", "broken_per_mature_promise")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HEAT_STEPS = 6
WIDTH = 760


def funnel(rows: Sequence[Row]) -> str:
    """Attempts > connected > contacts > RPC > promises, a panel for the whole and for the largest channels."""
    import altair as alt  # noqa: PLC0415 - half a second that only a report needs

    shown = rows[:6]
    values = [
        {
            "channel": row["channel"],
            "stage": stage,
            "share": row[stage] / row["attempts"],
            "label": f"{count(row[stage])} · {row[stage] / row['attempts']:.0%}",
            "title": f"{row['channel']}: {stage} {count(row[stage])} of {count(row['attempts'])} attempts",
        }
        for row in shown
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
            facet=alt.Facet("channel:N", title=None, sort=[row["channel"] for row in shown]),
            columns=3,
            spacing={"row": 18, "column": 12},
        )
    )
    return _svg(chart, "Funnel of attempts, connected, contacts, right-party contacts and promises for each channel.")


def weekly_mix(rows: Sequence[Row]) -> str:
    """What came of each week's attempts, as shares that add up to the week."""
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
    return _svg(chart, "Share of each outcome group in the attempts of each week.")


def weekday_hour(rows: Sequence[Row], numerator: str, denominator: str, said: str) -> str:
    """A weekday x hour map of numerator / denominator; small samples are grey and keep their n."""
    import altair as alt  # noqa: PLC0415 - half a second that only a report needs

    enough = [row[numerator] / row[denominator] for row in rows if row[denominator] >= SMALL_SAMPLE]
    low, high = min(enough, default=0.0), max(enough, default=1.0)
    values = [_cell(row, numerator, denominator, (low, high)) for row in rows if row[denominator]]
    shades = [f"var(--h{step})" for step in range(HEAT_STEPS)]
    base = alt.Chart(alt.Data(values=values)).encode(
        x=alt.X(
            "hour:O",
            title="local hour",
            scale=alt.Scale(domain=list(range(24))),
            axis=alt.Axis(labelAngle=0, orient="top", domain=False, ticks=False),
        ),
        y=alt.Y("day:O", sort=list(WEEKDAYS), title=None, axis=alt.Axis(domain=False, ticks=False)),
    )
    cells = base.mark_rect(cornerRadius=2, stroke="var(--paper)", strokeWidth=1.5).encode(
        color=alt.Color(
            "shade:N",
            legend=None,
            scale=alt.Scale(domain=["small", *map(str, range(HEAT_STEPS))], range=["var(--small)", *shades]),
        ),
        description="title:N",
    )
    ink = alt.Color(
        "ink:N",
        legend=None,
        scale=alt.Scale(domain=["dark", "light", "grey"], range=["var(--on-low)", "var(--on-high)", "var(--muted)"]),
    )
    rates = base.mark_text(dy=-5, fontSize=10.5, fontWeight=600, aria=False).encode(text="rate:N", color=ink)
    sizes = base.mark_text(dy=7, fontSize=8.5, aria=False).encode(text="n:N", color=ink)
    chart = alt.layer(cells, rates, sizes).resolve_scale(color="independent").properties(width=alt.Step(32), height=224)
    return _svg(chart, f"{said} by weekday and local hour, in percent, with the sample size under each rate.")


def _cell(row: Row, numerator: str, denominator: str, span: tuple[float, float]) -> dict[str, Any]:
    value, n = row[numerator] / row[denominator], row[denominator]
    low, high = span
    step = min(int((value - low) / ((high - low) or 1) * HEAT_STEPS), HEAT_STEPS - 1)
    is_small = n < SMALL_SAMPLE
    day = WEEKDAYS[row["iso_weekday"] - 1]
    return {
        "hour": row["local_hour"],
        "day": day,
        "shade": "small" if is_small else str(step),
        "ink": "grey" if is_small else "light" if step >= HEAT_STEPS // 2 else "dark",
        "rate": "" if is_small else f"{100 * value:.0f}",
        "n": f"n {_short(n)}",
        "title": f"{day} {row['local_hour']}:00: {numerator} {count(row[numerator])} of {count(n)} {denominator}, "
        f"{percent(value)}{' (small sample)' if is_small else ''}",
    }


def _short(number: int) -> str:
    """A sample size that fits a cell."""
    return str(number) if number < 10_000 else f"{number / 1000:.0f}k"  # noqa: PLR2004 - five digits do not fit


def trends(rows: Sequence[Row]) -> str:
    """The headline rates month by month, each with its interval; open months hollow."""
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
    return _svg(chart, "Contact rate, RPC per contact, PTP per RPC and mature broken promises, month by month.")


def vintages(rows: Sequence[Row]) -> str:
    """Broken / promises of each promise month at each age at which it was observed."""
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
    return _svg(chart, "Share of promises flagged broken, by age, one line for each promise month.")


def pools(rows: Sequence[Row]) -> str:
    """PTP per RPC of each pool with its interval, best lower bound first."""
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
    return _svg(chart, "PTP per RPC of each pool with its interval, sorted by the lower end of the interval.")


def late_logging(rows: Sequence[Row]) -> str:
    """The share of attempts logged later than an hour and a day, month by month."""
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
        if row["metric"].startswith("late_logged_") and row["value"] is not None
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
    return _svg(chart, "Share of attempts logged later than one hour and later than 24 hours, month by month.")


def _svg(chart: alt.TopLevelMixin, alternative: str) -> str:
    """The chart as SVG text of the page: colours by variable, a title on each mark, one alternative text."""
    import vl_convert  # noqa: PLC0415 - half a second that only a report needs

    drawn = vl_convert.vegalite_to_svg({**chart.to_dict(), "config": CONFIG})
    ET.register_namespace("", SVG)
    root = ET.fromstring(drawn)  # noqa: S314 - our own drawing, not somebody's file
    for element in root.iter():
        _say(element)
    root.set("role", "img")
    root.set("aria-label", alternative)
    return ET.tostring(root, encoding="unicode")


def _say(element: ET.Element) -> None:
    """Turn a mark's description into a title, which a mouse shows too; the rest of Vega's roles only adds weight."""
    label, role = element.attrib.pop("aria-label", None), element.attrib.pop("role", None)
    for name in ("aria-roledescription", "aria-hidden"):
        element.attrib.pop(name, None)
    if label and role == "graphics-symbol" and not len(element):
        ET.SubElement(element, f"{{{SVG}}}title").text = label


_TEXT = {"labelColor": "var(--muted)", "titleColor": "var(--muted)", "labelFontSize": 11, "titleFontSize": 11}
CONFIG: dict[str, Any] = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {**_TEXT, "titleFontWeight": "normal", "gridColor": "var(--grid)", "domainColor": "var(--grid)",
             "tickColor": "var(--grid)", "gridOpacity": 1},
    "axisX": {"grid": False},
    "legend": {**_TEXT, "columnPadding": 26, "symbolOpacity": 1, "symbolStrokeWidth": 0},
    "header": {"labelColor": "var(--ink)", "labelFontSize": 12, "labelFontWeight": "bold", "labelPadding": 4},
}  # fmt: skip
