"""Renders an Altair chart to the page's SVG: colours by variable, a title on each mark, one alternative text.

Add what all charts have in common here; each chart is in its section. It needs neither a browser nor a network. Colours
are variables of the page's style sheet, so one drawing serves light, dark and paper; each mark's title gives its
numerator and denominator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import vl_convert

if TYPE_CHECKING:
    import altair as alt

WIDTH = 760
"""The widest drawing."""

SVG = "http://www.w3.org/2000/svg"


def svg_of(chart: alt.TopLevelMixin, alternative: str) -> str:
    """The chart as SVG text; `alternative` is its text for screen readers."""
    svg = vl_convert.vegalite_to_svg({**chart.to_dict(), "config": CONFIG})
    ET.register_namespace("", SVG)
    root = ET.fromstring(svg)  # noqa: S314 - our own drawing, not somebody's file
    for element in root.iter():
        _add_title(element)
    root.set("role", "img")
    root.set("aria-label", alternative)
    return ET.tostring(root, encoding="unicode")


def _add_title(element: ET.Element) -> None:
    """Turn a mark's description into a title, which also shows on hover; drop Vega's other roles, which add weight."""
    label, role = element.attrib.pop("aria-label", None), element.attrib.pop("role", None)
    for name in ("aria-roledescription", "aria-hidden"):
        element.attrib.pop(name, None)
    if label and role == "graphics-symbol" and not len(element):
        ET.SubElement(element, f"{{{SVG}}}title").text = label


_TEXT = {"labelColor": "var(--muted)", "titleColor": "var(--muted)", "labelFontSize": 11, "titleFontSize": 11}
CONFIG: dict[str, Any] = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {**_TEXT, "titleFontWeight": "normal", "gridColor": "var(--grid)", "domainColor": "var(--grid)",
             "tickColor": "var(--grid)", "gridOpacity": 1},
    "axisX": {"grid": False},
    "legend": {**_TEXT, "columnPadding": 26, "symbolOpacity": 1, "symbolStrokeWidth": 0},
    "header": {"labelColor": "var(--ink)", "labelFontSize": 12, "labelFontWeight": "bold", "labelPadding": 4},
}  # fmt: skip
