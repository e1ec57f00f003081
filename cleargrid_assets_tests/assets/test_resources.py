"""The Resources page shows the settings in force, never a secret, and a run can change a field for itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.settings import Settings
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.platform_under_test import failure_of_step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cleargrid_assets_tests.platform_under_test import Platform

PASSWORD = "correct horse"
ACCOUNT = {
    "CLEARGRID_ENVIRONMENT": "staging",
    "CLEARGRID_LENDER": "acme",
    "CLEARGRID_EMAIL": "ops@acme.example",
    "CLEARGRID_PASSWORD": PASSWORD,
    "CLEARGRID_PAGE_SIZE": "250",
}


def resource(name: str, variables: dict[str, str]) -> Any:
    """A resource as Dagster knows it."""
    return build_definitions(Settings(variables)).get_repository_def().get_top_level_resources()[name]


def shown(name: str, variables: dict[str, str]) -> dict[str, Any]:
    """What the Resources page shows of each field of a resource."""
    return dict(json.loads(resource(name, variables).config_schema.default_value_as_json_str))


def test_the_resources_show_the_account_the_limits_and_the_warehouse_in_force() -> None:
    cleargrid = shown("cleargrid", ACCOUNT)
    assert (cleargrid["environment"], cleargrid["lender"], cleargrid["timezone"]) == ("staging", "acme", "UTC")
    assert cleargrid["base_url"] == "https://stage-v3-api.cleargrid.ai"
    assert (cleargrid["page_size"], cleargrid["concurrency"], cleargrid["vanish_limit"]) == (250, 4, 0.2)
    warehouse = shown("warehouse", ACCOUNT)
    assert (warehouse["warehouse"], warehouse["duckdb_memory_mb"]) == ("data/staging.duckdb", 256)


@pytest.mark.parametrize("name", ["cleargrid", "warehouse", "clock", "warehouse_io_manager"])
def test_every_resource_and_each_of_its_fields_has_a_description(name: str) -> None:
    definition = resource(name, ACCOUNT)
    assert definition.description
    fields = getattr(definition.config_schema.config_type, "fields", {})
    assert [field for field, declared in fields.items() if not declared.description] == []


def test_a_secret_is_shown_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARGRID_PASSWORD", PASSWORD)
    cleargrid = shown("cleargrid", ACCOUNT)
    assert cleargrid["password"] == {"env": "CLEARGRID_PASSWORD"}
    assert cleargrid["email"] is None
    assert PASSWORD not in json.dumps(cleargrid)


def test_the_password_of_a_lakes_catalog_is_not_shown() -> None:
    address = "ducklake:postgres:host=db dbname=lake password=geheim"
    assert "geheim" not in json.dumps(shown("warehouse", {**ACCOUNT, "CLEARGRID_WAREHOUSE": address}))


def test_definitions_load_with_nothing_set_and_with_a_wrong_value() -> None:
    assert shown("cleargrid", {})["lender"] is None
    assert shown("cleargrid", {"CLEARGRID_PAGE_SIZE": "many"})["page_size"] is None


def test_the_run_that_needs_a_wrong_value_says_so_in_one_sentence(platform: Platform) -> None:
    failure = failure_of_step(platform.with_variables(CLEARGRID_PAGE_SIZE="many").load())
    assert failure["description"].startswith("CLEARGRID_PAGE_SIZE is 'many'; use a whole number from 1 to 1000.")


def test_a_run_may_change_a_field_of_a_resource_for_itself(platform: Platform, tmp_path: Path) -> None:
    elsewhere = str(tmp_path / "elsewhere.duckdb")
    assert platform.load(resources={"cleargrid": {"page_size": 50}, "warehouse": {"warehouse": elsewhere}}).success
    with Warehouse(elsewhere).reading() as connection:
        assert connection.execute("SELECT page_size_used FROM raw.d23_loads").fetchall() == [(50,)]
    assert not platform.file.exists()


def test_what_a_run_changes_is_held_to_the_settings_bounds(platform: Platform) -> None:
    failure = failure_of_step(platform.load(resources={"cleargrid": {"concurrency": 17}}))
    assert failure["description"].startswith("CLEARGRID_CONCURRENCY is '17'; use a whole number from 1 to 16.")


@pytest.fixture
def with_secret_in_the_environment(
    start_platform: Callable[..., Platform], monkeypatch: pytest.MonkeyPatch
) -> Platform:
    """A platform whose password is in the process's environment, as under `cleargrid dev`."""
    platform = start_platform()
    monkeypatch.setenv("CLEARGRID_PASSWORD", platform.variables["CLEARGRID_PASSWORD"])
    return platform


def test_a_run_logs_in_with_the_secret_of_the_environment(with_secret_in_the_environment: Platform) -> None:
    assert with_secret_in_the_environment.load().success
