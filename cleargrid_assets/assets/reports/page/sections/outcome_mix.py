"""The outcome mix by week: the share of each outcome group in the week's attempts, in total and by channel."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from cleargrid_assets.assets.reports.page.blocks import NUMBERS, Block, Charts, ColorKey, DataTable, Note
from cleargrid_assets.assets.reports.page.drawing import WIDTH, Drawing, scale
from cleargrid_assets.assets.reports.page.formatting import WEEKDAYS, count, percent
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.targets import ALL
from cleargrid_assets.tables.analytics import OUTCOME_MIX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from cleargrid_assets.assets.reports.page.drawing import Position


GROUPS = (
    "promise", "settled or paid", "refusal", "other right party", "somebody else", "machine", "no connect", "unmapped",
)  # fmt: skip
HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 260, 44, 10, 8, 24
LABELS = 13
"""So many weeks have room for their dates."""


def _content(data: ReportData) -> list[Block]:
    rows = data["outcome_mix"]
    weeks = sorted({row["week"] for row in rows})
    charts = {channel: [_chart(list(of_channel), weeks)] for channel, of_channel in groupby(rows, key=_channel)}
    total = [row for row in rows if row["communication_type"] == ALL]
    return [
        Note(
            "Counted from days, because weeks straddle months; each begins on the Monday under it; * marks one "
            "without all its days. Rows in scope. A bar's count shows on hover and is in the table."
        ),
        ColorKey([(f"--g{position}", group) for position, group in enumerate(GROUPS)]),
        Charts(charts, is_wide=True),
        DataTable(["Week from", "Attempts", *GROUPS], _weeks(total), summary=NUMBERS, is_whole=True),
    ]


SECTION = Section(position=30, module=__file__, heading="Outcome mix by week", tables=(OUTCOME_MIX,), content=_content)


def _channel(row: Row) -> str:
    return str(row["communication_type"])


def _chart(rows: Sequence[Row], weeks: Sequence[date]) -> str:
    """The outcomes of each week's attempts in one channel, as shares that add up to the week."""
    drawing = Drawing(WIDTH, HEIGHT, f"Share of each outcome group in each week's attempts. {_channel(rows[0])}.")
    y = scale((0, 1), (HEIGHT - BOTTOM, TOP))
    drawing.percent_axis([0, 0.2, 0.4, 0.6, 0.8, 1], y, LEFT)
    step = (WIDTH - LEFT - RIGHT) / len(weeks)
    every = -(-len(weeks) // LABELS)
    for week, of_week in groupby(rows, key=lambda row: row["week"]):
        place = weeks.index(week)
        ordered = sorted(of_week, key=lambda row: GROUPS.index(row["outcome_group"]))
        _draw_week(drawing, ordered, y, (LEFT + (place + 0.06) * step, 0.88 * step))
        if (len(weeks) - 1 - place) % every == 0:
            drawing.text(LEFT + (place + 0.5) * step, HEIGHT - 8, _label(ordered[0]), "mid")
    return str(drawing)


def _draw_week(drawing: Drawing, rows: Sequence[Row], y: Position, across: tuple[float, float]) -> None:
    """A week's bars, one on the other. `across`: where they begin, and their width."""
    left, width = across
    before = 0
    for row in rows:
        after, whole = before + row["attempts"], row["attempts_of_week"]
        top = y(after / whole)
        colour = f"--g{GROUPS.index(row['outcome_group'])}"
        drawing.bar((left, top), (width, y(before / whole) - top), colour, _title(row))
        before = after


def _label(row: Row) -> str:
    return f"{row['week']:%-d %b}" + ("" if row["days"] == len(WEEKDAYS) else "*")


def _title(row: Row) -> str:
    days = "" if row["days"] == len(WEEKDAYS) else f" ({row['days']} days)"
    fraction = f"{count(row['attempts'])} of {count(row['attempts_of_week'])} attempts"
    share = percent(row["attempts"] / row["attempts_of_week"])
    return f"{row['week']:%-d %b %Y}{days}: {row['outcome_group']} {fraction}, {share}"


def _weeks(rows: Sequence[Row]) -> list[list[str]]:
    weeks: dict[Any, dict[str, int]] = {}
    whole: dict[Any, int] = {}
    for row in rows:
        weeks.setdefault(row["week"], {})[row["outcome_group"]] = row["attempts"]
        whole[row["week"]] = row["attempts_of_week"]
    return [
        [f"{week:%Y-%m-%d}", count(whole[week]), *(count(groups.get(group, 0)) for group in GROUPS)]
        for week, groups in weeks.items()
    ]
