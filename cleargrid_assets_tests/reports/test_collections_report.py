"""The collections report is one self-contained file per run, with the same figures as the tables."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from cleargrid_assets.assets.reports.collections_report import delete_old_pages, reports_location, write_report
from cleargrid_assets.assets.reports.page.data import read_sections
from cleargrid_assets.assets.reports.page.sections import report_sections
from cleargrid_assets.assets.reports.published_tables import published_artifacts
from cleargrid_assets.settings import Settings
from cleargrid_assets.warehouse.artifacts import ArtifactFolder
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import MAY, started
from cleargrid_assets_tests.reports.report_pages import SECTIONS, Document, refreshed, report
from cleargrid_assets_tests.warehouse_kinds import POSTGRES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform
    from cleargrid_assets_tests.warehouse_kinds import Variables

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def loaded_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Two months, computed once for the tests that only read them."""
    with started(tmp_path_factory.mktemp("report"), {}) as platform:
        yield refreshed(platform)


@pytest.fixture(scope="module")
def text(loaded_platform: Platform) -> str:
    """The page that the tests read."""
    return report(loaded_platform).read_text(encoding="utf-8")


def test_each_run_leaves_a_page_of_its_own_and_the_last_one_under_a_fixed_name(loaded_platform: Platform) -> None:
    first, second = report(loaded_platform), report(loaded_platform)
    assert first != second
    assert first.exists()
    assert (first.parent / "latest.html").read_bytes() == second.read_bytes()
    others = [first.parent / name for name in ("latest.html", "index.html")]
    assert sorted(first.parent.glob("*.html")) == sorted([first, second, *others])


def test_the_page_needs_nothing_from_outside_and_says_what_each_drawing_shows(text: str) -> None:
    document = Document(text)
    assert document.outside == []
    assert "@import" not in text
    assert "url(" not in text
    assert document.sections == document.links == SECTIONS
    assert len(document.drawings) > len(SECTIONS)
    assert all(drawing["role"] == "img" and len(drawing["aria-label"] or "") > 30 for drawing in document.drawings)
    assert "made-up rows" in text


def test_the_header_figures_are_those_of_the_tables_with_their_numerators(loaded_platform: Platform, text: str) -> None:
    words = Document(text).words
    figures = loaded_platform.query(
        "SELECT value, numerator, denominator, lo, hi, change_pp FROM analytics.kpi_monthly "
        "WHERE slice = 'all' AND month = DATE '2026-05-01' AND metric IN ('contact_rate', 'ptp_per_rpc')"
    )
    assert len(figures) == 2
    for value, numerator, denominator, low, high, change in figures:
        assert f"{value:.1%}" in words
        assert f"{numerator:,} / {denominator:,}" in words
        assert f"{low:.1%} to {high:.1%}" in words
        assert any(f"{change:+.1f} pp" in word for word in words)


def test_each_mark_of_a_drawing_says_its_numerator_and_denominator(loaded_platform: Platform, text: str) -> None:
    ((contacts, attempts),) = loaded_platform.query(
        "SELECT sum(contacts), sum(attempts) FROM analytics.cohort_contact WHERE month = DATE '2026-05-01'"
    )
    assert f"All channels: contacts {contacts:,} of {attempts:,} attempts" in text
    ((hour, rpc, reached),) = loaded_platform.query(
        "SELECT local_hour, sum(rpc), sum(contacts) FROM analytics.cohort_contact WHERE iso_weekday = 1 "
        "GROUP BY local_hour ORDER BY sum(contacts) DESC, local_hour LIMIT 1"
    )
    assert f"Mon {hour}:00: rpc {rpc:,} of {reached:,} contacts" in text


def test_weeks_are_whole_across_months(loaded_platform: Platform) -> None:
    with Warehouse(str(loaded_platform.file)).reading() as connection:
        rows = read_sections(connection, loaded_platform.settings, report_sections())["outcome_mix"]
    straddling = [row for row in rows if str(row["week"]) == "2026-04-27" and row["communication_type"] == "(all)"]
    ((attempts,),) = loaded_platform.query(
        "SELECT count(*) FROM core.contact_attempts "
        "WHERE is_active AND local_date BETWEEN '2026-04-27' AND '2026-05-03'"
    )
    assert sum(row["attempts"] for row in straddling) == attempts
    assert {row["days"] for row in straddling} == {7}


def test_a_small_sample_shows_its_n_and_no_rate(text: str) -> None:
    assert "(small sample)" in text
    assert re.search(r'<td class="few" title="[^"]+small sample[^"]+"><small>n \d+</small></td>', text)


def test_what_the_last_reread_changed_is_told(platform: Platform) -> None:
    refreshed(platform)
    with Warehouse(str(platform.file)).writing() as connection:
        connection.execute(
            "UPDATE raw.d23_manual_communication_logs SET outcome_option = 'BUSY' WHERE month = DATE '2026-05-01' "
            "AND public_id IN (SELECT public_id FROM raw.d23_manual_communication_logs "
            "WHERE outcome_option = 'PTP' AND month = DATE '2026-05-01' ORDER BY public_id LIMIT 7)"
        )
    platform.refresh("2026-05-01")
    words = Document(report(platform).read_text(encoding="utf-8")).words
    at = words.index("outcome_option")
    assert [word for word in words[at : at + 10] if word][:5] == ["outcome_option", "BUSY", "PTP", "7", "1"]


def test_a_spelling_cannot_become_markup(platform: Platform) -> None:
    refreshed(platform)
    with Warehouse(str(platform.file)).writing() as connection:
        connection.execute(
            "UPDATE core.contact_attempts SET communication_type = '<script>alert(1)</script>' "
            "WHERE month = DATE '2026-05-01' AND communication_type = 'SMS'"
        )
    job = platform.definitions.resolve_implicit_global_asset_job_def()
    selection = [key for key in job.asset_layer.executable_asset_keys if key.path[0] == "analytics"]
    monthly = [key for key in selection if key.path[1] not in {"metric_definitions", "unmapped_outcomes"}]
    job.execute_in_process(partition_key="2026-05-01", asset_selection=monthly, instance=platform.instance)
    text = report(platform).read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert text.count("<script") == 1
    assert "&lt;script&gt;" in text


def test_before_the_first_month_the_page_says_so(start_after: StartAfter) -> None:
    platform = start_after(load_months, MAY)
    with Warehouse(str(platform.file)).reading() as connection:
        data = read_sections(connection, platform.settings, report_sections())
    assert data.month is None
    page, _ = write_report(data, report_sections(), ArtifactFolder(platform.file.parent), "0123456789")
    assert "No month has been computed yet" in Path(page).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("warehouse", "folder"),
    [("data/x.duckdb", "reports"), ("/a/data/x.duckdb", "/a/reports"), ("/a/b/x.duckdb", "/a/b/reports")],
)
@pytest.mark.parametrize("environment", ["production", "emulator"])
def test_pages_lie_beside_the_data_in_the_folder_of_their_environment(
    warehouse: str, folder: str, environment: str
) -> None:
    assert Path(reports_location(Warehouse(warehouse), environment)) == Path(folder).resolve() / environment


def test_a_report_of_one_environment_never_takes_the_place_of_anothers(tmp_path: Path) -> None:
    warehouse, other = Warehouse(str(tmp_path / "production.duckdb")), Warehouse(str(tmp_path / "emulator.duckdb"))
    assert reports_location(warehouse, "production") != reports_location(other, "emulator")
    for artifacts, text in (
        (published_artifacts(warehouse, "production"), "real"),
        (published_artifacts(other, "emulator"), "made up"),
    ):
        with artifacts.replacing("kpi_monthly.parquet") as file:
            file.write_text(text)
    assert (tmp_path / "published" / "production" / "kpi_monthly.parquet").read_text() == "real"


OF_OTHERS = (
    "latest.html", "index.html", "notes.txt", "collections-staging-20260101T000000-0123abcd.html",
    "collections-emulator-20260101T000000-0123abcd.html.bak", "collections-emulator-january.html",
)  # fmt: skip


@pytest.mark.parametrize(
    ("keep_days", "kept"), [(None, {"20260601T120000", "20260701T000000"}), ("1", {"20260701T000000"})]
)
def test_old_pages_of_ours_are_deleted_and_nothing_else(tmp_path: Path, keep_days: str | None, kept: set[str]) -> None:
    instants = ["20250131T235959", "20260601T115959", "20260601T120000", "20260701T000000"]
    names = {instant: f"collections-emulator-{instant}-0123abcd.html" for instant in instants}
    for name in (*OF_OTHERS, *names.values()):
        (tmp_path / name).touch()
    (tmp_path / "collections-emulator-20250101T000000-0123abcd.html").mkdir()
    (tmp_path / "collections-emulator-20250102T000000-0123abcd.html").symlink_to("latest.html")
    variables = {"CLEARGRID_ENVIRONMENT": "emulator"} | ({"CLEARGRID_REPORT_KEEP_DAYS": keep_days} if keep_days else {})
    before = {path.name for path in tmp_path.iterdir()}
    delete_old_pages(ArtifactFolder(tmp_path), Settings(variables), datetime(2026, 7, 1, 12, tzinfo=UTC))
    deleted = before - {path.name for path in tmp_path.iterdir()}
    assert deleted == {name for instant, name in names.items() if instant not in kept}


def test_a_run_deletes_old_pages_after_writing_its_own(platform: Platform) -> None:
    first = report(platform)
    old = first.with_name("collections-emulator-20200101T000000-0123abcd.html")
    old.touch()
    second = report(platform)
    assert {path.name for path in first.parent.glob("*.html")} == {
        first.name, second.name, "latest.html", "index.html",
    }  # fmt: skip


@pytest.mark.parametrize("warehouse_variables", [POSTGRES], indirect=True)
def test_a_lakes_pages_and_published_tables_lie_where_every_host_finds_them(
    platform: Platform, tmp_path: Path, warehouse_variables: Variables
) -> None:
    assert refreshed(platform)
    page = report(platform)
    data = Path(warehouse_variables["CLEARGRID_LAKE_DATA"])
    assert page.parent == data / "reports" / "emulator"
    assert (page.parent / "latest.html").read_bytes() == page.read_bytes()
    published = duckdb.sql(f"FROM '{data}/published/emulator/kpi_monthly.parquet'").fetchall()
    assert sorted(map(str, published)) == sorted(map(str, platform.query("FROM analytics.kpi_monthly")))
    assert sorted(path.name for path in tmp_path.iterdir() if path.name in {"published", "reports"}) == []


def test_no_number_of_a_page_is_not_a_number(text: str) -> None:
    words = Document(text).words
    assert [word for word in words if re.search(r"\b(nan|inf|None|Undefined)\b", word)] == []
