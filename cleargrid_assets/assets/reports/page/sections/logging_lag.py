"""The logging lag: how late outcomes are typed in, month by month and by channel."""

from __future__ import annotations

from cleargrid_assets.assets.reports.page.blocks import Block, DataTable, Note
from cleargrid_assets.assets.reports.page.formatting import channel_name, count, duration, share_of
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.trends import trend_charts
from cleargrid_assets.tables.analytics import KPI_MONTHLY, METRIC_DEFINITIONS

METRICS = ("late_logged_1h_per_attempt", "late_logged_24h_per_attempt")
HEADS = ("Attempts", "Median", "90th percentile", "99th percentile", "Later than 1 h", "Later than 24 h")


def _content(data: ReportData) -> list[Block]:
    charts = trend_charts(data["headline_trends"], METRICS)
    rows = data["logging_lag"]
    channels = [row["channel"] for row in rows]
    return [
        Note("created_at - communicated_at. It is a logging lag, not handle time."),
        *([charts] if charts else []),
        DataTable([data.month_name, *HEADS], [_cells(row) for row in rows], channels=channels),
    ]


SECTION = Section(
    position=70,
    module=__file__,
    heading="How late outcomes are typed in",
    tables=(KPI_MONTHLY, METRIC_DEFINITIONS),
    content=_content,
)


def _cells(row: Row) -> list[str]:
    quantiles = [duration(row[name]) for name in ("p50_s", "p90_s", "p99_s")]
    late = [share_of(row["late_1h"], row["attempts"]), share_of(row["late_24h"], row["attempts"])]
    return [channel_name(row["channel"]), count(row["attempts"]), *quantiles, *late]
