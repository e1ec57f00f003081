"""The funnel from attempts to promises: a panel for the total and for each of the largest channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from cleargrid_assets.assets.reports.page.blocks import NUMBERS, Block, Chart, DataTable, Note
from cleargrid_assets.assets.reports.page.formatting import count, share_of
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.svg import svg_of
from cleargrid_assets.tables.analytics import COHORT_CONTACT

if TYPE_CHECKING:
    from collections.abc import Sequence


STAGES = ("attempts", "connected", "contacts", "rpc", "promises")
HEADS = (
    "Channel", "Attempts", "Connected", "Contacts", "RPC", "Promises", "Contacts / attempts", "RPC / contacts",
    "Promises / RPC",
)  # fmt: skip
MAX_PANELS = 6


def _content(data: ReportData) -> list[Block]:
    rows = data["funnel"]
    return [
        Note(
            f"{data.month_name}; each bar is a share of the attempts of its panel. RPC: right-party contact or beyond."
        ),
        _chart(rows[:MAX_PANELS]),
        DataTable(HEADS, [_cells(row) for row in rows], summary=NUMBERS),
    ]


SECTION = Section(
    position=20,
    module=__file__,
    heading="Funnel: attempts, connected, contacts, RPC, promises",
    tables=(COHORT_CONTACT,),
    content=_content,
)


def _chart(rows: Sequence[Row]) -> Chart:
    """A panel for each channel: attempts > connected > contacts > RPC > promises."""
    values = [
        {
            "channel": row["channel"],
            "stage": stage,
            "share": row[stage] / row["attempts"],
            "label": f"{count(row[stage])} · {row[stage] / row['attempts']:.0%}",
            "title": f"{row['channel']}: {stage} {count(row[stage])} of {count(row['attempts'])} attempts",
        }
        for row in rows
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
            facet=alt.Facet("channel:N", title=None, sort=[row["channel"] for row in rows]),
            columns=3,
            spacing={"row": 18, "column": 12},
        )
    )
    return Chart(
        svg_of(chart, "Funnel of attempts, connected, contacts, right-party contacts and promises for each channel.")
    )


def _cells(row: Row) -> list[str]:
    counts = [count(row[stage]) for stage in STAGES]
    rates = [
        share_of(row["contacts"], row["attempts"]),
        share_of(row["rpc"], row["contacts"]),
        share_of(row["promises"], row["rpc"]),
    ]
    return [row["channel"], *counts, *rates]
