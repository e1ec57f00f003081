"""Each computed asset has a code version, which changes with its own files and with the rules in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.rules_version import files_version
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.analytics import METRIC_DEFINITIONS
from cleargrid_assets.tables.core import CALLING_HOURS_PROFILES

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = {"/".join(table.key) for table in (METRIC_DEFINITIONS, CALLING_HOURS_PROFILES)}


def code_versions(**variables: str) -> dict[str, str | None]:
    """The code version of each asset in `core`, `analytics` and `reports`."""
    graph = build_definitions(Settings(variables)).resolve_asset_graph()
    computed = [node for node in graph.asset_nodes if node.key.path[0] in {"core", "analytics", "reports"}]
    return {node.key.to_user_string(): node.code_version for node in computed}


def changed_by(**variables: str) -> set[str]:
    """The assets whose code version depends on these settings."""
    default, changed = code_versions(), code_versions(**variables)
    return {asset for asset in default if default[asset] != changed[asset]}


def test_every_computed_asset_has_a_code_version_of_its_own() -> None:
    versions = code_versions()
    assert None not in versions.values()
    assert len(set(versions.values())) == len(versions) > len(SEEDS)


def test_changed_rules_change_the_code_version_of_all_that_is_computed_under_them(tmp_path: Path) -> None:
    outcome_map = tmp_path / "outcomes.csv"
    outcome_map.write_text("outcome,contact_class,result_class,aliases\nptp,right_party,refusal,PTP\n", "utf-8")
    for variables in (
        {"CLEARGRID_OUTCOMES": str(outcome_map)},
        {"CLEARGRID_ROW_SCOPE": "all"},
        {"CLEARGRID_PTP_MATURITY_DAYS": "45"},
        {"CLEARGRID_TIMEZONE": "Asia/Dubai"},
    ):
        assert changed_by(**variables) == code_versions().keys() - SEEDS


def test_rules_that_cannot_be_read_do_not_keep_the_definitions_from_loading() -> None:
    assert None not in code_versions(CLEARGRID_OUTCOMES="missing.csv", CLEARGRID_ROW_SCOPE="?").values()


def test_a_changed_file_changes_the_version(tmp_path: Path) -> None:
    file = tmp_path / "outcome_mix.sql"
    file.write_text("SELECT 1", encoding="utf-8")
    before = files_version(file)
    file.write_text("SELECT 2", encoding="utf-8")
    assert files_version(file) != before
