"""The month at a glance: cards of the metrics a manager asks for first, and every metric of each month."""

from __future__ import annotations

from calendar import monthrange
from typing import TYPE_CHECKING, Any

from cleargrid_assets.assets.reports.page.blocks import Block, Cards, DataTable, Note, OfMonth
from cleargrid_assets.assets.reports.page.chance import FEWEST_WEEKS
from cleargrid_assets.assets.reports.page.formatting import (
    change_with_interval,
    count,
    interval,
    month_name,
    percent,
    value_of,
)
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.sentence import NOT_JUDGED
from cleargrid_assets.partitions import consecutive
from cleargrid_assets.tables.analytics import KPI_DAILY, KPI_MONTHLY, METRIC_DEFINITIONS, SMALL_SAMPLE
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS, WAREHOUSE_IDENTITY

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADLINE = (
    "contact_rate", "rpc_per_contact", "ptp_per_rpc", "refusal_per_rpc", "settlement_per_rpc", "connect_rate",
    "broken_within_30_days", "outside_hours_per_timed_attempt",
)  # fmt: skip
INTERVALS = "Under each rate: numerator / denominator, and its Wilson 95% interval; beside each change, Newcombe's."
HEADS = ("Metric", "Value", "Numerator", "Denominator", "95% interval", "Month before", "Change", "Formula, caveat")


def _content(data: ReportData) -> list[Block]:
    return [
        Note(_rule(data["headline__cards"])),
        Cards(_cards(data)),
        *_every_metric(data),
    ]


SECTION = Section(
    position=10,
    module=__file__,
    heading="{month} at a glance",
    tables=(KPI_MONTHLY, METRIC_DEFINITIONS, KPI_DAILY, CONTACT_ATTEMPTS, D23_LOADS, D23_CHANGES, WAREHOUSE_IDENTITY),
    content=_content,
)


def _rule(cards: Sequence[Row]) -> str:
    if any(row["has_unmapped"] for row in cards):
        return f"{INTERVALS} {NOT_JUDGED}"
    few = [row["name"] for row in cards if row["phi_weeks"] < FEWEST_WEEKS]
    unknown = f" Fewer than {FEWEST_WEEKS} such weeks, so not allowed for: {', '.join(few)}." if few else ""
    return (
        f"{INTERVALS} A change is grey unless it is beyond chance (Benjamini-Hochberg at 5% over these {len(cards)} "
        "rates, allowing for how much each varied over the 12 weeks before the month)."
        f"{unknown} Attempts are not judged."
    )


def _every_metric(data: ReportData) -> list[Block]:
    """Every metric of each month, the latest first; only the report's month is printed."""
    months = sorted({row["month"] for row in data["headline"]}, reverse=True)
    return [
        OfMonth(
            f"{month:%Y-%m}",
            DataTable(
                HEADS,
                [_cells(row) for row in data["headline"] if row["month"] == month],
                summary=f"Every metric of {month_name(month)}",
                is_printed=month == data.month,
                texts=(0, 7),
            ),
        )
        for month in months
    ]


def _cards(data: ReportData) -> list[dict[str, Any]]:
    """Attempts, then the headline rates of the report's month, each with the open month beside it."""
    this = {row["metric"]: row for row in data["headline"] if row["month"] == data.month}
    rates = {row["metric"]: row for row in data["headline__cards"]}
    later = [row for row in data["headline"] if data.month and row["month"] > data.month]
    open_month = {row["metric"]: row for row in later if row["month"] == max(each["month"] for each in later)}
    if not this:
        return []
    younger = this["broken_per_promise"]["denominator"] - rates["broken_within_30_days"]["denominator"]
    below = {metric: _open_month_text(row) for metric, row in open_month.items() if row["denominator"]}
    below["broken_within_30_days"] = f"{count(younger)} younger promises left out" if younger else ""
    cards = [_card(rates[metric], below.get(metric, "")) for metric in HEADLINE]
    return [_attempts(data, this["contact_rate"]), *cards]


def _attempts(data: ReportData, row: Row) -> dict[str, Any]:
    """Attempts per calendar day, because months differ in length; an open month's are not divided yet."""
    before = [each for each in data.months if each["month"] < row["month"]]
    this = next(each for each in data.months if each["month"] == row["month"])
    last = before[-1] if before and _are_comparable(before[-1], this) else None
    is_final = this["status"] == "final"
    pace, last_pace = _pace(this), _pace(last) if last else 0.0
    relative = pace / last_pace - 1 if last_pace and is_final else None
    days = f"{count(row['denominator'])} in {_days(this)} days; " if is_final else ""
    return {
        "name": "Attempts a day" if is_final else "Attempts so far",
        "formula": "Rows in scope",
        "value": f"{pace:,.1f}" if is_final else count(row["denominator"]),
        "change": "" if relative is None else f"{relative:+.1%}",
        "arrow": _arrow(relative, 3),
        "before": f"{last_pace:,.1f}",
        "is_chance": True,  # days off and pay days move it, so it is not judged
        "n": f"{days}{count(this['rows_landed'])} rows landed",
        "interval": "",
        "open": "",
    }


def _pace(row: Row) -> float:
    return float((row["attempts"] or 0) / _days(row))


def _days(row: Row) -> int:
    return monthrange(row["month"].year, row["month"].month)[1]


def _card(row: Row, below: str) -> dict[str, Any]:
    """A rate with its change; only n under a small sample. `below`: the card's last line."""
    return {
        "name": row["name"],
        "formula": row["formula"],
        "value": percent(row["value"]) if row["denominator"] >= SMALL_SAMPLE else f"n {count(row['denominator'])}",
        "change": "" if row["change_pp"] is None else change_with_interval(row),
        "arrow": _arrow(row["change_pp"], 1),
        "before": percent(row["prev_value"]),
        "is_chance": not row["is_beyond_chance"],
        "n": f"{count(row['numerator'])} / {count(row['denominator'])}",
        "interval": interval(row) if row["lo"] is not None else "",
        "open": below,
    }


def _open_month_text(row: Row) -> str:
    fraction = f"{count(row['numerator'])} / {count(row['denominator'])}"
    return f"{month_name(row['month'])} so far: {value_of(row['unit'], row['value'])} ({fraction})"


def _arrow(change: float | None, digits: int) -> str:
    """The direction of the change; empty if it rounds to zero with `digits` decimals."""
    if not change or not round(change, digits):
        return ""
    return "▲" if change > 0 else "▼"


def _are_comparable(earlier: Row, later: Row) -> bool:
    """True if the months are adjacent and were computed under the same rules."""
    are_adjacent = len(consecutive([earlier, later], month=lambda row: row["month"])) == 1
    return are_adjacent and bool(earlier["rules_version"] == later["rules_version"])


def _cells(row: Row) -> list[str]:
    return [
        row["name"],
        value_of(row["unit"], row["value"]),
        count(row["numerator"]),
        count(row["denominator"]),
        interval(row),
        value_of(row["unit"], row["prev_value"]),
        change_with_interval(row),
        f"{row['formula']}. {row['caveat']}" if row["caveat"] else row["formula"],
    ]
