"""`python -m cleargrid_assets_tests.end_to_end.screenshots` takes the README's pictures anew, into docs/screenshots.

It runs the README's own commands in an empty folder: a demo that ends green, then one with a fault, and looks at the
pages that each leaves. Add a picture here when a document shows it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from cleargrid_assets.command_names import executable
from cleargrid_assets.commands.instance import PROJECT
from cleargrid_assets_tests.commands.sessions import run_in_background
from cleargrid_assets_tests.end_to_end.conftest import RAW_PAGE
from cleargrid_assets_tests.end_to_end.dagster_dev import browser
from cleargrid_assets_tests.end_to_end.test_backfill_in_the_browser import CHECK
from cleargrid_assets_tests.postgres_server import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, ViewportSize

WINDOW: ViewportSize = {"width": 1560, "height": 900}
LINEAGE: ViewportSize = {"width": 1200, "height": 820}
PAGE: ViewportSize = {"width": 1100, "height": 900}
FOLDER = PROJECT / "docs" / "screenshots"
EVERY_NEIGHBOUR_IS_GREEN = """
() => [...document.querySelectorAll("foreignObject div")]
  .filter(node => getComputedStyle(node).borderTopColor === "rgb(46, 204, 129)").length >= 12
"""
"""The graph is drawn before Dagster knows what was materialized. The asset itself is outlined in blue."""


def main() -> None:
    """Take all pictures."""
    FOLDER.mkdir(exist_ok=True)
    with _demo_folder() as folder, sync_playwright() as playwright:
        os.chdir(folder)
        # As in an activated environment: the commands that the pages print then name no folder of this machine.
        os.environ["PATH"] = f"{Path(executable('cleargrid')).parent}:{os.environ['PATH']}"
        chromium = browser(playwright)
        _demo()
        with _ui(chromium) as page:
            _look_at_green_months(page)
        _look_at_the_report(chromium.new_page(viewport=PAGE))
        _demo("--fault", "bad-rows")
        with _ui(chromium) as page:
            _look_at_a_red_month(page)
        chromium.close()


@contextmanager
def _demo_folder() -> Iterator[Path]:
    """An empty folder for as long as it lasts, of a name that reads well, because a picture shows it."""
    folder = Path(tempfile.gettempdir()) / "collections"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _demo(*arguments: str) -> None:
    subprocess.run([executable("cleargrid"), "demo", *arguments], check=True)


@contextmanager
def _ui(chromium: Browser) -> Iterator[Page]:
    """A page of `cleargrid dev` on what the demo left."""
    port = free_port()
    with run_in_background("dev", "--port", str(port)) as dev:
        dev.read_until("Dagster on")
        page = chromium.new_page(base_url=f"http://127.0.0.1:{port}", viewport=WINDOW)
        page.set_default_timeout(60_000)
        yield page


def _look_at_green_months(page: Page) -> None:
    page.set_viewport_size(LINEAGE)
    page.goto("/assets/core/contact_attempts?view=lineage")
    page.wait_for_function(EVERY_NEIGHBOUR_IS_GREEN)
    _shoot(page, "lineage", "published_tables")
    page.set_viewport_size(WINDOW)
    page.goto("/assets/analytics/agent_productivity")
    page.get_by_role("button", name="Plots").click()
    _shoot(page, "plots", "promises / rpc")


def _look_at_the_report(page: Page) -> None:
    (latest,) = Path().rglob("latest.html")
    page.goto(latest.resolve().as_uri())
    page.screenshot(path=FOLDER / "report.png")


def _look_at_a_red_month(page: Page) -> None:
    page.goto(f"{RAW_PAGE}?view=checks&checkDetail={CHECK}")
    page.get_by_role("tab", name="Partitions").nth(1).click()
    page.get_by_text("Failed (1)").wait_for()
    last_closed = datetime.now(UTC).replace(day=1) - timedelta(days=1)
    page.get_by_text(f"{last_closed:%Y-%m}-01", exact=True).locator("visible=true").first.click()
    _shoot(page, "red_month", "Does not hold")
    page.goto("/assets/raw/d23_loads?view=checks&checkDetail=every_month_is_in_order")
    _shoot(page, "months_in_order", "Not in order")


def _shoot(page: Page, name: str, when_seen: str) -> None:
    """Take a picture once `when_seen` is visible and the network is idle."""
    page.get_by_text(when_seen).locator("visible=true").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
