"""Gives each asset what depends on the settings: its tags, the address of its rows, and the rules that it follows.

Add here what is the same for all assets of a deployment. A setting that is missing or wrong leaves its part out; the
run that needs the setting says what is wrong.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.client import SettingsError
from cleargrid_assets.outcome_map import OutcomeMapError
from cleargrid_assets.rules_version import rules_in_force
from cleargrid_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def with_deployment(
    settings: Settings, assets: Iterable[dg.AssetsDefinition | dg.AssetSpec]
) -> Sequence[dg.AssetsDefinition | dg.AssetSpec]:
    """The assets with tags and addresses. The layer is the asset's group."""
    tags, warehouse, vendor = _tags(settings), _warehouse_uri(settings), _vendor_uri(settings)

    def located(spec: dg.AssetSpec) -> dg.AssetSpec:
        uri = warehouse if "dagster/table_name" in spec.metadata else vendor if spec.group_name == "cleargrid" else {}
        return spec.merge_attributes(tags={"layer": str(spec.group_name), **tags}, metadata=uri)

    return dg.map_asset_specs(located, assets)


def _tags(settings: Settings) -> dict[str, str]:
    """`pii`: no field that identifies a person is stored."""
    tags = {"pii": "none"}
    with suppress(SettingsError):
        tags["environment"] = settings.environment
    return tags


def _warehouse_uri(settings: Settings) -> dict[str, Any]:
    """The URI of the warehouse's file, or the address of a lake without its password."""
    with suppress(SettingsError):
        address = settings.warehouse
        uri = Settings.warehouse.show(address) if settings.is_lake else Path(address).absolute().as_uri()
        return {"dagster/uri": uri}
    return {}


def _vendor_uri(settings: Settings) -> dict[str, Any]:
    """ClearGrid's address."""
    with suppress(SettingsError):
        return {"dagster/uri": Settings.base_url.show(settings.base_url)}
    return {}


def with_code_versions(assets: Sequence[dg.AssetsDefinition], settings: Settings) -> list[dg.AssetsDefinition]:
    """The computed assets with the rules in their code versions, which mark in the UI what `staleness` computes again.

    The rest of a code version are the asset's own files.
    """
    try:
        rules = rules_in_force(settings)
    except (SettingsError, OutcomeMapError):
        return [*assets]
    return [asset.map_asset_specs(lambda spec: _with_rules(spec, rules)) for asset in assets]


def _with_rules(spec: dg.AssetSpec, rules: str) -> dg.AssetSpec:
    """The spec with the rules in its code version; a table that is loaded from a file alone follows no rules."""
    return spec.replace_attributes(code_version=f"{rules} sql {spec.code_version}") if spec.deps else spec
