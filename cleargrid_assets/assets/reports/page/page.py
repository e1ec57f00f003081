"""Renders the collections report: figures and charts in, one self-contained HTML document out.

Decide here which value goes where; reading is in `figures`, drawing in `charts`, the layout in `page.html`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleargrid_assets.assets.reports.page import charts
from cleargrid_assets.assets.reports.page.cards import cards
from cleargrid_assets.assets.reports.page.hour_map import weekday_hour
from cleargrid_assets.assets.reports.page.tables import tables
from cleargrid_assets.assets.reports.page.wording import count, moment, month_name, percent
from cleargrid_assets.tables.analytics import SMALL_SAMPLE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cleargrid_assets.assets.reports.page.figures import Figures

FOLDER = Path(__file__).parent


def page(figures: Figures, settings: Mapping[str, str], written_at: datetime) -> str:
    """The HTML document. `settings`: the environment, the time zone and the rows in scope. `written_at`: in UTC."""
    import jinja2  # noqa: PLC0415 - only a report needs it
    from markupsafe import Markup  # noqa: PLC0415 - the same

    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True).from_string(
        (FOLDER / "page.html").read_text(encoding="utf-8")
    )
    svgs = {name: Markup(svg) for name, svg in _charts(figures).items()}  # noqa: S704 - built from escaped marks
    css = Markup((FOLDER / "page.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return template.render(
        **settings, **_heading(figures), **tables(figures), css=css, charts=svgs, written_at=moment(written_at)
    )


def _charts(figures: Figures) -> dict[str, str]:
    hours = figures["weekday_hour"]
    return {
        "trends": charts.trends(figures["kpis"]),
        "funnel": charts.funnel(figures["funnel"]),
        "weekly_mix": charts.weekly_mix(figures["weekly_mix"]),
        "contact_map": weekday_hour(hours, "contacts", "attempts", "Contacts per attempt"),
        "rpc_map": weekday_hour(hours, "rpc", "contacts", "Right-party contacts per contact"),
        "vintages": charts.vintages(figures["vintages"]),
        "pools": charts.pools(figures["pools"]),
        "late_logging": charts.late_logging(figures["kpis"]),
    }


def _heading(figures: Figures) -> dict[str, Any]:
    this = next((row for row in figures["months"] if row["month"] == figures.month), {})
    months = [row["month"] for row in figures["months"] if figures.month and row["month"] <= figures.month][-3:]
    return {
        "month": figures.month,
        "months": " ".join(f"{row['month']:%Y-%m}" for row in figures["months"]),
        "title_month": month_name(figures.month) if figures.month else "no month yet",
        "loaded_at": moment(this["loaded_at"]) if this else "",
        "map_version": this.get("outcome_map_version", "-"),
        "warnings": _warnings(figures, this),
        "cards": cards(figures),
        "small_sample": SMALL_SAMPLE,
        "hour_span": f"{month_name(months[0])} to {month_name(months[-1])}" if months else "",
    }


def _warnings(figures: Figures, this: Mapping[str, Any]) -> list[str]:
    notes = []
    if this and this["status"] != "final":
        notes.append(f"{month_name(this['month'])} is still open: every figure is provisional.")
    if this and this["unmapped"]:
        notes.append(
            f"{count(this['unmapped'])} of {count(this['attempts'])} attempts "
            f"({percent(this['unmapped'] / this['attempts'])}) have an outcome that the map does not know: each "
            f"rate is a lower bound."
        )
    others = [row for row in figures["months"] if this and row["rules_version"] != this["rules_version"]]
    if others:
        names = ", ".join(month_name(row["month"]) for row in others)
        notes.append(
            f"Computed under other rules (outcome map, row scope, maturity, time zone or SQL) than "
            f"{month_name(this['month'])}: {names}. No change between months under different rules is shown. The "
            f"sensor derived_tables_follow computes these months again."
        )
    return notes
