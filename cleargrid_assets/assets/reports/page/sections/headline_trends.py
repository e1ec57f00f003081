"""The headline rates month by month, in total and by channel."""

from __future__ import annotations

from cleargrid_assets.assets.reports.page.blocks import Block, Note
from cleargrid_assets.assets.reports.page.section import ReportData, Section
from cleargrid_assets.assets.reports.page.trends import trend_charts
from cleargrid_assets.tables.analytics import KPI_MONTHLY, METRIC_DEFINITIONS

METRICS = ("contact_rate", "rpc_per_contact", "ptp_per_rpc", "refusal_per_rpc")


def _content(data: ReportData) -> list[Block]:
    charts = trend_charts(data["headline_trends"], METRICS)
    if charts is None:
        return []
    return [
        charts,
        Note(
            "The band is the interval; a hollow point is an open month, whose figures are provisional. Broken promises "
            "compare at equal age only, in a section of their own."
        ),
    ]


SECTION = Section(
    position=11,
    module=__file__,
    heading="Month by month",
    tables=(KPI_MONTHLY, METRIC_DEFINITIONS),
    content=_content,
)
