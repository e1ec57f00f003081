"""The cards at the top of the report: value, change, n and interval of the metrics a manager asks for first.

Choose the metrics here, and when a change may be chance; the layout is in `page.html`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cleargrid_assets.assets.reports.page.wording import count, month_name, percent, points, value_of

if TYPE_CHECKING:
    from cleargrid_assets.assets.reports.page.figures import Figures, Row

HEADLINE = (
    "contact_rate", "rpc_per_contact", "ptp_per_rpc", "refusal_per_rpc", "settlement_per_rpc", "connect_rate",
    "broken_per_mature_promise", "outside_hours_per_timed_attempt",
)  # fmt: skip


def cards(figures: Figures) -> list[dict[str, Any]]:
    """Attempts, then the headline rates of the report's month, each with the open month beside it."""
    this = {row["metric"]: row for row in figures["kpis"] if row["month"] == figures.month}
    later = [row for row in figures["kpis"] if figures.month and row["month"] > figures.month]
    open_month = {row["metric"]: row for row in later if row["month"] == max(each["month"] for each in later)}
    if not this:
        return []
    rates = [_card(this[metric], open_month.get(metric)) for metric in HEADLINE if metric in this]
    return [_attempts(figures, this["contact_rate"]), *rates]


def _attempts(figures: Figures, row: Row) -> dict[str, Any]:
    before = [each for each in figures["months"] if each["month"] < row["month"]]
    this = next(each for each in figures["months"] if each["month"] == row["month"])
    last = before[-1] if before and _are_comparable(before[-1], this) else None
    relative = (row["denominator"] - last["attempts"]) / last["attempts"] if last and last["attempts"] else None
    return {
        "name": "Attempts",
        "formula": "Rows in scope",
        "value": count(row["denominator"]),
        "change": "" if relative is None else f"{relative:+.1%}",
        "arrow": _arrow(relative, 3),
        "before": month_name(last["month"]) if last else "",
        "is_chance": False,
        "n": f"{count(this['rows_landed'])} rows landed",
        "interval": "",
        "open": "",
    }


def _card(row: Row, open_row: Row | None) -> dict[str, Any]:
    change = row["change_pp"]
    return {
        "name": row["name"],
        "formula": row["formula"],
        "value": value_of(row["unit"], row["value"]),
        "change": "" if change is None else points(change),
        "arrow": _arrow(change, 1),
        "before": f"{percent(row['prev_value'])}",
        "is_chance": may_be_chance(row),
        "n": f"{count(row['numerator'])} / {count(row['denominator'])}",
        "interval": f"{percent(row['lo'])} to {percent(row['hi'])}" if row["lo"] is not None else "",
        "open": _open(open_row) if open_row and open_row["denominator"] else "",
    }


def _open(row: Row) -> str:
    fraction = f"{count(row['numerator'])} / {count(row['denominator'])}"
    return f"{month_name(row['month'])} so far: {value_of(row['unit'], row['value'])} ({fraction})"


def may_be_chance(row: Row) -> bool:
    """True if the intervals of the month and of the one before overlap."""
    if row["lo"] is None or row["prev_lo"] is None:
        return False
    return bool(row["lo"] <= row["prev_hi"] and row["prev_lo"] <= row["hi"])


def _arrow(change: float | None, digits: int) -> str:
    """The direction of the change; empty if it rounds to zero with `digits` decimals."""
    if not change or not round(change, digits):
        return ""
    return "▲" if change > 0 else "▼"


def _are_comparable(earlier: Row, later: Row) -> bool:
    """True if the months are adjacent and were computed under the same rules."""
    months = [row["month"].year * 12 + row["month"].month for row in (earlier, later)]
    return months[1] - months[0] == 1 and bool(earlier["rules_version"] == later["rules_version"])
