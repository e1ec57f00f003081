"""The page's drawings: round ticks around what is drawn, months without figures as gaps, words that are no markup."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cleargrid_assets.assets.reports.page.blocks import DataTable, Note, Subheading
from cleargrid_assets.assets.reports.page.drawing import Drawing, ticks
from cleargrid_assets.assets.reports.page.render import shown
from cleargrid_assets.assets.reports.page.trends import trend_charts


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.48, 0.57, [0.48, 0.5, 0.52, 0.54, 0.56, 0.58]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-4.2, 178.8, [-50, 0, 50, 100, 150, 200]),
        (0.3, 0.3, [0.3, 0.4]),
        (0, 0, [0, 0.2]),
    ],
)
def test_ticks_are_round_and_hold_what_is_drawn(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)
    assert ticks(low, high)[0] <= low + 1e-9
    assert ticks(low, high)[-1] >= high - 1e-9


def test_words_of_a_drawing_are_no_markup() -> None:
    drawing = Drawing(10, 10, 'a "<b>"')
    drawing.text(0, 0, "<script>")
    drawing.dot(0, 0, "--c1", "<i>")
    assert [markup for markup in ("<script>", "<i>", "<b>", '"a "') if markup in str(drawing)] == []
    assert "&lt;script&gt;" in str(drawing)


def test_a_month_without_figures_is_a_gap_in_its_trend() -> None:
    months = [date(2026, month, 1) for month in (1, 2, 4, 5)]
    charts = trend_charts([figures(month) for month in months], ["contact_rate"])
    assert charts is not None
    (svg,) = charts.of_channel["(all)"]
    assert svg.count("<polyline") == svg.count("<polygon") == 2
    assert svg.count("<circle") == 4
    assert "Jan 2026 to May 2026" in svg


def test_an_open_month_is_hollow() -> None:
    charts = trend_charts([figures(date(2026, 1, 1)), figures(date(2026, 2, 1), "provisional")], ["contact_rate"])
    assert charts is not None
    assert charts.of_channel["(all)"][0].count('fill="var(--paper)"') == 1


def test_a_channel_with_one_month_has_no_trend_and_the_total_comes_first() -> None:
    rows = [figures(date(2026, month, 1), channel=channel) for channel in ("!", "(all)") for month in (1, 2)]
    charts = trend_charts([*rows, figures(date(2026, 2, 1), channel="SMS")], ["contact_rate"])
    assert charts is not None
    assert list(charts.of_channel) == ["(all)", "!"]
    assert trend_charts([figures(date(2026, 1, 1))], ["contact_rate"]) is None


def test_an_empty_table_is_left_out_with_the_subheading_above_it() -> None:
    table = DataTable(["Pool"], [["CALL"]])
    empty = [Subheading("By pool"), Note("n"), DataTable(["Pool"], [])]
    assert shown([table, *empty]) == [table]
    assert shown([*empty, Subheading("By channel"), table]) == [Subheading("By channel"), table]


def figures(month: date, status: str = "final", channel: str = "(all)") -> dict[str, Any]:
    """A row of `kpi_monthly`."""
    return {
        "month": month,
        "communication_type": channel,
        "metric": "contact_rate",
        "name": "Contact rate",
        "numerator": 5,
        "denominator": 10,
        "value": 0.5,
        "lo": 0.3,
        "hi": 0.7,
        "status": status,
    }
