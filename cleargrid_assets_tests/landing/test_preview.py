"""A preview shows what a load would change in a month's rows and key figures, and leaves everything as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from cleargrid_assets.jobs import REFRESH_MONTH
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.landing.test_overlapping_loads import check_results
from cleargrid_assets_tests.platform_copies import compute_months
from cleargrid_assets_tests.platform_under_test import CHANGES, LOGS, MAY, NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform, Row

pytestmark = pytest.mark.slow

APRIL = "2026-04-01"
IN_APRIL = {"communicated_at": "2026-04-20T09:00:00.000Z"}
LATER = {"updated_at": "2026-06-02T00:00:00.000Z"}
TABLES = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY ALL"
FIGURES = "SELECT metric, numerator, denominator, value FROM analytics.kpi_monthly WHERE slice = 'all' AND month = ?"
COUNTS = ("rows_received", "rows_added", "rows_changed", "rows_vanished", "rows_moved", "rows_quarantined")

Figures = dict[str, tuple[Any, ...]]


def identity(number: int) -> str:
    """The id of a row."""
    return str(row(number)["public_id"])


def serve_before(platform: Platform) -> None:
    """Ten rows of May, and two of April."""
    serve(platform, [row(1, **IN_APRIL), row(2, **IN_APRIL, **LATER), *(row(number) for number in range(11, 21))])


def serve_after(platform: Platform) -> None:
    """A row was added, two were edited, two deleted, one came from April, one went there, one cannot be landed."""
    serve(
        platform,
        [
            row(1, **LATER),
            row(2),
            row(11, is_ptp_broken=True, **LATER),
            row(12, is_active=False, outcome_option=None, **LATER),
            *(row(number) for number in range(15, 20)),
            row(20, is_active="yes"),
            row(21, outcome_option="BUSY"),
        ],
    )


def change_computed_may(platform: Platform) -> None:
    """April and May are landed and computed, and ClearGrid changes May afterwards."""
    serve_before(platform)
    compute_months(platform, APRIL, MAY)
    serve_after(platform)


@pytest.fixture
def changed_platform(start_after: StartAfter) -> Platform:
    """The platform after that."""
    return start_after(change_computed_may, variables={"CLEARGRID_QUARANTINE_LIMIT": "0.5"})


def preview_of(run: dg.ExecuteInProcessResult) -> Mapping[str, Any]:
    """The metadata of the run's only observation."""
    assert run.success
    (event,) = [event for event in run.all_events if event.event_type == dg.DagsterEventType.ASSET_OBSERVATION]
    observation = event.asset_observation_data.asset_observation
    assert (observation.asset_key, observation.partition) == (LOGS, run.dagster_run.tags["dagster/partition"])
    return {
        name: value.records if isinstance(value, dg.TableMetadataValue) else value.value
        for name, value in observation.metadata.items()
    }


def figures_of(preview: Mapping[str, Any], moment: str) -> Figures:
    """The key figures `before` or `after` the load, by metric."""
    names = [f"{name}_{moment}" for name in ("numerator", "denominator", "value")]
    return {record.data["metric"]: tuple(record.data[name] for name in names) for record in preview["key_figures"]}


def stored_figures(platform: Platform) -> Figures:
    return {metric: tuple(values) for metric, *values in platform.query(FIGURES, [MAY])}


def contents(platform: Platform) -> dict[Row, list[Row]]:
    """Every row of every table."""
    return {name: platform.query(f"FROM {'.'.join(name)} ORDER BY ALL") for name in platform.query(TABLES)}


def state(platform: Platform) -> dict[str, Any]:
    """What Dagster knows: materializations, and whether derived tables are stale."""
    storage, kind = platform.instance.event_log_storage, dg.DagsterEventType.ASSET_MATERIALIZATION
    keys = platform.definitions.resolve_asset_graph().get_all_asset_keys()
    latest = {key: storage.get_latest_storage_id_by_partition(key, kind) for key in keys}
    return {"materializations": latest, "checks": check_results(platform), "requests": platform.requested_runs()}


def differences(preview: Mapping[str, Any]) -> dict[tuple[str, str | None], tuple[int, str]]:
    """The rows and the examples of each kind of difference."""
    records = [record.data for record in preview["rows"]]
    return {(each["change"], each["detail"]): (each["rows"], each["examples"]) for each in records}


def ids(*numbers: int) -> str:
    return ", ".join(sorted(identity(number) for number in numbers))


def test_it_shows_what_would_be_added_changed_by_field_vanished_moved_and_quarantined(
    changed_platform: Platform,
) -> None:
    preview = preview_of(changed_platform.load(preview=True))
    assert differences(preview) == {
        ("added", None): (2, ids(1, 21)),
        ("added", "moved from 2026-04"): (1, ids(1)),
        ("changed", None): (2, ids(11, 12)),
        ("changed", "is_active"): (1, ids(12)),
        ("changed", "is_ptp_broken"): (1, ids(11)),
        ("changed", "outcome_option"): (1, ids(12)),
        ("changed", "updated_at"): (2, ids(11, 12)),
        ("moved", None): (1, ids(2)),
        ("moved", "stays in 2026-04"): (1, ids(2)),
        ("quarantined", None): (1, ids(20)),
        ("quarantined", "bad_type:is_active"): (1, ids(20)),
        ("vanished", None): (3, ids(13, 14, 20)),
    }
    assert [preview[name] for name in COUNTS] == [11, 2, 2, 3, 1, 1]


@pytest.mark.parametrize("job", ["the raw asset", REFRESH_MONTH])
def test_it_leaves_warehouse_materializations_checks_and_sensors_as_they_were(
    changed_platform: Platform, job: str
) -> None:
    platform = changed_platform
    rows, version, dagster = contents(platform), platform.version(), state(platform)
    run = platform.load(preview=True) if job == "the raw asset" else platform.preview_job()
    assert preview_of(run)
    assert run.get_asset_materialization_events() == []
    assert contents(platform) == rows
    assert platform.version() == version
    assert state(platform) == dagster


def test_a_preview_that_fails_leaves_the_results_of_the_checks_as_they_were(changed_platform: Platform) -> None:
    platform = changed_platform
    before = check_results(platform)
    assert not platform.load(preview=True, page_size=1001).success
    assert check_results(platform) == before


def test_the_following_load_changes_exactly_what_the_preview_said(changed_platform: Platform) -> None:
    platform = changed_platform
    before = stored_figures(platform)
    preview = preview_of(platform.load(preview=True))
    assert platform.refresh().success
    load = platform.last_load()
    assert {name: preview[name] for name in COUNTS} == {name: load[name] for name in COUNTS}
    recorded = platform.query(
        f"SELECT change, field, count(*) FROM {CHANGES} WHERE month = ? AND change = 'changed' GROUP BY ALL", [MAY]
    )
    said = {key: rows for key, (rows, _) in differences(preview).items() if key[0] == "changed" and key[1]}
    assert said == {(change, field): rows for change, field, rows in recorded}
    assert figures_of(preview, "before") == before
    assert figures_of(preview, "after") == stored_figures(platform) != before


def test_the_page_is_markdown_with_the_counts_and_the_figures(changed_platform: Platform) -> None:
    page = preview_of(changed_platform.load(preview=True))["preview"]
    assert page.startswith(
        "Preview of 2026-05: a load would add 2 rows, change 2, remove 3 that vanished, leave 1 in another month and "
        "quarantine 1. Nothing was written."
    )
    assert f"| changed | is_ptp_broken | 1 | {identity(11)} |" in page
    assert "| key figure | before | after |" in page
    assert "| RPC per attempt | 100.0% (10 / 10) | **87.5% (7 / 8)** |" in page


def test_a_month_that_was_never_loaded_has_no_figures_before(platform: Platform) -> None:
    serve_before(platform)
    preview = preview_of(platform.load(preview=True))
    assert differences(preview) == {("added", None): (10, ids(11, 12, 13))}
    assert set(figures_of(preview, "before").values()) == {(None, None, None)}
    assert not platform.warehouse.exists
    assert platform.refresh().success
    assert figures_of(preview, "after") == stored_figures(platform)


def test_an_unchanged_month_shows_no_difference(changed_platform: Platform) -> None:
    serve_before(changed_platform)
    preview = preview_of(changed_platform.load(preview=True))
    assert "rows" not in preview
    assert figures_of(preview, "before") == figures_of(preview, "after") == stored_figures(changed_platform)


@pytest.mark.parametrize("is_accepted", [False, True])
def test_rows_that_vanish_beyond_the_limit_are_shown_with_what_a_load_would_say(
    platform: Platform,
    is_accepted: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    serve(platform, [row(number) for number in range(1, 21)])
    assert platform.refresh().success
    serve(platform, [row(number) for number in range(1, 7)])
    preview = preview_of(platform.load(preview=True, accept_vanished=is_accepted))
    assert differences(preview) == {("vanished", None): (14, ids(7, 8, 9))}
    assert len(platform.landed()) == 20
    refusal = preview.get("refused_because", "")
    assert ("14 of its 20 landed rows" in refusal and "`accept_vanished: true`" in refusal) is not is_accepted


def test_a_row_s_values_are_not_in_the_events(changed_platform: Platform) -> None:
    run = changed_platform.load(preview=True)
    texts = json.dumps([str(event) for event in run.all_events])
    assert "BUSY" not in texts
    assert "2026-06-02" not in texts


def test_d21_is_previewed_without_key_figures(start_platform: Callable[..., Platform]) -> None:
    platform = start_platform(variables={"CLEARGRID_DATASETS": "D23,D21"}, now=NOW)
    key = dg.AssetKey(["raw", "d21_communication_logs"])
    run = platform.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        run_config={"ops": {key.to_python_identifier(): {"config": {"preview": True}}}},
        partition_key=MAY,
        asset_selection=[key],
        instance=platform.instance,
    )
    assert run.success
    (event,) = [event for event in run.all_events if event.event_type == dg.DagsterEventType.ASSET_OBSERVATION]
    metadata = event.asset_observation_data.asset_observation.metadata
    assert metadata["rows_added"].value > 0
    assert "key_figures" not in metadata
