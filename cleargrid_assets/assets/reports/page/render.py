"""Renders the collections report: the data and its sections in, one self-contained HTML document out.

Change the page's head and its warnings here; the layout is in `page.html`, everything else in `sections`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from cleargrid_assets.assets.reports.page.blocks import DataTable, Note, Subheading
from cleargrid_assets.assets.reports.page.formatting import count, moment, month_name, percent
from cleargrid_assets.assets.reports.page.sentence import LOWER_BOUNDS
from cleargrid_assets.assets.reports.page.targets import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cleargrid_assets.assets.reports.page.blocks import Block
    from cleargrid_assets.assets.reports.page.section import ReportData, Section

FOLDER = Path(__file__).parent


def render(data: ReportData, sections: Sequence[Section], written_at: datetime) -> str:
    """The HTML document, with the sections in the order of their positions. `written_at`: in UTC."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string((FOLDER / "page.html").read_text(encoding="utf-8"))
    css = (FOLDER / "page.css").read_text(encoding="utf-8")
    script = (FOLDER / "page.js").read_text(encoding="utf-8")
    return template.render(
        _head(data),
        sections=_contents(data, sections),
        channels=_channels(data),
        months_to_select=_months(data),
        css=css,
        script=script,
        written_at=moment(written_at),
    )


def _channels(data: ReportData) -> dict[str, Any]:
    """The selector of a channel; an empty value shows everything."""
    channels = sorted({row["communication_type"] for row in data.rows.get("last_seven_days", ())} - {ALL})
    options = [("", "all"), *zip(channels, channels, strict=True)]
    return {"name": "channel", "label": "Channel", "default": "", "options": options}


def _months(data: ReportData) -> dict[str, Any]:
    """The selector of the month whose table of every metric is shown; the report's own at first."""
    months = sorted({row["month"] for row in data.rows.get("headline", ())}, reverse=True)
    options = [(f"{month:%Y-%m}", month_name(month)) for month in months]
    this = f"{data.month:%Y-%m}" if data.month else ""
    return {"name": "month", "label": "Every metric of", "default": this, "options": options}


def _contents(data: ReportData, sections: Sequence[Section]) -> list[dict[str, Any]]:
    """The sections that have something to show; none before the first month."""
    if not data.month:
        return []
    ordered = sorted(sections, key=lambda section: section.position)
    contents = [(section, shown(section.content(data))) for section in ordered]
    return [
        {"anchor": section.anchor, "heading": section.heading.format(month=data.month_name), "blocks": blocks}
        for section, blocks in contents
        if blocks
    ]


def shown(blocks: Sequence[Block]) -> list[Block]:
    """The blocks without empty tables, and without subheadings under which only notes are left."""
    parts: list[list[Block]] = [[]]
    for block in blocks:
        if isinstance(block, Subheading):
            parts.append([])
        if not isinstance(block, DataTable) or block.rows:
            parts[-1].append(block)
    filled = [part for part in parts[1:] if not all(isinstance(block, Subheading | Note) for block in part)]
    return [block for part in (parts[0], *filled) for block in part]


def _head(data: ReportData) -> dict[str, Any]:
    this = next((row for row in data.months if row["month"] == data.month), {})
    return {
        "environment": data.settings.environment,
        "timezone": data.settings.timezone,
        "row_scope": data.settings.row_scope,
        "month": data.month,
        "months": " ".join(f"{row['month']:%Y-%m}" for row in data.months),
        "title_month": data.month_name,
        "loaded_at": moment(this["loaded_at"]) if this else "",
        "open_month": _open_month(data),
        "map_version": this.get("outcome_map_version", "-"),
        "warnings": _warnings(data, this),
    }


def _open_month(data: ReportData) -> str:
    """When the open month was last loaded; empty if it is the report's own."""
    newest = max(data.expected, default=data.month)
    if newest is None or newest == data.month:
        return ""
    loaded = {row["month"]: row["loaded_at"] for row in data["summary__loads"]}
    when = f"last loaded {moment(loaded[newest])}" if newest in loaded else "never read"
    return f"{month_name(newest)} {when}"


def _warnings(data: ReportData, this: Mapping[str, Any]) -> list[str]:
    notes = []
    if this and this["status"] != "final":
        notes.append(f"{month_name(this['month'])} is still open: every figure is provisional.")
    if this and this["unmapped"]:
        notes.append(
            f"{count(this['unmapped'])} of {count(this['attempts'])} attempts "
            f"({percent(this['unmapped'] / this['attempts'])}) have an outcome that the map does not know: "
            f"{LOWER_BOUNDS}."
        )
    others = [row for row in data.months if this and row["rules_version"] != this["rules_version"]]
    if others:
        names = ", ".join(month_name(row["month"]) for row in others)
        notes.append(
            f"Computed under other rules (outcome map, row scope, maturity, time zone or SQL) than "
            f"{month_name(this['month'])}: {names}. No change between months under different rules is shown. The "
            f"sensor derived_tables_follow computes these months again."
        )
    return notes
