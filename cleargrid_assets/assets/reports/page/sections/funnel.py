"""The funnel from attempts to promises: a panel for the total and for each channel."""

from __future__ import annotations

from cleargrid_assets.assets.reports.page.blocks import NUMBERS, Block, DataTable, Note, Panels
from cleargrid_assets.assets.reports.page.drawing import Drawing
from cleargrid_assets.assets.reports.page.formatting import channel_name, count, share_of
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.tables.analytics import COHORT_CONTACT

STAGES = {
    "attempts": "attempts",
    "connected": "connected",
    "contacts": "contacts",
    "rpc": "RPC",
    "promises": "promises",
}
HEADS = (
    "Channel", "Attempts", "Connected", "Contacts", "RPC", "Promises", "Contacts / attempts", "RPC / contacts",
    "Promises / RPC",
)  # fmt: skip
WIDTH, HEIGHT, LEFT, TOP, STEP, BAR = 295, 118, 66, 22, 19, 120
"""Of a panel: its size, where bars begin, how far they are apart, and the length of the longest, in pixels."""


def _content(data: ReportData) -> list[Block]:
    rows = data["funnel"]
    return [
        Note(f"{data.month_name}; each bar is a share of the attempts of its panel. RPC: the borrower was reached."),
        Panels({row["channel"]: _panel(row) for row in rows}),
        DataTable(
            HEADS,
            [_cells(row) for row in rows],
            summary=NUMBERS,
            channels=[row["channel"] for row in rows],
        ),
    ]


SECTION = Section(
    position=20,
    module=__file__,
    heading="Funnel: attempts, connected, contacts, RPC, promises",
    tables=(COHORT_CONTACT,),
    content=_content,
)


def _panel(row: Row) -> str:
    """The bars of one channel: attempts > connected > contacts > RPC > promises."""
    channel = channel_name(row["channel"])
    drawing = Drawing(WIDTH, HEIGHT, f"Funnel of {channel}: {_words(row)}.")
    drawing.text(LEFT, 13, channel, "name")
    for step, (stage, name) in enumerate(STAGES.items()):
        top, share = TOP + step * STEP, row[stage] / row["attempts"]
        title = f"{channel}: {stage} {count(row[stage])} of {count(row['attempts'])} attempts"
        drawing.text(LEFT - 6, top + 12, name, "end")
        drawing.bar((LEFT, top), (share * BAR, STEP - 4), "--c1", title)
        drawing.text(LEFT + share * BAR + 5, top + 12, f"{count(row[stage])} · {share:.0%}", "value")
    return str(drawing)


def _words(row: Row) -> str:
    return ", ".join(f"{count(row[stage])} {name}" for stage, name in STAGES.items())


def _cells(row: Row) -> list[str]:
    counts = [count(row[stage]) for stage in STAGES]
    rates = [
        share_of(row["contacts"], row["attempts"]),
        share_of(row["rpc"], row["contacts"]),
        share_of(row["promises"], row["rpc"]),
    ]
    return [channel_name(row["channel"]), *counts, *rates]
