"""The state of each month on the page follows from its load, its run and the day it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from cleargrid_assets.assets.reports.page.render import render
from cleargrid_assets.assets.reports.page.section import ReportData
from cleargrid_assets.assets.reports.page.sections import summary
from cleargrid_assets.settings import Settings

if TYPE_CHECKING:
    from cleargrid_assets.assets.reports.page.sentence import MonthFacts

OCT, NOV = date(2026, 10, 1), date(2026, 11, 1)
LOADED = {"rows_landed": 5, "rows_quarantined": 0, "is_read_since_it_closed": True}
LOADS = [LOADED | {"month": month, "loaded_at": datetime(2026, month.month, 26, 3, 12)} for month in (OCT, NOV)]  # noqa: DTZ001 - naive UTC, as in the warehouse
COMPUTED = {
    "month": OCT, "status": "final", "attempts": 5, "unmapped": 0,
    "loaded_at": datetime(2026, 11, 1, 3, 10),  # noqa: DTZ001 - naive UTC, as in the warehouse
    "outcome_map_version": "1", "rules_version": "1",
}  # fmt: skip


def data(loads: list[dict[str, Any]], *, november: str = "", today: int = 26) -> ReportData:
    """October is computed; November, the open month, may have failed or be red."""
    rows: dict[str, list[dict[str, Any]]] = {"summary": [], "summary__loads": loads, "last_seven_days": []}
    now = datetime(2026, 11, today, 9, tzinfo=UTC)
    settings = Settings({"CLEARGRID_ENVIRONMENT": "emulator"})
    return ReportData(settings, OCT, [COMPUTED], rows, {OCT: "", NOV: november}, now=now)


def month_of_november(of: ReportData) -> MonthFacts:
    return summary.facts_of(of).months[-1]


@pytest.mark.parametrize("state", ["failed", "red"])
def test_an_open_month_whose_load_failed_or_is_red_is_still_open(state: str) -> None:
    november = month_of_november(data(LOADS, november=state))
    assert (november.state, november.is_open) == (state, True)


@pytest.mark.parametrize(("today", "state"), [(1, "open"), (2, "missing")])
def test_an_open_month_without_a_load_is_missing_after_its_first_day(today: int, state: str) -> None:
    november = month_of_november(data(LOADS[:1], today=today))
    assert (november.state, november.is_open) == (state, True)


@pytest.mark.parametrize(
    ("loads", "text"), [(LOADS, "Nov 2026 last loaded 2026-11-26 03:12 UTC."), (LOADS[:1], "; Nov 2026 never read.")]
)
def test_the_header_says_when_the_open_month_was_last_loaded(loads: list[dict[str, Any]], text: str) -> None:
    assert text in render(data(loads), [], datetime(2026, 11, 26, 9, tzinfo=UTC))
