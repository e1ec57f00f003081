"""The metrics that D23 cannot support, and why."""

from __future__ import annotations

from cleargrid_assets.assets.reports.page.blocks import Block, DataTable
from cleargrid_assets.assets.reports.page.section import ReportData, Section
from cleargrid_assets.tables.analytics import METRIC_DEFINITIONS


def _content(data: ReportData) -> list[Block]:
    rows = [[row["name"], row["formula"], row["why_not"]] for row in data["not_supported"]]
    return [DataTable(["Metric", "Formula", "Why not"], rows, texts=(0, 1, 2))]


SECTION = Section(
    position=110, module=__file__, heading="What D23 cannot say", tables=(METRIC_DEFINITIONS,), content=_content
)
