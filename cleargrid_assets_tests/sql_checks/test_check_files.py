"""The head of a check's file decides its severity and description; every file in the folder becomes a check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.settings import Settings
from cleargrid_assets.sql_checks import SqlCheck, check, check_result, read_checks, read_raw_checks
from cleargrid_assets.sql_checks.check import FOLDER, Violations
from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.catalog import DATASETS
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS, CORE_TABLES
from cleargrid_assets.tables.d23 import D23

if TYPE_CHECKING:
    from pathlib import Path

RAW_CHECKS = [each for dataset in DATASETS.values() for each in read_raw_checks(dataset)]
CHECKS = [*RAW_CHECKS, *read_checks("core"), *read_checks("analytics")]
HEAD = """-- Finds odd rows. The check passes if there are none.
-- Severity: {}
-- To do: load the
-- month again.
-- In a DuckDB shell: paste.
"""
WARNING = HEAD.format("WARN")
BROKEN_HEADS = [
    "",
    HEAD.format("error"),
    WARNING.replace("To do", "Advice"),
    WARNING.replace("-- Severity: WARN\n", ""),
]


def write(folder: Path, table: str, text: str = WARNING + "SELECT 1") -> None:
    path = folder / table / "no_row_is_odd.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that replaces `sql_checks`."""
    monkeypatch.setattr(check, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.parametrize("sql_check", CHECKS, ids=lambda sql_check: f"{sql_check.table.name}-{sql_check.name}")
def test_every_check_says_what_to_do_when_it_fails(sql_check: SqlCheck) -> None:
    assert len(sql_check.to_do) > 25


def test_every_file_is_a_check() -> None:
    assert {path.stem for path in FOLDER.glob("**/*.sql")} == {sql_check.name for sql_check in CHECKS}


def test_dagster_knows_each_check_with_its_head() -> None:
    graph = build_definitions(Settings({})).resolve_asset_graph()
    for sql_check in (*read_raw_checks(D23), *read_checks("core"), *read_checks("analytics")):
        node = graph.get(dg.AssetCheckKey(sql_check.asset_key, sql_check.name))
        assert node.blocking == sql_check.is_blocking
        assert node.description == sql_check.description


@pytest.mark.parametrize(
    ("text", "severity", "is_blocking"),
    [
        ("ERROR, blocking", dg.AssetCheckSeverity.ERROR, True),
        ("ERROR", dg.AssetCheckSeverity.ERROR, False),
        ("WARN", dg.AssetCheckSeverity.WARN, False),
    ],
)
def test_the_head_says_how_severe_a_failure_is_and_what_to_do(
    text: str, *, severity: dg.AssetCheckSeverity, is_blocking: bool
) -> None:
    sql_check = SqlCheck.parse("no_row_is_odd", CONTACT_ATTEMPTS, HEAD.format(text) + "SELECT 1")
    assert (sql_check.severity, sql_check.is_blocking) == (severity, is_blocking)
    result = check_result(sql_check, Violations(1, ("month",), (("2026-05",),)))
    assert result.severity is severity
    assert result.description == (
        "Does not hold: no row is odd (1 offending row; the first are listed). To do: load the month again."
    )


@pytest.mark.parametrize("table", ["core/contact_attempts", "raw/d23_manual_communication_logs", "raw"])
def test_a_new_file_becomes_a_check(folder: Path, table: str) -> None:
    write(folder, table)
    keys = build_definitions(Settings({})).resolve_asset_graph().asset_check_keys
    assert "no_row_is_odd" in {key.name for key in keys}


def test_a_datasets_own_check_replaces_the_common_one(folder: Path) -> None:
    write(folder, "raw")
    write(folder, f"raw/{D23.rows.name}", HEAD.format("ERROR") + "SELECT 2")
    (sql_check,) = read_raw_checks(D23)
    assert sql_check.severity is dg.AssetCheckSeverity.ERROR


@pytest.mark.parametrize("head", BROKEN_HEADS)
def test_a_file_whose_head_lacks_a_part_is_refused_with_the_grammar(head: str) -> None:
    with pytest.raises(ValueError, match=r"check no_row_is_odd on core\.contact_attempts: its first lines must be"):
        SqlCheck.parse("no_row_is_odd", CONTACT_ATTEMPTS, head + "SELECT 1")


def test_a_file_in_a_folder_that_is_no_table_is_refused(folder: Path) -> None:
    write(folder, "core/contacts")
    with pytest.raises(ValueError, match="its folder must be named after a table"):
        read_checks("core")


def test_the_check_of_the_rules_watches_every_monthly_table_that_can_be_computed_again() -> None:
    (check,) = [check for check in CHECKS if check.name == "every_month_follows_the_current_rules"]
    watched = set(re.findall(r"\bFROM ((?:core|analytics)\.\w+)", check.sql))
    computed = {table for table in ANALYTICS_TABLES + CORE_TABLES if table.is_partitioned and not table.is_history}
    assert watched == {table.qualified_name for table in computed}
