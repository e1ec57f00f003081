"""Materialization metadata: the numbers and the small chart on a table's page for the month just computed.

Add a table's numbers here, as SQL over the month's rows; what its page shows for every month is in
`definition_metadata`. A share divides sums: a rate is never an average of rates.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.staleness import ROW_COUNT
from cleargrid_assets.tables.analytics import (
    AGENT_PRODUCTIVITY,
    CALLING_HOURS,
    COHORT_CONTACT,
    KPI_MONTHLY,
    OUTCOME_MIX,
    PTP_VINTAGE,
)
from cleargrid_assets.tables.catalog import TABLES
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from cleargrid_assets.tables.table import Table

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


@dataclass(frozen=True)
class Summary:
    """What a table's page shows of a month: numbers by name, as SQL over its rows, and a chart."""

    numbers: Mapping[str, str]
    chart: Chart | None = None


FUNNEL = {
    "attempts": "sum(attempts)",
    "contacts / attempts": "sum(contacts) / nullif(sum(attempts), 0)",
    "rpc / contacts": "sum(rpc) / nullif(sum(contacts), 0)",
    "promises / rpc": "sum(promises) / nullif(sum(rpc), 0)",
}
OUTSIDE = "sum(outside_early + outside_late) FILTER (verified) / nullif(sum(time_known) FILTER (verified), 0)"
HEADLINE = ("contact_rate", "rpc_per_contact", "ptp_per_rpc", "broken_per_mature_promise")

SUMMARIES: Mapping[Table, Summary] = {
    CONTACT_ATTEMPTS: Summary(
        {
            "share of rows unmapped": "count(*) FILTER (NOT is_mapped) / nullif(count(*), 0)",
            "share logged a day late": "count(*) FILTER (log_lag_seconds > 86400) / nullif(count(*), 0)",
        }
    ),
    OUTCOME_MIX: Summary(
        {
            "attempts": "sum(attempts)",
            "share of attempts unmapped": "sum(attempts) FILTER (NOT is_mapped) / nullif(sum(attempts), 0)",
            "rows_inactive": "sum(rows_inactive)",
        },
        Chart("Attempts by outcome", "outcome", "sum(attempts)", "2 DESC, 1"),
    ),
    AGENT_PRODUCTIVITY: Summary(
        FUNNEL | {"active_hours": "sum(active_hours)"},
        Chart("Attempts by local date", "local_date", "sum(attempts)", "1"),
    ),
    COHORT_CONTACT: Summary(
        FUNNEL,
        Chart("Contacts / attempts by local hour", "local_hour", FUNNEL["contacts / attempts"], "1", is_share=True),
    ),
    CALLING_HOURS: Summary(
        {"outside / time known": OUTSIDE},
        Chart(
            "Outside permitted hours / attempts with a known time", "communication_type", OUTSIDE, "1", is_share=True
        ),
    ),
    KPI_MONTHLY: Summary(
        {metric: f"max(value) FILTER (slice = 'all' AND metric = '{metric}')" for metric in HEADLINE},
        Chart(
            "Shares of the month, all channels",
            "metric",
            "max(value) FILTER (slice = 'all' AND lo IS NOT NULL)",
            "1",
            is_share=True,
        ),
    ),
    PTP_VINTAGE: Summary(
        {"observations": "count(DISTINCT observed_at)"},
        Chart("Broken / promises at each load", "observed_at", "sum(broken) / sum(promises)", "1", is_share=True),
    ),
}


def month_metadata(connection: duckdb.DuckDBPyConnection, table: str, where: str) -> dict[str, Any]:
    """The row counts of the table and of its month, which `where` selects, and the month's numbers and chart."""
    counts = f"SELECT count(*) FROM {table}"
    ((total,),) = connection.execute(counts).fetchall()
    ((rows,),) = connection.execute(f"{counts}{where}").fetchall()
    metadata = {"dagster/row_count": total, ROW_COUNT: rows}
    summary = SUMMARIES.get(TABLES[table]) if table in TABLES else None
    return metadata | (_summary(connection, summary, f"FROM {table}{where}") if summary else {})


def _summary(connection: duckdb.DuckDBPyConnection, summary: Summary, rows: str) -> dict[str, Any]:
    """The numbers and the chart of `rows`; omits a share without a denominator instead of showing 0."""
    (values,) = connection.execute(f"SELECT {', '.join(summary.numbers.values())} {rows}").fetchall()
    numbers = {name: _number(value) for name, value in zip(summary.numbers, values, strict=True) if value is not None}
    return numbers | ({"chart": _chart(connection, summary.chart, rows)} if summary.chart else {})


def _chart(connection: duckdb.DuckDBPyConnection, chart: Chart, rows: str) -> dg.MarkdownMetadataValue:
    bars = connection.execute(
        f"SELECT {chart.label}, {chart.value} {rows} GROUP BY 1 ORDER BY {chart.order}"
    ).fetchall()
    return dg.MetadataValue.md(f"![{chart.title}]({svg_chart(chart, bars)})")


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
