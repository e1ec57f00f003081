"""The asset graph equals a reviewed file, and loading it needs no settings and sends no request."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.commands.instance import PROJECT
from cleargrid_assets.definitions import build_definitions, definitions
from cleargrid_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

SNAPSHOT = Path(__file__).with_name("asset_graph.json")


def names(keys: Iterable[dg.AssetKey]) -> list[str]:
    return sorted(key.to_user_string() for key in keys)


def graph() -> dict[str, Any]:
    """The asset graph as a reviewer reads it."""
    resolved = build_definitions(Settings({})).resolve_asset_graph()
    described = {}
    for key in sorted(resolved.get_all_asset_keys()):
        node = resolved.get(key)
        described[key.to_user_string()] = {
            "group": node.group_name,
            "monthly": node.partitions_def is not None,
            "computed": node.is_materializable,
            "deps": names(node.parent_keys),
            "blocking checks": sorted(check.name for check in node.check_keys if resolved.get(check).blocking),
            "other checks": sorted(check.name for check in node.check_keys if not resolved.get(check).blocking),
            "checks that read other assets": {
                check.name: names(resolved.get(check).parent_entity_keys - {key})
                for check in sorted(node.check_keys)
                if resolved.get(check).parent_entity_keys - {key}
            },
        }
    return described


def test_the_asset_graph_is_the_reviewed_one() -> None:
    """`python -m cleargrid_assets_tests.project.test_definitions` updates the file; review its diff."""
    assert graph() == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def test_definitions_load_with_no_variable_set_and_send_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("loading the definitions opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    dg.Definitions.validate_loadable(definitions())


def test_definitions_load_without_the_libraries_that_only_runs_need() -> None:
    code = "import sys, cleargrid_assets.definitions as code; code.definitions(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    slow = {
        "duckdb",
        "jinja2",
        "msgspec",
        "pandas",
        "pyarrow",
        "requests",
        "sqlglot",
        "dagster._core.execution.backfill",
    }
    assert slow & set(done.stdout.split()) == set()


def test_bad_settings_that_only_runs_need_do_not_keep_the_definitions_from_loading() -> None:
    bad = dict.fromkeys(
        ("ENVIRONMENT", "BASE_URL", "PAGE_SIZE", "CONCURRENCY", "TRAILING_MONTHS", "ALERT_WEBHOOK"), "?"
    )
    settings = Settings({f"CLEARGRID_{name}": value for name, value in bad.items()})
    dg.Definitions.validate_loadable(build_definitions(settings))


def test_the_instance_retries_crashes_only_ends_orphans_and_frees_the_slots_of_dead_runs(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_bytes((PROJECT / "dagster.yaml").read_bytes())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.run_retries_enabled
        assert instance.run_retries_max_retries == 3
        assert not instance.run_retries_retry_on_asset_or_op_failure
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_max_runtime_seconds == 4 * 60 * 60
        assert instance.get_settings("run_monitoring")["free_slots_after_run_end_seconds"] > 0
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(graph(), indent=2) + "\n", encoding="utf-8")
