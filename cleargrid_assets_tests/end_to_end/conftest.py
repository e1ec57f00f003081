"""The fixtures of this folder: one site, one browser, and the backfill that all its tests look at.

Add a shared fixture here; the tests state what they expect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

from cleargrid_assets_tests.end_to_end.dagster_dev import CHROMIUM, RunningDagster, browser, run_dagster_dev

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

RAW_PAGE = "/assets/raw/d23_manual_communication_logs"
FINISH_SECONDS = 120
BACKFILLS = """{ partitionBackfillsOrError(limit: 1) { ... on PartitionBackfills {
    results { id status title partitionNames assetSelection { path } } } } }"""


@pytest.fixture(scope="package")
def dagster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDagster]:
    """Dagster and its emulator, started once."""
    with run_dagster_dev(tmp_path_factory.mktemp("dagster")) as running:
        yield running


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A browser; where there is none, these tests cannot run."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium (.ci/run does it)")
    with sync_playwright() as playwright:
        opened = browser(playwright)
        yield opened
        opened.close()


@pytest.fixture
def page(chromium: Browser, dagster: RunningDagster) -> Iterator[Page]:
    """A fresh tab on the site; every wait is for something to be seen."""
    tab = chromium.new_page(base_url=dagster.url, viewport={"width": 1400, "height": 900})
    tab.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    yield tab
    tab.close()


@pytest.fixture(scope="package")
def backfill_dialog_text(chromium: Browser, dagster: RunningDagster) -> str:
    """Three months of a backfill, launched by clicking through the dialog; returns what the page then says."""
    tab = chromium.new_page(base_url=dagster.url, viewport={"width": 1400, "height": 900})
    tab.set_default_timeout(30_000)
    tab.goto(RAW_PAGE)
    tab.get_by_role("button", name="Materialize").first.click()
    dialog = tab.get_by_role("dialog")
    dialog.get_by_text("Show all partitions").click()
    months = dialog.get_by_placeholder("ex:")
    months.fill("[2026-03-01...2026-05-01]")
    months.press("Enter")
    expect(dialog.get_by_text("3 partitions")).to_be_visible()
    dialog.get_by_role("button", name="Launch backfill").click()
    notice = tab.get_by_text("Created backfill")
    notice.wait_for()
    text = notice.inner_text()
    tab.close()
    return text
