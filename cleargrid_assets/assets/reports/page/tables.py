"""The numbers behind the charts: rows of text for the page's tables, each rate beside its denominator.

Add a table's columns here; reading is in `figures`, the layout in `page.html`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cleargrid_assets.assets.reports.page.charts import GROUPS
from cleargrid_assets.assets.reports.page.wording import (
    DASH,
    WEEKDAYS,
    count,
    duration,
    moment,
    month_name,
    percent,
    points,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets.assets.reports.page.figures import Figures, Row

AGES = (0, 30, 60, 90, 180)
AGE_SLACK = 7
Cells = list[list[str]]


def tables(figures: Figures) -> dict[str, Any]:
    """The tables of the page, by their names in the layout."""
    return {
        "metric_rows": _metrics(figures),
        "funnel_rows": [_funnel(row) for row in figures["funnel"]],
        "mix_heads": ["Week from", "Attempts", *GROUPS],
        "mix_rows": _mix(figures["weekly_mix"]),
        "hour_rows": [_hour(row) for row in figures["weekday_hour"]],
        "vintage_heads": ["Promise month", *(f"{age} days" for age in AGES)],
        "vintage_ages": at_equal_age(figures["vintages"]),
        "vintage_rows": [_vintage(row) for row in figures["vintages"]],
        "age_slack": AGE_SLACK,
        "pool_rows": [_pool(row) for row in figures["pools"]],
        "lag_rows": [_lag(row) for row in figures["lag"]],
        "calling_rows": [_calling(row) for row in figures["calling_hours"]],
        "reread_rows": [_reread(row) for row in figures["rereads"]],
        "change_rows": [
            [row["field"], row["old"], row["new"], count(row["times"]), count(row["months"])]
            for row in figures["changes"]
        ],
        "unmapped_rows": [_unmapped(row) for row in figures["unmapped"]],
        "not_supported_rows": [[row["name"], row["formula"], row["why_not"]] for row in figures["not_supported"]],
    }


def of(numerator: int | None, denominator: int | None) -> str:
    """A share with its fraction; a dash if the denominator is 0."""
    if not denominator or numerator is None:
        return DASH
    return f"{percent(numerator / denominator)} ({count(numerator)} / {count(denominator)})"


def _interval(row: Row) -> str:
    return DASH if row["lo"] is None else f"{percent(row['lo'])} to {percent(row['hi'])}"


def _metrics(figures: Figures) -> Cells:
    return [
        [
            row["name"],
            value_of(row["unit"], row["value"]),
            count(row["numerator"]),
            count(row["denominator"]),
            _interval(row),
            value_of(row["unit"], row["prev_value"]),
            points(row["change_pp"]),
            row["formula"],
        ]
        for row in figures["kpis"]
        if row["month"] == figures.month
    ]


def _funnel(row: Row) -> list[str]:
    counts = [count(row[stage]) for stage in ("attempts", "connected", "contacts", "rpc", "promises")]
    rates = [
        of(row["contacts"], row["attempts"]),
        of(row["rpc"], row["contacts"]),
        of(row["promises"], row["rpc"]),
    ]
    return [row["channel"], *counts, *rates]


def _mix(rows: Sequence[Row]) -> Cells:
    weeks: dict[Any, dict[str, int]] = {}
    whole: dict[Any, int] = {}
    for row in rows:
        weeks.setdefault(row["week"], {})[row["outcome_group"]] = row["attempts"]
        whole[row["week"]] = row["attempts_of_week"]
    return [
        [f"{week:%Y-%m-%d}", count(whole[week]), *(count(groups.get(group, 0)) for group in GROUPS)]
        for week, groups in weeks.items()
    ]


def _hour(row: Row) -> list[str]:
    counts = [count(row[stage]) for stage in ("attempts", "contacts", "rpc")]
    rates = [of(row["contacts"], row["attempts"]), of(row["rpc"], row["contacts"])]
    return [f"{WEEKDAYS[row['iso_weekday'] - 1]} {row['local_hour']:02}:00", *counts, *rates]


def at_equal_age(rows: Sequence[Row]) -> Cells:
    """The observation nearest to each age, if any, for each promise month."""
    months = dict.fromkeys(row["month"] for row in rows)
    return [
        [month_name(month), *(_nearest([row for row in rows if row["month"] == month], age) for age in AGES)]
        for month in months
    ]


def _nearest(rows: Sequence[Row], age: int) -> str:
    near = [row for row in rows if abs(row["age_days"] - age) <= AGE_SLACK]
    if not near:
        return ""
    nearest = min(near, key=lambda row: abs(row["age_days"] - age))
    return of(nearest["broken"], nearest["promises"])


def _vintage(row: Row) -> list[str]:
    counts = [f"{row['age_days']:.1f}", count(row["broken"]), count(row["promises"])]
    return [month_name(row["month"]), moment(row["observed_at"]), *counts, percent(row["broken_share"]), _interval(row)]


def _pool(row: Row) -> list[str]:
    counts = [count(row[name]) for name in ("attempts", "contacts", "rpc", "promises")]
    pace = row["attempts"] / row["active_hours"]
    rates = [of(row["promises"], row["rpc"]), _interval(row), of(row["rpc"], row["contacts"])]
    return [row["pool"], *counts, *rates, count(row["active_hours"]), f"{pace:.1f}"]


def _lag(row: Row) -> list[str]:
    quantiles = [duration(row[name]) for name in ("p50_s", "p90_s", "p99_s")]
    late = [of(row["late_1h"], row["attempts"]), of(row["late_24h"], row["attempts"])]
    return [row["channel"], count(row["attempts"]), *quantiles, *late]


def _calling(row: Row) -> list[str]:
    counts = [count(row[name]) for name in ("attempts", "time_known", "outside_early", "outside_late")]
    checked = "" if row["verified"] else " (not verified)"
    outside = of(row["outside_early"] + row["outside_late"], row["time_known"])
    return [f"{row['profile']}{checked}, {row['channel']}", *counts, outside]


def _reread(row: Row) -> list[str]:
    changes = [count(row[name]) for name in ("rows_added", "rows_changed", "rows_vanished")]
    cells = changes if row["is_reread"] else ["first load", "", ""]
    return [month_name(row["month"]), moment(row["loaded_at"]), count(row["rows_landed"]), *cells]


def _unmapped(row: Row) -> list[str]:
    seen = f"{row['first_seen_at']:%Y-%m-%d} to {row['last_seen_at']:%Y-%m-%d}"
    rows = f"{count(row['times'])} / {count(row['rows_landed'])}"
    return [", ".join(row["raw_spellings"]), rows, percent(row["share"]), seen, row["csv_line"] or DASH]
