"""Promises at equal age by weekday and hour, coloured by the rule of every map, and the time from promise to flag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cleargrid_assets.assets.reports.page.blocks import Cell, DataTable, Subheading
from cleargrid_assets.assets.reports.page.hour_maps import verdict_on
from cleargrid_assets.assets.reports.page.render import shown
from cleargrid_assets.assets.reports.page.sections import promise_ages
from cleargrid_assets_tests.platform_under_test import MAY, started
from cleargrid_assets_tests.reports.report_pages import data_after, page_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleargrid_assets.assets.reports.page.section import ReportData, Row
    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

FORTY_EACH = "UPDATE analytics.cohort_contact SET promises_aged_30d = 40, broken_by_updated_at_30d = "
TUESDAY_NOON = "iso_weekday = 2 AND local_hour BETWEEN 12 AND 14"
UNFLAG = """
UPDATE raw.d23_manual_communication_logs SET is_ptp_broken = FALSE WHERE public_id IN (
    SELECT public_id FROM core.contact_attempts
    WHERE is_promise AND in_scope AND is_ptp_broken AND communication_type = 'CALL' AND interaction_source = 'AGENT'
    ORDER BY public_id LIMIT 3
)
"""
POOL = "CALL \N{MULTIPLICATION SIGN} AGENT"


@pytest.fixture(scope="module")
def loaded_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """May, computed once for the tests that only read it."""
    with started(tmp_path_factory.mktemp("promise_ages"), {}) as platform:
        assert platform.refresh(MAY).success
        yield platform


def cells(data: ReportData) -> dict[tuple[int, int], Row]:
    """The cells of the promises' map by weekday and first hour."""
    rows = [row for row in data["contact_hours"] if row["metric"] == "broken_within_30_days"]
    return {(row["iso_weekday"], row["local_hour"]): row for row in rows}


def tables(data: ReportData) -> list[DataTable]:
    return [block for block in promise_ages.SECTION.content(data) if isinstance(block, DataTable)]


def map_of(data: ReportData) -> dict[str, Any]:
    """The map's cells by weekday and hours, as on the page."""
    table = tables(data)[2]
    return {
        f"{row[0]} {hours}": cell for row in table.rows for hours, cell in zip(table.heads[1:], row[1:], strict=True)
    }


def test_promises_of_a_weekday_and_three_hours_are_those_of_all_pools_at_thirty_days(loaded_platform: Platform) -> None:
    blocks = loaded_platform.query(
        "SELECT iso_weekday, local_hour // 3 * 3, count(*) FILTER (WHERE is_ptp_broken AND updated_at <= "
        "communicated_at + INTERVAL 30 DAY), count(*) FROM core.contact_attempts WHERE is_promise AND in_scope "
        "GROUP BY iso_weekday, local_hour // 3 * 3"
    )
    found = {(*key, row["k"], row["n"]) for key, row in cells(page_data(loaded_platform)).items()}
    assert found == set(blocks)


def test_hours_of_promises_that_differ_no_more_than_chance_are_not_coloured_though_a_cell_would_be(
    loaded_platform: Platform,
) -> None:
    with data_after(loaded_platform, f"{FORTY_EACH} CASE WHEN {TUESDAY_NOON} THEN 13 ELSE 10 END") as data:
        noon = cells(data)[2, 12]
        assert noon["p_value"] <= 0.05 / noon["cells"]
        assert not any(row["is_beyond_chance"] for row in cells(data).values())
        assert "They differ no more than chance (" in verdict_on(noon)
        assert {cell.tone for cell in map_of(data).values() if isinstance(cell, Cell)} == {""}


def test_an_hour_whose_promises_break_more_is_coloured(loaded_platform: Platform) -> None:
    with data_after(loaded_platform, f"{FORTY_EACH} CASE WHEN {TUESDAY_NOON} THEN 30 ELSE 10 END") as data:
        assert "They differ by more than chance (" in verdict_on(cells(data)[2, 12])
        cell = map_of(data)["Tue 12-15"]
    assert (cell.text, cell.tone) == ("75", "up")


def test_a_cell_of_few_promises_shows_its_n_only(loaded_platform: Platform) -> None:
    few = next(row for row in cells(page_data(loaded_platform)).values() if row["n"] < 30)
    on_page = [cell for cell in map_of(page_data(loaded_platform)).values() if isinstance(cell, Cell)]
    assert Cell("", [f"n {few['n']}"], "few") in [Cell(cell.text, cell.lines, cell.tone) for cell in on_page]


def test_without_a_flag_that_a_load_saw_change_the_time_to_it_is_left_out(loaded_platform: Platform) -> None:
    data = page_data(loaded_platform)
    assert data["promise_ages__flag_delay"] == []
    headings = [block.text for block in shown(promise_ages.SECTION.content(data)) if isinstance(block, Subheading)]
    assert len(headings) == 2
    assert "Time from promise to flag" not in headings


def test_the_time_from_promise_to_flag_lies_between_the_two_loads_that_saw_it_change(platform: Platform) -> None:
    assert platform.refresh(MAY).success
    with platform.warehouse.writing() as connection:
        connection.execute(UNFLAG)
    assert platform.refresh(MAY).success
    ((low, high),) = platform.query(
        "SELECT median(epoch(first_load.started_at - made.communicated_at) / 86400), "
        "median(epoch(last_load.loaded_at - made.communicated_at) / 86400) "
        "FROM core.contact_attempts AS made, "
        "(SELECT * FROM raw.d23_loads ORDER BY load_number LIMIT 1) AS first_load, "
        "(SELECT * FROM raw.d23_loads ORDER BY load_number DESC LIMIT 1) AS last_load "
        "WHERE made.public_id IN (SELECT public_id FROM raw.d23_changes WHERE field = 'is_ptp_broken')"
    )
    data = page_data(platform)
    (row,) = data["promise_ages__flag_delay"]
    assert (row["pool"], row["n"]) == (POOL, 3)
    assert (row["delay_lo_p50_days"], row["delay_hi_p50_days"]) == pytest.approx((low, high))
    table = tables(data)[-1]
    assert table.heads == ["Pool", "May 2026"]
    assert table.rows == [[POOL, Cell(f"{low:.1f} to {high:.1f} days", ["n 3"], "few")]]
