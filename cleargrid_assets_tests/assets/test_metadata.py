"""An asset's page shows its columns with their meanings, numbers, charts and links, and no personal data."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cleargrid_assets.assets.materialization_metadata import SUMMARIES, Chart, svg_chart
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.platform_copies import load_months

if TYPE_CHECKING:
    from collections.abc import Callable

    import dagster as dg

    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform

LOAD_FIGURES = {
    "rows_received", "rows_quarantined", "duplicates_collapsed", "requests", "pages", "empty_pages", "retries",
    "splits", "seconds", "rows_added", "rows_changed", "rows_vanished",
}  # fmt: skip
GRAPH = build_definitions(Settings({})).resolve_asset_graph()


def materializations(run: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """The metadata of each asset that the run materialized: values by name."""
    events = run.get_asset_materialization_events()
    records = [event.step_materialization_data.materialization for event in events]
    return {
        ".".join(each.asset_key.path): {name: value.value for name, value in each.metadata.items()} for each in records
    }


@pytest.fixture(scope="module")
def metadata_of_may(read_only_platform: Platform) -> dict[str, dict[str, Any]]:
    """What the run that landed and computed May, after April, says about each asset."""
    read_only_platform.refresh("2026-04-01")
    return materializations(read_only_platform.refresh("2026-05-01"))


@pytest.mark.parametrize("key", sorted(GRAPH.get_all_asset_keys()), ids=lambda key: key.to_user_string())
def test_every_asset_says_what_it_is_who_owns_it_and_where_its_source_is(key: dg.AssetKey) -> None:
    node = GRAPH.get(key)
    assert node.description
    assert node.owners
    assert node.kinds
    assert node.group_name == key.path[0]
    for reference in node.metadata["dagster/code_references"].code_references:
        assert Path(reference.file_path).is_file()


@pytest.mark.parametrize("check", sorted(GRAPH.asset_check_keys), ids=lambda check: check.name)
def test_every_check_says_what_it_looks_for_and_what_to_do(check: dg.AssetCheckKey) -> None:
    assert len(GRAPH.get(check).description or "") > 60


def test_every_column_of_every_table_has_a_meaning() -> None:
    schemas = [GRAPH.get(key).metadata.get("dagster/column_schema") for key in GRAPH.get_all_asset_keys()]
    columns = [column for schema in schemas if schema for column in schema.columns]
    assert columns
    assert [column.name for column in columns if not column.description] == []


def test_a_load_tells_what_it_cost_and_what_it_changed_and_how_many_rows_there_are(start_after: StartAfter) -> None:
    platform = start_after(load_months, "2026-04-01")
    metadata = materializations(platform.load("2026-05-01"))["raw.d23_manual_communication_logs"]
    assert metadata.keys() >= LOAD_FIGURES
    assert metadata["dagster/partition_row_count"] == len(platform.truth("2026-05-01"))
    assert metadata["dagster/row_count"] == len(platform.truth("2026-04-01")) + len(platform.truth("2026-05-01"))


def test_every_derived_table_tells_figures_that_agree_with_its_rows(
    read_only_platform: Platform, metadata_of_may: dict[str, dict[str, Any]]
) -> None:
    for table, summary in SUMMARIES.items():
        names = summary.numbers.keys() | {"dagster/row_count", "dagster/partition_row_count"}
        assert metadata_of_may[table.qualified_name].keys() >= names
    ((attempts, share),) = read_only_platform.query(
        "SELECT count(*), count(*) FILTER (contact_class IN ('live_unidentified', 'third_party', 'right_party')) "
        "/ count(*) FROM core.contact_attempts WHERE month = DATE '2026-05-01' AND is_active"
    )
    for table in ("analytics.agent_productivity", "analytics.cohort_contact"):
        assert metadata_of_may[table]["attempts"] == attempts
        assert metadata_of_may[table]["contacts / attempts"] == pytest.approx(share, abs=1e-4)


def test_a_month_without_rows_has_no_shares_instead_of_made_up_zeros(platform: Platform) -> None:
    metadata = materializations(platform.refresh("2026-07-01"))["analytics.agent_productivity"]
    assert "rpc / contacts" not in metadata
    assert metadata["dagster/partition_row_count"] == 0


def test_no_id_of_a_landed_row_is_in_the_metadata(
    read_only_platform: Platform, metadata_of_may: dict[str, dict[str, Any]]
) -> None:
    metadata = repr(metadata_of_may)
    assert not [row[0] for row in read_only_platform.landed("2026-05-01") if row[0] in metadata]


def test_each_mart_has_a_chart_with_a_bar_for_every_label(
    read_only_platform: Platform, metadata_of_may: dict[str, dict[str, Any]]
) -> None:
    charts = {table.qualified_name: summary.chart for table, summary in SUMMARIES.items() if summary.chart}
    assert len(charts) == 6
    for table, chart in charts.items():
        labels_of_may = f"SELECT count(DISTINCT {chart.label}) FROM {table} WHERE month = DATE '2026-05-01'"
        ((labels,),) = read_only_platform.query(labels_of_may)
        assert svg_of(metadata_of_may[table]["chart"]).count("<rect") == labels


def test_a_label_cannot_break_out_of_the_chart() -> None:
    chart = Chart("Attempts", "outcome", "sum(attempts)", "1")
    svg = svg_of(f"![]({svg_chart(chart, [('<script>', 3.0), ('none', None)])})")
    assert "<script>" not in svg
    assert "&lt;script&gt;" in svg


def svg_of(markdown: str) -> str:
    (encoded,) = re.findall(r"base64,([^)]+)\)", markdown)
    return base64.b64decode(encoded).decode()


def test_a_load_with_a_red_blocking_check_ends_with_what_it_found_and_what_to_do(
    start_platform: Callable[..., Platform],
) -> None:
    platform = start_platform(faults=["bad-rows"], variables={"CLEARGRID_QUARANTINE_LIMIT": "0.001"})
    run = platform.load("2026-05-01")
    (failed,) = [event.step_failure_data for event in run.all_events if event.is_step_failure]
    assert failed.user_failure_data
    message = failed.user_failure_data.description or ""
    assert "Does not hold: quarantined rows are within the limit" in message
    assert "To do: group raw.d23_quarantine by reasons" in message
    assert "nothing is computed from it" in message
    assert platform.landed("2026-05-01")
