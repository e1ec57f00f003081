"""When people are reached: heatmaps of two rates by weekday and local hour, grey where n is small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from cleargrid_assets.assets.reports.page.blocks import NUMBERS, Block, Chart, ColorKey, DataTable, Note, Subheading
from cleargrid_assets.assets.reports.page.formatting import WEEKDAYS, count, month_name, percent, share_of
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.svg import svg_of
from cleargrid_assets.tables.analytics import COHORT_CONTACT, SMALL_SAMPLE

if TYPE_CHECKING:
    from collections.abc import Sequence


HEAT_STEPS = 6
HEADS = ("Weekday and hour", "Attempts", "Contacts", "RPC", "Contacts / attempts", "RPC / contacts")
COLORS = (("--h0", "lowest"), ("--h5", "highest"), ("--small", f"n under {SMALL_SAMPLE}"))


def _content(data: ReportData) -> list[Block]:
    rows = data["contact_hours"]
    return [
        Note(
            f"{_span(data)}, local time. Percent in each cell, n under it. Under {SMALL_SAMPLE} a rate says nothing: "
            f"those cells are grey."
        ),
        ColorKey(COLORS),
        Subheading("Contacts / attempts"),
        _heatmap(rows, "contacts", "attempts", "Contacts per attempt"),
        Subheading("Right-party contacts / contacts"),
        _heatmap(rows, "rpc", "contacts", "Right-party contacts per contact"),
        DataTable(HEADS, [_cells(row) for row in rows], summary=NUMBERS, is_printed=False),
    ]


SECTION = Section(
    position=40, module=__file__, heading="When people are reached", tables=(COHORT_CONTACT,), content=_content
)


def _span(data: ReportData) -> str:
    """The months that the query covers: the report's and the two before it."""
    months = [row["month"] for row in data.months if data.month and row["month"] <= data.month][-3:]
    return f"{month_name(months[0])} to {month_name(months[-1])}"


def _heatmap(rows: Sequence[Row], numerator: str, denominator: str, name: str) -> Chart:
    """A weekday x hour map of numerator / denominator; small samples are grey and keep their n."""
    enough = [row[numerator] / row[denominator] for row in rows if row[denominator] >= SMALL_SAMPLE]
    low, high = min(enough, default=0.0), max(enough, default=1.0)
    values = [_heatmap_cell(row, numerator, denominator, (low, high)) for row in rows if row[denominator]]
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
    return Chart(svg_of(chart, f"{name} by weekday and local hour, in percent, with the sample size under each rate."))


def _heatmap_cell(row: Row, numerator: str, denominator: str, span: tuple[float, float]) -> dict[str, Any]:
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
        "n": f"n {_format_sample_size(n)}",
        "title": f"{day} {row['local_hour']}:00: {numerator} {count(row[numerator])} of {count(n)} {denominator}, "
        f"{percent(value)}{' (small sample)' if is_small else ''}",
    }


def _format_sample_size(number: int) -> str:
    """A sample size that fits a cell."""
    return str(number) if number < 10_000 else f"{number / 1000:.0f}k"  # noqa: PLR2004 - five digits do not fit


def _cells(row: Row) -> list[str]:
    counts = [count(row[stage]) for stage in ("attempts", "contacts", "rpc")]
    rates = [share_of(row["contacts"], row["attempts"]), share_of(row["rpc"], row["contacts"])]
    return [f"{WEEKDAYS[row['iso_weekday'] - 1]} {row['local_hour']:02}:00", *counts, *rates]
