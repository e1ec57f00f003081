"""The weekday x hour heatmaps: a rate and its n in each cell, grey where n is small.

Change cells and shades here; the page chooses the rates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cleargrid_assets.assets.reports.page.svg import svg_of
from cleargrid_assets.assets.reports.page.wording import WEEKDAYS, count, percent
from cleargrid_assets.tables.analytics import SMALL_SAMPLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets.assets.reports.page.figures import Row

HEAT_STEPS = 6


def weekday_hour(rows: Sequence[Row], numerator: str, denominator: str, name: str) -> str:
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
    return svg_of(chart, f"{name} by weekday and local hour, in percent, with the sample size under each rate.")


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
