"""Pools compared: promises per right-party contact of each interaction source on a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import NUMBERS, Block, Cell, Charts, DataTable, Note, Subheading
from cleargrid_assets.assets.reports.page.chance import FEWEST_WEEKS, SIGNIFICANT
from cleargrid_assets.assets.reports.page.drawing import WIDTH, Drawing, scale, ticks
from cleargrid_assets.assets.reports.page.formatting import (
    DASH,
    change_with_interval,
    count,
    interval,
    percent,
    share_cell,
    share_of,
)
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.targets import ALL
from cleargrid_assets.tables.analytics import (
    AGENT_PRODUCTIVITY,
    COHORT_CONTACT,
    KPI_DAILY,
    KPI_MONTHLY,
    METRIC_DEFINITIONS,
    SMALL_SAMPLE,
)
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS, WAREHOUSE_IDENTITY

if TYPE_CHECKING:
    from collections.abc import Sequence


HEADS = (
    "Pool", "Attempts", "Contacts", "RPC", "Promises", "Promises / RPC", "95% interval", "RPC / contacts",
    "Active hours", "Attempts per active hour",
)  # fmt: skip
LATE_HEADS = ("Pool", "Logged later than 24 h", "Broken within 30 days")
LEFT, RIGHT, TOP, BOTTOM, STEP = 200, 120, 4, 40, 22
"""Of the chart, in pixels: the room for names, for figures, and the distance of pools."""

BENCHMARK_HEADS = ("Pool and rate", "Rate", "Own change", "Median of its channel's pools", "Observed / expected")


def _content(data: ReportData) -> list[Block]:
    rows = data["pool_comparison"]
    drawn = [row for row in rows if row["rpc"] >= SMALL_SAMPLE]
    left_out = f" Not drawn: {_pools(len(rows) - len(drawn))} with RPC under {SMALL_SAMPLE}."
    return [
        Note(
            f"{data.month_name}. A pool is an interaction source on a channel: D23 has no agent id, so this does "
            f"not rank people. Sorted by the lower end of the interval.{left_out if len(drawn) < len(rows) else ''}"
        ),
        *([Charts({ALL: [_chart(drawn)]}, is_wide=True)] if drawn else []),
        DataTable(HEADS, [_cells(row) for row in rows], summary=NUMBERS),
        *_late_logging(data),
        *_benchmark(data["pool_comparison__benchmark"]),
    ]


SECTION = Section(
    position=60,
    module=__file__,
    heading="Pools compared",
    tables=(
        AGENT_PRODUCTIVITY, COHORT_CONTACT, KPI_DAILY, KPI_MONTHLY, METRIC_DEFINITIONS, CONTACT_ATTEMPTS, D23_LOADS,
        D23_CHANGES, WAREHOUSE_IDENTITY,
    ),
    content=_content,
)  # fmt: skip


def _pools(number: int) -> str:
    return f"{number} {'pool' if number == 1 else 'pools'}"


def _benchmark(rows: Sequence[Row]) -> list[Block]:
    """Each pool against its own past, its channel's other pools, and the same mix of hours."""
    enough = [row for row in rows if row["denominator"] >= SMALL_SAMPLE]
    lines = [_benchmark_cells(row) for row in enough]
    channels = [row["communication_type"] for row in enough]
    heading = "Against its own past and the other pools of its channel"
    note = Note(_benchmark_rule(enough, len(rows)))
    return [Subheading(heading), note, DataTable(BENCHMARK_HEADS, lines, channels=channels)]


def _benchmark_rule(rows: Sequence[Row], of_all: int) -> str:
    compared = sum(row[name] is not None for row in rows for name in ("own_p_value", "expected_p_value"))
    unknown = sum(row["phi_weeks"] < FEWEST_WEEKS for row in rows)
    few = f"; {unknown} of the rates have fewer than {FEWEST_WEEKS} such weeks, and no allowance" if unknown else ""
    return (
        "Own change: since the pool's three months before, with its interval. Observed / expected: above 1, the pool "
        "does better than its channel's rates would at its own mix of hours. A comparison is coloured only beyond "
        f"chance (Benjamini-Hochberg at 5% over these {compared}, allowing for how much each rate varied over the 12 "
        f"weeks before the month{few}); the others are not shown to differ. Left out: {count(of_all - len(rows))} of "
        f"{count(of_all)} rates, whose n is under {SMALL_SAMPLE}; analytics.pool_benchmark has them."
    )


def _benchmark_cells(row: Row) -> list[str | Cell]:
    return [
        f"{row['pool']}, {row['name']}",
        share_of(row["numerator"], row["denominator"]),
        _marked(change_with_interval(row), row["change_pp"], is_beyond_chance=row["own_is_beyond_chance"]),
        percent(row["median_value"]),
        _observed(row),
    ]


def _observed(row: Row) -> Cell:
    ratio = row["observed_per_expected"]
    if ratio is None:
        return Cell(DASH)
    limits = f"{row['observed_per_expected_lo']:.2f} to {row['observed_per_expected_hi']:.2f}"
    return _marked(f"{ratio:.2f} ({limits})", ratio - 1, is_beyond_chance=row["expected_is_beyond_chance"])


def _marked(text: str, difference: float, *, is_beyond_chance: bool) -> Cell:
    """A comparison, coloured by its direction if it is beyond chance."""
    if not is_beyond_chance:
        return Cell(text)
    return Cell(text, ["beyond chance"], "up" if difference > 0 else "down")


def _late_logging(data: ReportData) -> list[Block]:
    """Whether the pools that log late are those whose promises break."""
    rows = data["pool_comparison__late_logging"]
    if not rows:
        return []
    lines = [[row["pool"], _late(row), _broken(row)] for row in rows]
    return [
        Subheading("Late logging beside broken promises"),
        Note(f"{data.three_months}; the pool that logs the most rows late first. {late_logging_verdict(rows[0])}"),
        DataTable(LATE_HEADS, lines, channels=[row["communication_type"] for row in rows]),
    ]


def _late(row: Row) -> Cell:
    return share_cell(row["late"], row["attempts"], row["late_lo"], row["late_hi"])


def _broken(row: Row) -> Cell:
    return share_cell(row["broken"], row["promises"], row["broken_lo"], row["broken_hi"])


def late_logging_verdict(row: Row) -> str:
    """The promises of pools that log late more often than all pools together, against those of the others."""
    if row["change_pp"] is None:
        return "Nothing is compared: that takes promises of 30 days in pools that log late more often, and in others."
    late = share_of(row["late_broken"], row["late_promises"])
    others = share_of(row["other_broken"], row["other_promises"])
    chance = "no more than chance" if row["p_value"] > SIGNIFICANT else "more than chance"
    return (
        f"Of the promises of pools that log late more often than all pools together, {late} were broken; of those of "
        f"the others, {others}. The difference of {change_with_interval(row)} is {chance}. Channels differ in both, so "
        "one need not cause the other."
    )


def _chart(drawn: Sequence[Row]) -> str:
    """PTP per RPC of each pool with its interval, sorted by the lower end."""
    height = TOP + len(drawn) * STEP + BOTTOM
    drawing = Drawing(WIDTH, height, "PTP per RPC of each pool, sorted by the lower end of its 95% interval.")
    at = ticks(0, max(row["hi"] for row in drawn))
    x = scale((0, at[-1]), (LEFT, WIDTH - RIGHT))
    drawing.x_axis({f"{share:.0%}": x(share) for share in at}, "PTP per RPC, with its 95% interval")
    for place, row in enumerate(drawn):
        y = TOP + (place + 0.5) * STEP
        fraction = f"{percent(row['value'])} ({count(row['promises'])} / {count(row['rpc'])})"
        drawing.text(LEFT - 10, y + 4, row["pool"], "end")
        drawing.bar((x(row["lo"]), y - 3), (x(row["hi"]) - x(row["lo"]), 6), "--interval", "")
        drawing.dot(x(row["value"]), y, "--c1", _title(row))
        drawing.text(x(row["hi"]) + 8, y + 4, fraction)
    return str(drawing)


def _title(row: Row) -> str:
    fraction = f"{count(row['promises'])} promises of {count(row['rpc'])} RPC, {percent(row['value'])}"
    return f"{row['pool']}: {fraction} ({percent(row['lo'])} to {percent(row['hi'])})"


def _cells(row: Row) -> list[str]:
    counts = [count(row[name]) for name in ("attempts", "contacts", "rpc", "promises")]
    pace = row["attempts"] / row["active_hours"]
    rates = [share_of(row["promises"], row["rpc"]), interval(row), share_of(row["rpc"], row["contacts"])]
    return [row["pool"], *counts, *rates, count(row["active_hours"]), f"{pace:.1f}"]
