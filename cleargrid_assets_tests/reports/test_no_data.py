"""Without data, the assets over all months end green and say that there is nothing to show."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cleargrid_assets.asset_keys import UNPREFIXED
from cleargrid_assets.assets.reports import collections_report, published_tables
from cleargrid_assets.jobs import REFRESH_SUMMARY
from cleargrid_assets.tables.catalog import PUBLISHED_TABLES
from cleargrid_assets_tests.platform_copies import compute_months, load_months

if TYPE_CHECKING:
    from collections.abc import Callable

    import dagster as dg

    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

OPEN = "2026-06-01"
CLOSED = "2026-05-01"
NOTHING = "No month has been computed yet"


def summary(platform: Platform) -> dg.ExecuteInProcessResult:
    job = platform.definitions.resolve_job_def(REFRESH_SUMMARY)
    return job.execute_in_process(instance=platform.instance, raise_on_error=False)


def metadata_of(run: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str, Any]:
    (materialization,) = [
        event.step_materialization_data.materialization
        for event in run.get_asset_materialization_events()
        if event.asset_key == key
    ]
    return {name: value.value for name, value in materialization.metadata.items()}


def assert_green(run: dg.ExecuteInProcessResult) -> None:
    assert run.success
    red = [check for check in run.get_asset_check_evaluations() if not check.passed]
    assert red == []


def page_of(run: dg.ExecuteInProcessResult) -> str:
    return Path(metadata_of(run, UNPREFIXED(*collections_report.PATH))["page"]).read_text(encoding="utf-8")


def test_an_empty_warehouse_has_a_summary_that_says_so(platform: Platform) -> None:
    run = summary(platform)
    assert_green(run)
    assert NOTHING in page_of(run)
    assert metadata_of(run, UNPREFIXED(*collections_report.PATH))["month"] == "none: no month has been computed yet"
    assert metadata_of(run, UNPREFIXED(*published_tables.PATH))["published"].startswith(
        f"{len(PUBLISHED_TABLES)} tables"
    )


def test_the_report_alone_needs_no_warehouse(platform: Platform) -> None:
    job = platform.definitions.resolve_implicit_global_asset_job_def()
    run = job.execute_in_process(
        asset_selection=[UNPREFIXED(*collections_report.PATH), UNPREFIXED(*published_tables.PATH)],
        instance=platform.instance,
    )
    assert_green(run)
    assert NOTHING in page_of(run)
    assert metadata_of(run, UNPREFIXED(*published_tables.PATH))["published"] == "none: no month has been computed yet"


def test_months_that_were_loaded_and_not_computed_are_no_figures_yet(start_after: StartAfter) -> None:
    platform = start_after(load_months, CLOSED)
    run = summary(platform)
    assert_green(run)
    assert NOTHING in page_of(run)


@pytest.mark.parametrize("months", [(CLOSED,), (OPEN,), (CLOSED, OPEN)], ids=("closed", "open", "both"))
def test_months_without_a_row_are_on_the_page_with_no_figure(
    start_platform: Callable[..., Platform], months: tuple[str, ...]
) -> None:
    platform = start_platform(rows_per_day=0)
    for month in months:
        assert platform.refresh(month).success
    run = summary(platform)
    assert_green(run)
    assert NOTHING not in page_of(run)


def test_only_the_open_month_is_a_report_of_provisional_figures(start_platform: Callable[..., Platform]) -> None:
    now = datetime.now(UTC)
    platform = start_platform(now=now, variables={"CLEARGRID_START_MONTH": f"{now:%Y-%m}"})
    assert platform.refresh(f"{now:%Y-%m}-01").success
    run = summary(platform)
    assert_green(run)
    assert "every figure is provisional" in page_of(run)


def test_a_report_and_files_that_lack_a_computed_month_are_red_until_they_are_written_again(platform: Platform) -> None:
    assert platform.refresh(CLOSED).success
    assert_green(summary(platform))
    assert platform.refresh("2026-04-01").success
    run = platform.definitions.resolve_job_def("check_months").execute_in_process(instance=platform.instance)
    missing = {
        check.asset_key: check.metadata["missing"].value
        for check in run.get_asset_check_evaluations()
        if check.check_name == "every_computed_month_is_in_it" and not check.passed
    }
    assert missing[UNPREFIXED(*collections_report.PATH)] == ["2026-04"]
    assert "2026-04 in kpi_monthly.parquet" in missing[UNPREFIXED(*published_tables.PATH)]
    assert_green(summary(platform))


def test_a_report_that_was_deleted_is_missing_every_month(start_after: StartAfter) -> None:
    platform = start_after(compute_months, CLOSED)
    assert_green(summary(platform))
    page = Path(collections_report.reports_location(platform.warehouse, "emulator"), collections_report.LATEST)
    page.unlink()
    run = platform.definitions.resolve_job_def("check_months").execute_in_process(instance=platform.instance)
    descriptions = {
        check.asset_key: check.description
        for check in run.get_asset_check_evaluations()
        if check.check_name == "every_computed_month_is_in_it"
    }
    assert descriptions[UNPREFIXED(*collections_report.PATH)].startswith(
        "The files lack computed months: 2026-05. Run the job refresh_summary"
    )
    assert descriptions[UNPREFIXED(*published_tables.PATH)] == "Every computed month is in the files."
