"""A map of hours is coloured only if its hours differ as a whole, and then only where a cell differs beyond chance."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from cleargrid_assets.assets.reports.page.blocks import DataTable
from cleargrid_assets.assets.reports.page.data import read_sections
from cleargrid_assets.assets.reports.page.hour_maps import verdict_on
from cleargrid_assets.assets.reports.page.section import ReportData
from cleargrid_assets.assets.reports.page.sections import contact_hours, report_sections
from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.platform_under_test import started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

PEAK = (2, 10)


@pytest.fixture(scope="module")
def loaded_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """May, with enough rows for its hours to be judged."""
    with started(tmp_path_factory.mktemp("hours"), {}, rows_per_day=400) as platform:
        assert platform.refresh("2026-05-01").success
        yield platform


def maps(platform: Platform, *, contacts: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The rows of each map, with `contacts` in place of the contacts of a cell."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    with platform.warehouse.writing() as connection:
        connection.execute(f"UPDATE analytics.cohort_contact SET contacts = {contacts}")
        for row in read_sections(connection, platform.settings, report_sections())["contact_hours"]:
            found.setdefault((row["communication_type"], row["metric"]), []).append(row)
    return found


def test_hours_that_differ_no_more_than_chance_are_not_coloured(loaded_platform: Platform) -> None:
    rows = maps(loaded_platform, contacts="attempts // 2")["(all)", "contact_rate"]
    assert rows[0]["map_p_value"] > 0.05
    assert "They differ no more than chance (p = " in verdict_on(rows[0])
    assert not any(row["is_beyond_chance"] for row in rows)


def test_an_hour_that_differs_is_coloured_and_its_channel_judged_by_itself(loaded_platform: Platform) -> None:
    cell = "communication_type = 'CALL' AND iso_weekday = 2 AND local_hour = 10"
    peak = f"CASE WHEN {cell} THEN attempts ELSE attempts // 2 END"
    found = maps(loaded_platform, contacts=peak)
    calls = found["CALL", "contact_rate"]
    assert "They differ by more than chance (p < 0.001" in verdict_on(calls[0])
    assert PEAK in {(row["iso_weekday"], row["local_hour"]) for row in calls if row["is_beyond_chance"]}
    assert not any(row["is_beyond_chance"] for row in found["WHATSAPP", "contact_rate"])


def test_cells_of_a_channel_add_up_to_its_attempts(loaded_platform: Platform) -> None:
    found = maps(loaded_platform, contacts="attempts // 2")
    attempts = dict(
        loaded_platform.query("SELECT communication_type, sum(attempts) FROM analytics.cohort_contact GROUP BY ALL")
    )
    assert {
        channel: sum(row["n"] for row in rows)
        for (channel, metric), rows in found.items()
        if metric == "contact_rate" and channel != "(all)"
    } == attempts
    assert sum(row["n"] for row in found["(all)", "contact_rate"]) == sum(attempts.values())


def test_the_best_hours_are_only_those_above_the_others_beyond_chance(loaded_platform: Platform) -> None:
    cell = "communication_type = 'CALL' AND iso_weekday = 2 AND local_hour = 10"
    half = "ELSE attempts // 2 END"
    calls = ("CALL", "contact_rate")
    (line,) = best_hours(maps(loaded_platform, contacts=f"CASE WHEN {cell} THEN attempts {half}")[calls])
    assert line.startswith("Tue 10:00: 100.0% (")
    below = maps(loaded_platform, contacts=f"CASE WHEN {cell} THEN 0 {half}")[calls]
    assert below[0]["map_p_value"] <= 0.05
    assert best_hours(below) == ["No hour stands out above the others."]


def test_a_verdict_says_how_many_hours_it_is_about(loaded_platform: Platform) -> None:
    rows = maps(loaded_platform, contacts="attempts // 2")["WHATSAPP", "contact_rate"]
    judged = [row["n"] for row in rows if row["n"] >= 30]
    share = sum(judged) / sum(row["n"] for row in rows)
    assert 0 < share < 1
    assert verdict_on(rows[0]).startswith(
        f"{len(judged)} of {len(rows)} hours have n of 30 or more, with {share:.0%} of the attempts. They differ "
    )


def best_hours(rows: list[dict[str, Any]]) -> list[str]:
    """The lines of a map's best hours, or the sentence in their place."""
    verdicts = contact_hours.SECTION.content(
        ReportData(Settings({}), date(2026, 5, 1), [{"month": date(2026, 5, 1)}], {"contact_hours": rows})
    )[1]
    assert isinstance(verdicts, DataTable)
    ((*_, best),) = verdicts.cells
    return [*best.lines] or [best.text]


def test_a_map_with_fewer_than_two_cells_is_not_judged() -> None:
    assert verdict_on({"map_p_value": None}) == "Not judged: fewer than two hours with n of 30 that vary."
