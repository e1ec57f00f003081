"""A person's view in the browser: a backfill from the dialog, a red month and its cause, plots, automation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from cleargrid_assets_tests.end_to_end.conftest import RAW_PAGE
from cleargrid_assets_tests.end_to_end.dagster_dev import BAD_MONTH, ENDED, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from cleargrid_assets_tests.end_to_end.dagster_dev import RunningDagster

pytestmark = pytest.mark.slow

CHECK = "quarantined_rows_are_within_the_limit"
GROUPS = "%2C".join(f"global%40global%3A{group}" for group in ("raw", "core", "analytics", "reports"))


def open_lineage(page: Page) -> None:
    """Open the whole graph in a large window, because nodes outside the window are not drawn."""
    page.set_viewport_size({"width": 2000, "height": 1600})
    page.goto(f"/asset-groups?expanded={GROUPS}")
    expect(page.get_by_role("button", name="zoom_out")).to_be_visible()
    for _ in range(4):
        page.get_by_role("button", name="zoom_out").click()


@pytest.fixture
def finished_backfill(page: Page, backfill_dialog_text: str, dagster: RunningDagster) -> Page:
    """A tab on the raw asset, after the backfill's months were materialized and their runs had ended."""
    page.goto(f"{RAW_PAGE}?view=partitions")
    expect(page.get_by_text("Materialized (3)")).to_be_visible(timeout=120_000)
    assert "Created backfill" in backfill_dialog_text
    wait_until(lambda: all(run.status in ENDED for run in dagster.runs() if run.month), "the runs of the months to end")
    return page


def test_the_lineage_shows_every_group_from_the_raw_rows_to_the_published_files(page: Page) -> None:
    open_lineage(page)
    for name in ("cleargrid", "d23_loads", "contact_attempts", "outcome_mix", "agent_productivity", "published_tables"):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()


def test_a_backfill_launched_from_the_dialog_lands_its_three_months(
    finished_backfill: Page, dagster: RunningDagster
) -> None:
    expect(finished_backfill.get_by_text("2026-03-01").first).to_be_visible()
    good = {"2026-03-01", "2026-05-01"}
    assert good <= {run.month for run in dagster.runs() if run.status == "SUCCESS"}


@pytest.mark.usefixtures("finished_backfill")
def test_the_months_of_a_check_are_a_bar_with_the_failed_one_in_red_and_its_reason_beside_it(page: Page) -> None:
    page.goto(f"{RAW_PAGE}?view=checks&checkDetail={CHECK}")
    page.get_by_role("tab", name="Partitions").nth(1).click()
    expect(page.get_by_text("Failed (1)")).to_be_visible()
    expect(page.get_by_text("Passed (2)")).to_be_visible()
    page.get_by_text(BAD_MONTH, exact=True).locator("visible=true").first.click()
    expect(page.get_by_text("Does not hold: quarantined rows are within the limit")).to_be_visible()
    expect(page.get_by_text("share_quarantined").first).to_be_visible()


@pytest.mark.usefixtures("finished_backfill")
def test_a_failed_run_ends_with_its_cause_and_what_to_do(page: Page, dagster: RunningDagster) -> None:
    failed = next(run for run in dagster.runs() if run.status == "FAILURE")
    assert failed.month == BAD_MONTH
    page.goto(f"/runs/{failed.run_id}")
    expect(page.get_by_text("RUN_FAILURE").first).to_be_visible()
    expect(page.get_by_text("To do: group raw.d23_quarantine by reasons").last).to_be_visible()


@pytest.mark.usefixtures("finished_backfill")
def test_the_plots_show_rows_per_month(page: Page) -> None:
    page.goto(RAW_PAGE)
    page.get_by_role("button", name="Plots").click()
    expect(page.get_by_text("dagster/partition_row_count").first).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()


def test_automation_runs_without_a_click_and_alerts_wait_for_a_webhook(page: Page) -> None:
    page.goto("/automation")
    for name in ("refresh_recent_months", "refresh_earlier_months", "check_months_daily", "derived_tables_follow"):
        expect(page.get_by_text(name, exact=True)).to_be_visible()
    expect(page.get_by_role("checkbox", name="", checked=True)).not_to_have_count(0)
