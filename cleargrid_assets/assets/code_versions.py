"""Gives each computed asset its code version for the UI: its own files and the rules in force.

What is computed again follows from `staleness`; the code version marks the same assets in the lineage. The digests of
files and the rules are in `rules_version`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.client import SettingsError
from cleargrid_assets.outcome_map import OutcomeMapError
from cleargrid_assets.rules_version import rules_in_force

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dagster as dg

    from cleargrid_assets.settings import Settings


def with_code_versions(assets: Sequence[dg.AssetsDefinition], settings: Settings) -> list[dg.AssetsDefinition]:
    """The assets with the rules in their code versions, unless the rules cannot be read: a run then says why."""
    try:
        rules = rules_in_force(settings)
    except (SettingsError, OutcomeMapError):
        return [*assets]
    return [asset.map_asset_specs(lambda spec: _with_rules(spec, rules)) for asset in assets]


def _with_rules(spec: dg.AssetSpec, rules: str) -> dg.AssetSpec:
    """The spec with the rules in its code version; a table that is loaded from a file alone follows no rules."""
    return spec.replace_attributes(code_version=f"{rules} sql {spec.code_version}") if spec.deps else spec
