"""Formats the report's numbers and dates. Add the format of a single value here; sentences are in `sections`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cleargrid_assets.assets.reports.page.blocks import Cell
from cleargrid_assets.assets.reports.page.targets import ALL
from cleargrid_assets.partitions import consecutive
from cleargrid_assets.tables.analytics import SMALL_SAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

DASH = "-"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SMALLEST_P = 0.001
MINUTE, HOUR, DAY = 60, 3600, 86400


def percent(share: float | None) -> str:
    """A share in percent, one decimal."""
    return DASH if share is None else f"{share:.1%}"


def p_value_text(p_value: float) -> str:
    """A p-value with three decimals, as far as they say something."""
    return "p < 0.001" if p_value < SMALLEST_P else f"p = {p_value:.3f}"


def count(number: int | None) -> str:
    """A count with separators."""
    return DASH if number is None else f"{number:,}"


def share_of(numerator: int | None, denominator: int | None) -> str:
    """A share with its fraction; a dash if the denominator is 0."""
    if not denominator or numerator is None:
        return DASH
    return f"{percent(numerator / denominator)} ({count(numerator)} / {count(denominator)})"


def share_cell(numerator: int, denominator: int, lo: float | None, hi: float | None) -> Cell:
    """A share with its fraction and interval; only n under a small sample."""
    if denominator < SMALL_SAMPLE:
        return Cell(f"n {count(denominator)}", tone="few")
    fraction = f"{count(numerator)} / {count(denominator)}"
    return Cell(percent(numerator / denominator), [fraction, interval({"lo": lo, "hi": hi})])


def interval(row: Mapping[str, Any]) -> str:
    """A row's interval, `lo` to `hi`."""
    return DASH if row["lo"] is None else f"{percent(row['lo'])} to {percent(row['hi'])}"


def points(change: float | None) -> str:
    """A change in percentage points, with its sign."""
    return DASH if change is None else f"{round(change, 1) + 0:+.1f} pp"


def change_with_interval(row: Mapping[str, Any]) -> str:
    """A row's change in percentage points with its interval, `change_lo` to `change_hi`; a dash without a change."""
    if row["change_pp"] is None:
        return DASH
    return f"{points(row['change_pp'])} ({row['change_lo']:+.1f} to {row['change_hi']:+.1f})"


def duration(seconds: float | None) -> str:
    """A duration in the unit that reads best."""
    if seconds is None:
        return DASH
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if abs(seconds) >= unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} s"


def channel_name(channel: str) -> str:
    """A channel as ClearGrid spells it, or all of them together."""
    return "All channels" if channel == ALL else channel


def month_name(month: date) -> str:
    """`May 2026`."""
    return f"{month:%b %Y}"


def month_number(month: date) -> int:
    """The number of months since January of the year 0."""
    return month.year * 12 + month.month - 1


def moment(instant: datetime | None) -> str:
    """An instant in UTC, to the minute."""
    return DASH if instant is None else f"{instant:%Y-%m-%d %H:%M} UTC"


def value_of(unit: str, value: float | None) -> str:
    """A metric's value in its own unit: percent, seconds, or attempts per something."""
    if value is None:
        return DASH
    if unit == "seconds":
        return duration(value)
    return f"{value:.2f}" if unit == "ratio" else percent(value)


def month_spans(months: Iterable[date]) -> str:
    """Months as text, consecutive ones joined: `Jan 2026 to Mar 2026, May 2026`."""
    spans = consecutive(sorted(months), month=lambda month: month)
    ends = [(month_name(span[0]), month_name(span[-1])) for span in spans]
    return ", ".join(first if first == last else f"{first} to {last}" for first, last in ends)
