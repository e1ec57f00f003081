"""The last 7 days against the 4 weeks before: five rates and attempts a day, in total and by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import Block, Cell, DataTable, Note
from cleargrid_assets.assets.reports.page.chance import FEWEST_WEEKS
from cleargrid_assets.assets.reports.page.formatting import DASH, channel_name, count, percent
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.sentence import UNMAPPED
from cleargrid_assets.assets.reports.page.targets import ALL
from cleargrid_assets.tables.analytics import KPI_DAILY, METRIC_DEFINITIONS, SMALL_SAMPLE
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS, WAREHOUSE_IDENTITY

if TYPE_CHECKING:
    from collections.abc import Sequence

METRICS = ("contact_rate", "rpc_per_contact", "ptp_per_rpc", "refusal_per_rpc", "settlement_per_rpc")


def _content(data: ReportData) -> list[Block]:
    rows = data["last_seven_days"]
    if not rows:
        return []
    names = {row["metric"]: row["name"] for row in rows}
    metrics = [metric for metric in METRICS if metric in names]
    heads = ["Channel", "Attempts a day", "Unmapped", *(names[metric] for metric in metrics)]
    channels = _channels(rows)
    table = [_line(data, channel, rows, metrics) for channel in channels]
    return [Note(_span(rows[0])), DataTable(heads, table, channels=channels), Note(_rule(rows))]


SECTION = Section(
    position=2,
    module=__file__,
    heading="The last 7 days",
    tables=(KPI_DAILY, METRIC_DEFINITIONS, D23_LOADS, D23_CHANGES, WAREHOUSE_IDENTITY),
    content=_content,
)


def _channels(rows: Sequence[Row]) -> list[str]:
    """The total, then the channels with the most attempts first."""
    attempts = {row["communication_type"]: row["n1"] for row in rows if row["metric"] == "contact_rate"}
    return sorted(attempts, key=lambda channel: (channel != ALL, -attempts[channel], channel))


def _line(data: ReportData, channel: str, rows: Sequence[Row], metrics: Sequence[str]) -> list[str | Cell]:
    cells = {row["metric"]: row for row in rows if row["communication_type"] == channel}
    return [
        channel_name(channel),
        _attempts(cells["contact_rate"]),
        _unmapped(cells["contact_rate"]),
        *(_rate(data, cells[metric]) for metric in metrics),
    ]


def _attempts(row: Row) -> Cell:
    """Attempts per whole day. Days off and pay days move it, so it is not judged."""
    before = f"before {row['n0'] / row['reference_days']:,.1f}" if row["reference_days"] else "none before"
    return Cell(f"{row['n1'] / row['days']:,.1f}", [before])


def _unmapped(row: Row) -> Cell:
    """Attempts whose outcome the map does not know."""
    before = f"before {percent(row['unmapped0'] / row['attempts0'])}" if row["attempts0"] else "none before"
    fraction = f"{count(row['unmapped1'])} / {count(row['attempts1'])}"
    return Cell(percent(row["unmapped1"] / row["attempts1"]) if row["attempts1"] else DASH, [fraction, before])


def _rate(data: ReportData, row: Row) -> Cell:
    is_small = row["n1"] < SMALL_SAMPLE
    if is_small and not row["is_beyond_chance"]:
        return Cell(f"n {count(row['n1'])}", tone="few")
    lines = [f"{count(row['k1'])} / {count(row['n1'])}"]
    if row["change_pp"] is not None:
        lines += [f"{row['change_pp']:+.1f} pp", f"{row['change_lo']:+.1f} to {row['change_hi']:+.1f}"]
    target = data.targets.get((row["metric"], row["communication_type"]))
    if target is not None:
        lines.append(f"target {percent(target)}")
    text = f"n {count(row['n1'])}" if is_small else percent(row["value"])
    tone = ("up" if row["change_pp"] > 0 else "down") if row["is_beyond_chance"] else ""
    return Cell(text, lines, tone)


def _span(row: Row) -> str:
    before = f"the {row['reference_days']} whole days of the 4 weeks before"
    return f"{row['from_date']:%-d %b} to {row['until_date']:%-d %b %Y}, whole local days, against {before}."


def _rule(rows: Sequence[Row]) -> str:
    row = rows[0]
    if row["rules_versions"] > 1:
        return "Nothing is compared: these days were computed under two versions of the rules."
    if not row["is_compared"]:
        return "Nothing is compared: that takes 7 whole days in either span."
    judged = [row for row in rows if not row["has_unmapped"]]
    unknown = sum(row["phi_weeks"] < FEWEST_WEEKS for row in judged)
    rule = (
        "A cell is coloured only where its change is more than chance, by Benjamini-Hochberg over "
        f"{len(judged)} cells: over many mornings, on average at most 5% of what is coloured is luck. "
        "Intervals are Newcombe's, at 95%, widened by how much the rate "
        f"varied over the 12 weeks before. A rate whose denominator (n) is under {SMALL_SAMPLE} is not shown, "
        "nor is its change, unless that is more than chance."
    )
    few = f" {unknown} cells have fewer than {FEWEST_WEEKS} such weeks, and are not widened."
    unmapped = f" A channel with more than {UNMAPPED:.0%} of attempts unmapped in either span is not judged."
    return rule + (few if unknown else "") + (unmapped if len(judged) < len(rows) else "")
