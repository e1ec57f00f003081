"""The head of a check's file decides its severity and description; every file in the folder becomes a check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import dagster as dg
import duckdb
import pytest

from cleargrid_assets.asset_keys import UNPREFIXED
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.settings import Settings
from cleargrid_assets.sql_checks import SqlCheck, check, check_result, read_checks, read_raw_checks
from cleargrid_assets.sql_checks.check import FOLDER, Violations
from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.catalog import DATASETS
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS, CORE_TABLES
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets_tests.project.column_lineage import tables_read

if TYPE_CHECKING:
    from pathlib import Path

RAW_CHECKS = [each for dataset in DATASETS.values() for each in read_raw_checks(dataset)]
DERIVED_CHECKS = [*read_checks("core"), *read_checks("analytics")]
CHECKS = [*RAW_CHECKS, *DERIVED_CHECKS]
GRAPH = build_definitions(Settings({})).resolve_asset_graph()
HEAD = """-- Finds odd rows. The check passes if there are none.
-- Severity: {}
-- To do: load the
-- month again.
-- In a DuckDB shell: paste.
"""
WARNING = HEAD.format("WARN")
OBSERVED_SQL = "SELECT 0.0094::DOUBLE AS share, 0.01::DOUBLE AS allowed, TRUE AS holds"
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


@pytest.mark.parametrize("sql_check", DERIVED_CHECKS, ids=lambda sql_check: f"{sql_check.table.name}-{sql_check.name}")
def test_dagster_knows_which_other_tables_a_check_reads(sql_check: SqlCheck) -> None:
    others = tables_read(sql_check.sql) - {sql_check.table.qualified_name}
    key = UNPREFIXED.table(sql_check.table)
    node = GRAPH.get(dg.AssetCheckKey(key, sql_check.name))
    assert {".".join(parent.path) for parent in node.parent_entity_keys - {key}} == others


def test_every_file_is_a_check() -> None:
    assert {path.stem for path in FOLDER.glob("**/*.sql")} == {sql_check.name for sql_check in CHECKS}


def test_dagster_knows_each_check_with_its_head() -> None:
    for sql_check in (*read_raw_checks(D23), *DERIVED_CHECKS):
        node = GRAPH.get(dg.AssetCheckKey(UNPREFIXED.table(sql_check.table), sql_check.name))
        assert node.blocking == sql_check.is_blocking
        assert node.description == sql_check.description


def test_the_ui_shows_what_a_check_finds_its_severity_and_what_to_do_in_paragraphs() -> None:
    sql_check = SqlCheck.parse("no_row_is_odd", CONTACT_ATTEMPTS, HEAD.format("ERROR, blocking") + "SELECT 1")
    assert sql_check.description == (
        "Finds odd rows. The check passes if there are none.\n\n"
        "**Severity**: ERROR, blocking\n\n"
        "**To do**: load the month again."
    )


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
        "Does not hold: no row is odd (1 offending row; the check's page in Dagster shows the first). To do: "
        "load the month again."
    )


def test_a_check_that_passes_states_the_observed_value_and_the_limit() -> None:
    head = WARNING.replace("-- In a DuckDB", "-- Observed: {share:.2%} of\n-- {allowed:.0%}.\n-- In a DuckDB")
    sql_check = SqlCheck.parse("no_row_is_odd", CONTACT_ATTEMPTS, head + OBSERVED_SQL)
    assert "Observed" not in sql_check.description
    with duckdb.connect() as connection:
        result = check_result(sql_check, sql_check.find_violations(connection, {}))
    assert result.description == "Holds: no row is odd. 0.94% of 1%."
    values = {name: value.value for name, value in result.metadata.items()}
    assert values == {"offending_rows": 0, "share": 0.0094, "allowed": 0.01}


def test_of_a_check_that_fails_the_rows_that_hold_are_neither_counted_nor_listed() -> None:
    head = WARNING.replace("-- In a DuckDB", "-- Observed: {share:.2%}.\n-- In a DuckDB")
    rows = f"{OBSERVED_SQL} UNION ALL SELECT 0.02, 0.01, FALSE UNION ALL SELECT 0.03, 0.01, NULL"
    sql_check = SqlCheck.parse("no_row_is_odd", CONTACT_ATTEMPTS, head + rows)
    with duckdb.connect() as connection:
        violations = sql_check.find_violations(connection, {})
    assert (violations.count, violations.columns, violations.observed) == (2, ("share", "allowed"), {})
    assert [row[0] for row in violations.examples] == [0.02, 0.03]


@pytest.mark.parametrize("sql_check", CHECKS, ids=lambda sql_check: f"{sql_check.table.name}-{sql_check.name}")
def test_a_check_selects_the_rows_that_hold_exactly_if_it_states_what_it_observed(sql_check: SqlCheck) -> None:
    assert bool(sql_check.observed) == (" AS holds\n" in sql_check.sql)


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
