"""Each section of the report is a module with an SQL file, in its order, and shows its query's rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.assets.reports.page import sections
from cleargrid_assets.assets.reports.page.blocks import DataTable, Note
from cleargrid_assets.assets.reports.page.data import read_sections
from cleargrid_assets.assets.reports.page.render import render
from cleargrid_assets.assets.reports.page.section import ReportData, Section
from cleargrid_assets.assets.reports.page.sections import report_sections
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.analytics import OUTCOME_MIX
from cleargrid_assets_tests.platform_under_test import started
from cleargrid_assets_tests.reports.report_pages import SECTIONS, Document, refreshed, report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def loaded_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Two months and their summary, computed once for the tests that only read them."""
    with started(tmp_path_factory.mktemp("sections"), {}) as platform:
        report(refreshed(platform))
        yield platform


def test_a_section_is_a_module_and_the_sql_file_beside_it() -> None:
    (folder,) = map(Path, sections.__path__)
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    queries = {path.stem for path in folder.glob("*.sql")}
    assert modules == {query.partition("__")[0] for query in queries}
    assert modules <= queries
    on_page = report_sections()
    assert {Path(section.module).stem for section in on_page} == modules
    assert sorted(name for section in on_page for name in section.queries) == sorted(queries)
    assert len({section.position for section in on_page}) == len(on_page)


def test_a_section_is_on_the_page_in_its_place_with_what_its_query_finds(
    loaded_platform: Platform, tmp_path: Path
) -> None:
    (tmp_path / "refusals_in_may.sql").write_text(
        "SELECT sum(attempts) AS attempts FROM analytics.outcome_mix "
        "WHERE month = getvariable('report_month')::DATE AND result_class = 'refusal'"
    )
    section = Section(
        position=21,
        module=str(tmp_path / "refusals_in_may.py"),
        heading="Refusals of {month}",
        tables=(OUTCOME_MIX,),
        content=lambda data: [
            Note("Attempts that ended in a refusal."),
            DataTable(["Refusals"], [[str(row["attempts"])] for row in data["refusals_in_may"]]),
        ],
    )
    page = page_with(loaded_platform, [section, *report_sections()])
    ((refusals,),) = loaded_platform.query(
        "SELECT sum(attempts) FROM analytics.outcome_mix WHERE month = '2026-05-01' AND result_class = 'refusal'"
    )
    at = SECTIONS.index("funnel") + 1
    assert page.sections == [*SECTIONS[:at], "refusals-in-may", *SECTIONS[at:]]
    in_contents = page.words.index("Refusals of May 2026")
    at = page.words.index("Refusals of May 2026", in_contents + 1)
    expected = ["Refusals of May 2026", "Attempts that ended in a refusal.", "Refusals", str(refusals)]
    assert [word for word in page.words[at:] if word][:4] == expected


def test_a_section_whose_table_was_never_computed_has_no_rows_and_without_content_is_left_out(
    loaded_platform: Platform, tmp_path: Path
) -> None:
    (tmp_path / "kept.sql").write_text("FROM analytics.promises_kept")
    section = Section(
        position=1,
        module=str(tmp_path / "kept.py"),
        heading="Kept",
        tables=(replace(OUTCOME_MIX, name="promises_kept"),),
        content=lambda data: [DataTable(["Kept"], [["all"]])] if data["kept"] else [],
    )
    assert page_with(loaded_platform, [section, *report_sections()]).sections == SECTIONS


@pytest.mark.parametrize(
    ("months", "text"),
    [
        ((8, 9, 10), "Aug 2026 to Oct 2026"),
        ((6, 7, 8, 10), "Aug 2026, Oct 2026"),
        ((5, 6, 10, 11), "Oct 2026"),
    ],
)
def test_three_months_are_those_of_the_calendar_that_are_computed(months: tuple[int, ...], text: str) -> None:
    computed = [{"month": date(2026, month, 1)} for month in months]
    assert ReportData(Settings({}), date(2026, 10, 1), computed, {}).three_months == text


def test_three_months_reach_into_the_year_before() -> None:
    computed = [{"month": date(2025, 10, 1)}, {"month": date(2025, 11, 1)}, {"month": date(2026, 1, 1)}]
    assert ReportData(Settings({}), date(2026, 1, 1), computed, {}).three_months == "Nov 2025, Jan 2026"


def test_vintages_show_the_last_load_in_each_15_days_of_age(platform: Platform) -> None:
    refreshed(platform)
    with platform.warehouse.writing() as connection:
        connection.execute("UPDATE analytics.ptp_vintage SET age_days = 0")
        connection.execute(
            "INSERT INTO analytics.ptp_vintage BY NAME SELECT vintage.* REPLACE (load_number + day AS load_number, "
            "observed_at + to_days(day) AS observed_at, age_days + day AS age_days) "
            "FROM analytics.ptp_vintage AS vintage CROSS JOIN (SELECT unnest(range(1, 41))::INTEGER AS day)"
        )
    with platform.warehouse.reading() as connection:
        rows = read_sections(connection, platform.settings, report_sections())["promise_vintages"]
    of_may = [row for row in rows if f"{row['month']:%Y-%m}" == "2026-05"]
    assert [row["age_days"] for row in of_may if row["channel"] == "(all)"] == [14, 29, 40]
    assert [row["age_days"] for row in of_may if row["channel"] == "CALL"] == [14, 29, 40]


def page_with(platform: Platform, page_sections: list[Section]) -> Document:
    with platform.warehouse.reading() as connection:
        data = read_sections(connection, platform.settings, page_sections)
    return Document(render(data, page_sections, datetime(2026, 7, 1, tzinfo=UTC)))
