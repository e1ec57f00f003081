"""Tags and addresses say which deployment an asset belongs to, and reveal no secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import dagster as dg

TAG_KEY, TAG_VALUE = re.compile(r"[A-Za-z0-9_.-]{1,63}"), re.compile(r"[A-Za-z0-9_.-]{0,63}")
"""Dagster's rules, without namespaces."""

EMULATOR = {"CLEARGRID_ENVIRONMENT": "emulator", "CLEARGRID_WAREHOUSE": "/warehouses/ü x/emulator.duckdb"}


def nodes(**variables: str) -> dict[str, dg.AssetSpec]:
    graph = build_definitions(Settings(variables)).resolve_asset_graph()
    return {key.to_user_string(): graph.get(key).to_asset_spec() for key in graph.get_all_asset_keys()}


def test_every_asset_is_tagged_with_its_layer_the_environment_and_that_it_holds_no_personal_data() -> None:
    tags = {name: spec.tags for name, spec in nodes(**EMULATOR).items()}
    for name, tags_of_asset in tags.items():
        own = {key: value for key, value in tags_of_asset.items() if not key.startswith("dagster/")}
        assert own == {"layer": name.partition("/")[0], "environment": "emulator", "pii": "none"}
        assert all(TAG_KEY.fullmatch(key) and TAG_VALUE.fullmatch(value) for key, value in own.items())


@pytest.mark.parametrize("variables", [{}, {"CLEARGRID_ENVIRONMENT": "moon base"}])
def test_an_environment_that_is_not_known_has_no_tag(variables: dict[str, str]) -> None:
    assert {"environment" in spec.tags for spec in nodes(**variables).values()} == {False}


def test_a_table_has_the_uri_of_the_warehouse_file_and_the_source_that_of_clear_grid() -> None:
    specs = nodes(**EMULATOR, CLEARGRID_BASE_URL="http://127.0.0.1:8123/")
    assert specs["core/contact_attempts"].metadata["dagster/uri"] == "file:///warehouses/%C3%BC%20x/emulator.duckdb"
    assert specs["cleargrid/d23"].metadata["dagster/uri"] == "http://127.0.0.1:8123"
    assert "dagster/uri" not in specs["reports/collections_report"].metadata


def test_a_relative_warehouse_has_an_absolute_uri(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    uri = nodes(CLEARGRID_ENVIRONMENT="emulator")["raw/d23_loads"].metadata["dagster/uri"]
    assert uri == (tmp_path / "data" / "emulator.duckdb").as_uri()


def test_a_password_in_an_address_is_masked() -> None:
    lake = "ducklake:postgres:host=db dbname=lake password=hunter2"
    specs = nodes(CLEARGRID_WAREHOUSE=lake, CLEARGRID_BASE_URL="https://user:hunter2@proxy.example")
    assert "dbname=lake" in specs["core/contact_attempts"].metadata["dagster/uri"]
    assert "hunter2" not in repr(specs)
