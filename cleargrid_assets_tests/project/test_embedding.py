"""An existing Dagster project takes the assets in behind its own key prefix, and everything works there."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest

import cleargrid_assets
from cleargrid_assets import D23Component
from cleargrid_assets.client import SettingsError
from cleargrid_assets.jobs import CHECK_MONTHS, REFRESH_MONTH, REFRESH_SUMMARY
from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.platform_under_test import LOGS, MAY, NOW, Platform, started

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(cleargrid_assets.__file__).parents[1] / "docs" / "examples" / "lending_platform"
PREFIX = "collections"


class RefusingIOManager(dg.IOManager):
    """The host project's own storage, which must not get the component's rows."""

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        raise AssertionError(f"{context.asset_key} was stored as {obj}")

    def load_input(self, context: dg.InputContext) -> None:
        raise AssertionError(f"{context.asset_key} was loaded")


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """A platform whose account and warehouse the example finds in the environment."""
    with started(tmp_path, {}, now=NOW) as running:
        for name, value in running.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(EXAMPLE)
        yield running


def load_example() -> dg.Definitions:
    definitions = importlib.import_module("lending_platform.definitions").definitions
    own = dg.Definitions(resources={"io_manager": RefusingIOManager()}, executor=dg.multiprocess_executor)
    return dg.Definitions.merge(definitions(), own)


def requests(definitions: dg.Definitions, platform: Platform) -> list[tuple[str | None, str | None]]:
    """The job and month of each run that the follow sensor requests."""
    repository = definitions.get_repository_def()
    with dg.build_sensor_context(platform.instance, repository_def=repository) as context:
        runs = repository.get_sensor_def("derived_tables_follow").evaluate_tick(context).run_requests or []
    return [(run.job_name, run.partition_key) for run in runs]


def run(
    definitions: dg.Definitions, platform: Platform, job: str, month: str | None = None
) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def(job).execute_in_process(partition_key=month, instance=platform.instance)


def test_a_month_lands_through_the_example_and_nothing_is_stale_afterwards(platform: Platform) -> None:
    definitions = load_example()
    loading = run(definitions, platform, REFRESH_MONTH, MAY)
    checks = loading.get_asset_check_evaluations()
    assert len(checks) > 25
    assert {check.asset_key.path[0] for check in checks} == {PREFIX}
    assert [check.check_name for check in checks if not check.passed and check.severity.value == "ERROR"] == []
    materialized = {event.asset_key for event in loading.get_asset_materialization_events()}
    assert {key.path[0] for key in materialized} == {PREFIX}
    assert dg.AssetKey([PREFIX, "raw", "d23_loads"]) in materialized
    assert platform.query("SELECT count(*) > 0 FROM analytics.kpi_monthly") == [(True,)]
    assert requests(definitions, platform) == [(REFRESH_SUMMARY, None)]
    assert run(definitions, platform, REFRESH_SUMMARY).success
    assert requests(definitions, platform) == []
    evaluations = run(definitions, platform, CHECK_MONTHS).get_asset_check_evaluations()
    (order,) = [check for check in evaluations if check.check_name == "every_month_is_in_order"]
    assert (order.metadata["months_failed"].value, order.metadata["months_stale"].value) == (0, 0)


def test_the_follow_sensor_computes_a_month_that_was_loaded_alone(platform: Platform) -> None:
    definitions = load_example()
    job = definitions.resolve_implicit_global_asset_job_def()
    raw = LOGS.with_prefix(PREFIX)
    assert job.execute_in_process(partition_key=MAY, asset_selection=[raw], instance=platform.instance).success
    assert requests(definitions, platform) == [("compute_month", MAY)]


def test_the_projects_own_asset_reads_the_components_table(platform: Platform) -> None:
    definitions = load_example()
    run(definitions, platform, REFRESH_MONTH, MAY)
    own = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        asset_selection=[dg.AssetKey("contact_targets")], instance=platform.instance
    )
    (event,) = own.get_asset_materialization_events()
    assert event.materialization.metadata["months"].value == 1


@pytest.mark.usefixtures("platform")
def test_every_key_check_and_column_of_the_component_is_behind_the_prefix() -> None:
    graph = load_example().resolve_asset_graph()
    assert {key.path[0] for key in graph.get_all_asset_keys()} == {PREFIX, "contact_targets"}
    assert {key.asset_key.path[0] for key in graph.asset_check_keys} == {PREFIX}
    node = graph.get(dg.AssetKey([PREFIX, "analytics", "kpi_monthly"]))
    lineage = node.metadata["dagster/column_lineage"].deps_by_column
    assert {dep.asset_key.path[0] for deps in lineage.values() for dep in deps} == {PREFIX}
    unprefixed = D23Component().definitions().resolve_asset_graph().get_all_asset_keys()
    assert {key.with_prefix(PREFIX) for key in unprefixed} == {
        key for key in graph.get_all_asset_keys() if key.path[0] == PREFIX
    }


def test_attributes_are_settings_and_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARGRID_PAGE_SIZE", "300")
    monkeypatch.setenv("CLEARGRID_CONCURRENCY", "2")
    settings = D23Component(key_prefix="lending/collections", page_size=200, quarantine_limit=0.00001).settings()
    assert (settings.page_size, settings.concurrency, settings.quarantine_limit) == (200, 2, 0.00001)
    assert settings.key_prefix == ("lending", "collections")


@pytest.mark.parametrize("name", ["email", "password", "alert_webhook"])
def test_a_secret_cannot_be_an_attribute(name: str) -> None:
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        D23Component(**{name: "hunter2"})


def test_a_wrong_value_is_one_sentence_when_a_run_needs_it_and_does_not_keep_the_project_from_loading() -> None:
    component = D23Component(environment="moon")
    dg.Definitions.validate_loadable(component.definitions())
    with pytest.raises(SettingsError, match="CLEARGRID_ENVIRONMENT is 'moon'; set it to one of production"):
        component.settings().account  # noqa: B018 - reading it raises


def test_importing_the_package_imports_no_dagster() -> None:
    code = (
        "import sys, cleargrid_assets; assert 'D23Component' in dir(cleargrid_assets); print('dagster' in sys.modules)"
    )
    importing = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert importing.stdout.strip() == "False"


def test_a_name_that_the_package_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'D24Component'"):
        cleargrid_assets.D24Component  # noqa: B018 - reading it raises


def test_settings_without_an_embedding_project_have_no_prefix() -> None:
    assert Settings({}).key_prefix == ()
