"""Pools compared: promises per right-party contact of each interaction source on a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from cleargrid_assets.assets.reports.page.blocks import NUMBERS, Block, Chart, DataTable, Note
from cleargrid_assets.assets.reports.page.formatting import count, interval, percent, share_of
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.svg import WIDTH, svg_of
from cleargrid_assets.tables.analytics import AGENT_PRODUCTIVITY

if TYPE_CHECKING:
    from collections.abc import Sequence


HEADS = (
    "Pool", "Attempts", "Contacts", "RPC", "Promises", "Promises / RPC", "95 % interval", "RPC / contacts",
    "Active hours", "Attempts per active hour",
)  # fmt: skip


def _content(data: ReportData) -> list[Block]:
    rows = data["pool_comparison"]
    return [
        Note(
            f"{data.month_name}. A pool is an interaction source on a channel: D23 has no agent id, so this does "
            f"not rank people. Sorted by the lower end of the interval, so that a small pool does not lead by luck."
        ),
        _chart(rows),
        DataTable(HEADS, [_cells(row) for row in rows], summary=NUMBERS),
    ]


SECTION = Section(
    position=60, module=__file__, heading="Pools compared", tables=(AGENT_PRODUCTIVITY,), content=_content
)


def _chart(rows: Sequence[Row]) -> Chart:
    """PTP per RPC of each pool with its interval, sorted by the lower bound."""
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
    return Chart(svg_of(chart, "PTP per RPC of each pool with its interval, sorted by the lower end of the interval."))


def _cells(row: Row) -> list[str]:
    counts = [count(row[name]) for name in ("attempts", "contacts", "rpc", "promises")]
    pace = row["attempts"] / row["active_hours"]
    rates = [share_of(row["promises"], row["rpc"]), interval(row), share_of(row["rpc"], row["contacts"])]
    return [row["pool"], *counts, *rates, count(row["active_hours"]), f"{pace:.1f}"]
