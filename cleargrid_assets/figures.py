"""The numbers and the small chart on a table's page for the month just computed.

Add a figure here, as SQL over the month's rows; what the tables hold is in `assets`. A share divides sums: a rate is
never an average of rates.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

BAR_HEIGHT, LABEL_WIDTH, BAR_WIDTH, NUMBER_WIDTH = 18, 170, 320, 70
INK, BAR = "#3d4a5c", "#4f7cac"


@dataclass(frozen=True)
class Chart:
    """A bar chart with one horizontal bar per label. `is_share`: format the numbers as percentages."""

    title: str
    label: str
    value: str
    order: str
    is_share: bool = False


FUNNEL = {
    "attempts": "sum(attempts)",
    "contacts / attempts": "sum(contacts) / nullif(sum(attempts), 0)",
    "rpc / contacts": "sum(rpc) / nullif(sum(contacts), 0)",
    "promises / rpc": "sum(promises) / nullif(sum(rpc), 0)",
}
FIGURES: Mapping[str, Mapping[str, str]] = {
    "core.contact_attempts": {
        "share of rows unmapped": "count(*) FILTER (NOT is_mapped) / nullif(count(*), 0)",
        "share logged a day late": "count(*) FILTER (log_lag_seconds > 86400) / nullif(count(*), 0)",
    },
    "analytics.outcome_mix": {
        "attempts": "sum(attempts)",
        "share of attempts unmapped": "sum(attempts) FILTER (NOT is_mapped) / nullif(sum(attempts), 0)",
        "rows_inactive": "sum(rows_inactive)",
    },
    "analytics.agent_productivity": FUNNEL | {"active_hours": "sum(active_hours)"},
    "analytics.cohort_contact": FUNNEL,
    "analytics.calling_hours": {
        "outside / time known": "sum(outside_early + outside_late) FILTER (verified) / "
        "nullif(sum(time_known) FILTER (verified), 0)",
    },
    "analytics.kpi_monthly": {
        metric: f"max(value) FILTER (slice = 'all' AND metric = '{metric}')"
        for metric in ("contact_rate", "rpc_per_contact", "ptp_per_rpc", "broken_per_mature_promise")
    },
    "analytics.ptp_vintage": {"observations": "count(DISTINCT observed_at)"},
}
CHARTS: Mapping[str, Chart] = {
    "analytics.outcome_mix": Chart("Attempts by outcome", "outcome", "sum(attempts)", "2 DESC, 1"),
    "analytics.agent_productivity": Chart("Attempts by local date", "local_date", "sum(attempts)", "1"),
    "analytics.cohort_contact": Chart(
        "Contacts / attempts by local hour",
        "local_hour",
        "sum(contacts) / nullif(sum(attempts), 0)",
        "1",
        is_share=True,
    ),
    "analytics.calling_hours": Chart(
        "Outside permitted hours / attempts with a known time",
        "communication_type",
        "sum(outside_early + outside_late) FILTER (verified) / nullif(sum(time_known) FILTER (verified), 0)",
        "1",
        is_share=True,
    ),
    "analytics.kpi_monthly": Chart(
        "Shares of the month, all channels",
        "metric",
        "max(value) FILTER (slice = 'all' AND lo IS NOT NULL)",
        "1",
        is_share=True,
    ),
    "analytics.ptp_vintage": Chart(
        "Broken / promises at each load",
        "observed_at",
        "sum(broken) / sum(promises)",
        "1",
        is_share=True,
    ),
}


def figures_of(connection: duckdb.DuckDBPyConnection, table_name: str, where: str) -> dict[str, Any]:
    """Metadata for the table's rows that match `where`; omits a share without a denominator instead of showing 0."""
    expressions = FIGURES.get(table_name, {})
    metadata: dict[str, Any] = {}
    if expressions:
        (row,) = connection.execute(f"SELECT {', '.join(expressions.values())} FROM {table_name}{where}").fetchall()
        metadata |= {name: _number(value) for name, value in zip(expressions, row, strict=True) if value is not None}
    chart = CHARTS.get(table_name)
    if chart:
        bars = connection.execute(
            f"SELECT {chart.label}, {chart.value} FROM {table_name}{where} GROUP BY 1 ORDER BY {chart.order}"
        ).fetchall()
        metadata["chart"] = dg.MetadataValue.md(f"![{chart.title}]({svg_chart(chart, bars)})")
    return metadata


def svg_chart(chart: Chart, bars: Sequence[tuple[object, float | None]]) -> str:
    """The chart as an SVG image in a `data:` URL; a missing value has a label but no bar."""
    maximum = max((value for _, value in bars if value), default=1)
    rows = [_bar(chart, position, str(label), value, maximum) for position, (label, value) in enumerate(bars, start=1)]
    width, height = LABEL_WIDTH + BAR_WIDTH + NUMBER_WIDTH, BAR_HEIGHT * (len(bars) + 1) + 6
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="12" fill="{INK}"><text y="13" font-weight="bold">{escape(chart.title)}</text>{"".join(rows)}</svg>'
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _bar(chart: Chart, position: int, label: str, value: float | None, maximum: float) -> str:
    top, length = position * BAR_HEIGHT, BAR_WIDTH * (value or 0) / maximum
    number = "" if value is None else f"{value:.1%}" if chart.is_share else f"{value:,.0f}"
    return (
        f'<text x="{LABEL_WIDTH - 6}" y="{top + 13}" text-anchor="end">{escape(label[:26])}</text>'
        f'<rect x="{LABEL_WIDTH}" y="{top + 2}" width="{length:.1f}" height="{BAR_HEIGHT - 4}" fill="{BAR}"/>'
        f'<text x="{LABEL_WIDTH + length + 5:.1f}" y="{top + 13}">{number}</text>'
    )


def _number(value: float) -> float:
    """A count as a whole number, a share with four digits."""
    return int(value) if float(value).is_integer() else round(float(value), 4)
