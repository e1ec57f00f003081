"""A page is steered by a few lines of script, and shows everything without them; `index.html` lists the pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.assets.reports.collections_report import write_index
from cleargrid_assets.assets.reports.page.render import render
from cleargrid_assets.assets.reports.page.sections import report_sections
from cleargrid_assets.warehouse.artifacts import ArtifactFolder
from cleargrid_assets_tests.platform_under_test import started
from cleargrid_assets_tests.reports.report_pages import data_after, refreshed, report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def loaded_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Two months, computed once for the tests that only read them."""
    with started(tmp_path_factory.mktemp("steering"), {}) as platform:
        yield refreshed(platform)


@pytest.fixture(scope="module")
def text(loaded_platform: Platform) -> str:
    """A page of two months."""
    return report(loaded_platform).read_text(encoding="utf-8")


def test_without_a_script_only_what_steers_is_hidden(text: str) -> None:
    markup = re.sub(r"<(script|style)>.*?</\1>", "", text, flags=re.DOTALL)
    hidden = set(re.findall(r"<[^>]*\bhidden\b[^>]*>", markup))
    drawings = {tag for tag in hidden if tag.startswith('<div class="charts') and 'data-drawn="(all)"' not in tag}
    assert drawings
    assert hidden - drawings == {
        '<p class="selector" id="selectors" hidden>',
        '<p class="selector" hidden>',
        '<p class="note whole" hidden>',
    }


def test_every_month_and_channel_of_a_selector_is_on_the_page(text: str) -> None:
    options = re.findall(r'<option value="([^"]+)">', text)
    on_page = set(re.findall(r'data-(?:channel|drawn|month)="([^"]+)"', text)) - {"(all)"}
    assert {"2026-04", "2026-05", "CALL"} <= set(options) == on_page


def test_a_month_without_a_table_on_the_page_is_no_option(loaded_platform: Platform) -> None:
    long_ago = "UPDATE analytics.kpi_monthly SET month = '2024-05-01' WHERE month = '2026-04-01'"
    sections = report_sections()
    with data_after(loaded_platform, long_ago) as data:
        page = render(data, sections, datetime(2026, 6, 1, tzinfo=UTC))
    assert 'content="2024-05 2026-05"' in page
    assert '<option value="2024-05">' not in page
    assert '<label>Every metric of <select data-selects="month" data-default="2026-05">' in page


def test_only_the_month_of_the_report_is_printed_in_full(text: str) -> None:
    assert re.findall(r'<details data-month="([^"]+)">', text) == ["2026-05"]
    assert re.findall(r'<details data-month="([^"]+)" class="screen-only">', text) == ["2026-04"]


def test_attempts_are_compared_a_day(text: str) -> None:
    assert "Attempts a day" in text
    assert re.search(r"[\d,]+ in 31 days; [\d,]+ rows landed", text)


def test_the_index_lists_the_pages_of_the_environment_the_latest_first(tmp_path: Path) -> None:
    pages = [f"collections-emulator-{datetime(2026, 7, day, tzinfo=UTC):%Y%m%dT%H%M%S}-0123abcd.html" for day in (1, 2)]
    for name in (*pages, "collections-staging-20260703T000000-0123abcd.html", "notes.html"):
        (tmp_path / name).touch()
    write_index(ArtifactFolder(tmp_path), "emulator")
    links = re.findall(r'href="([^"]+)"', (tmp_path / "index.html").read_text(encoding="utf-8"))
    assert links == ["latest.html", *reversed(pages)]
