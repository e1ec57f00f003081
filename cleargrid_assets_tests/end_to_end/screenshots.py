"""`python -m cleargrid_assets_tests.end_to_end.screenshots` takes the README's pictures anew, into docs/screenshots.

Here: which pages. Not here: what tests expect of them.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from cleargrid_assets.commands.instance import PROJECT
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.end_to_end.conftest import RAW_PAGE
from cleargrid_assets_tests.end_to_end.site import ENDED, Site, browser, started, until
from cleargrid_assets_tests.end_to_end.test_backfill_in_the_browser import CHECK, open_lineage

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

WINDOW: ViewportSize = {"width": 1560, "height": 900}
FOLDER = PROJECT / "docs" / "screenshots"
MONTHS = [f"2026-{month:02}-01" for month in range(1, 7)]


def main() -> None:
    """Load half a year with one red month, then look at the pages."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, started(Path(folder)) as site, sync_playwright() as playwright:
        _fill(site)
        opened = browser(playwright)
        _look(opened.new_page(base_url=site.url, viewport=WINDOW))
        opened.close()


def _fill(site: Site) -> None:
    """A backfill of everything monthly, then what spans all months, then the checks on time."""
    graph = build_definitions(Settings({})).resolve_asset_graph()
    monthly = [list(key.path) for key in graph.materializable_asset_keys if graph.get(key).partitions_def]
    backfill = site.launch(MONTHS, monthly)
    until(partial(_ended, site, backfill, len(MONTHS)), "the backfill")
    for job in ("refresh_summary", "check_months"):
        runs = len(site.runs())
        site.start(job)
        until(partial(_ended, site, None, runs + 1), job)


def _ended(site: Site, backfill: str | None, count: int) -> bool:
    runs = site.runs(backfill)
    return len(runs) >= count and {run.status for run in runs} <= ENDED


def _look(page: Page) -> None:
    page.set_default_timeout(30_000)
    open_lineage(page)
    _shoot(page, "lineage", "published_tables")
    page.set_viewport_size(WINDOW)
    page.goto(f"{RAW_PAGE}?view=checks&checkDetail={CHECK}")
    page.get_by_role("tab", name="Partitions").nth(1).click()
    page.get_by_text("2026-04-01", exact=True).locator("visible=true").first.click()
    _shoot(page, "red_month", "Does not hold")
    page.goto("/assets/raw/d23_loads?view=checks&checkDetail=every_month_is_in_order")
    _shoot(page, "months_in_order", "Not in order")
    page.goto("/assets/analytics/agent_productivity")
    page.get_by_role("button", name="Plots").click()
    _shoot(page, "plots", "promises / rpc")
    page.goto("/automation")
    _shoot(page, "automation", "derived_tables_follow")


def _shoot(page: Page, name: str, when_seen: str) -> None:
    """A picture once a text is there and the network is quiet."""
    page.get_by_text(when_seen).locator("visible=true").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
