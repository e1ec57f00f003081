"""Whatever is wrong with a mart is one sentence when definitions load: the file, what is wrong, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.marts import MartError, marts_of
from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.assets.example_marts import BEST_MONTH, CHECK, LARGE, OBSERVED, PROMISES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "marts"
    path.mkdir()
    return path


def problem(folder: Path, marts: Mapping[str, str]) -> str:
    for name, text in marts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(MartError) as error:
        build_definitions(Settings({"CLEARGRID_MARTS": str(folder)}))
    assert "\n" not in str(error.value)
    return str(error.value)


HEADLESS = "SELECT 1 AS number"
LATE = """-- Every pool of every month.
-- Grain: month, interaction_source
-- Inputs: marts.best_month
SELECT DATE '2026-05-01' AS month, interaction_source FROM marts.best_month
"""
BAD: dict[str, tuple[dict[str, str], str]] = {
    "no head": ({"a.sql": HEADLESS}, "a.sql: its head lacks a description and Grain and Inputs; begin it with"),
    "no grain": (
        {"a.sql": PROMISES.replace("-- Grain: month, interaction_source\n", "")},
        "a.sql: its head lacks Grain; begin",
    ),
    "twice": ({"a.sql": "-- Grain: month\n" + PROMISES}, "a.sql: its head has Grain twice; leave one"),
    "column line": (
        {"a.sql": PROMISES.replace("promises: Promises", "promises Promises")},
        "under Columns is none; write `-- name: meaning`",
    ),
    "unknown input": (
        {"a.sql": PROMISES.replace("Inputs: core.contact_attempts", "Inputs: core.attempts")},
        "a.sql: its input core.attempts is no table; name tables with their schemas, ours as in docs/data_dictionary",
    ),
    "input that is a view": (
        {"a.sql": PROMISES.replace("Inputs: core.contact_attempts", "Inputs: analytics.kpi_monthly_total")},
        "a.sql: its input analytics.kpi_monthly_total is a view; name what it reads instead: analytics.kpi_monthly",
    ),
    "undeclared input": (
        {"a.sql": PROMISES.replace("Inputs: core.contact_attempts", "Inputs: raw.d23_loads")},
        "a.sql: it reads core.contact_attempts; add that to its Inputs",
    ),
    "unread input": (
        {"a.sql": PROMISES.replace("core.contact_attempts\n-- C", "core.contact_attempts, raw.d23_loads\n-- C")},
        "a.sql: it does not read raw.d23_loads; take that out of its Inputs",
    ),
    "cycle": (
        {"promises.sql": LARGE.replace("marts.promises", "marts.large"), "large.sql": LARGE},
        "these marts read each other: ",
    ),
    "name of ours": ({"kpi_monthly.sql": PROMISES}, "kpi_monthly.sql: analytics.kpi_monthly has this name already"),
    "file name": ({"My Mart.sql": PROMISES}, "My Mart.sql: a mart is named after its file; use lower-case letters"),
    "syntax": (
        {"a.sql": PROMISES.replace("SELECT", "SELEC")},
        "a.sql, line 7: DuckDB refuses its SQL: Parser Error: syntax error at or near",
    ),
    "unknown column": (
        {"a.sql": PROMISES.replace("is_promise AND", "is_kept AND")},
        'a.sql, line 7: DuckDB refuses its SQL: Binder Error: Referenced column "is_kept" not found in FROM',
    ),
    "table without its schema": (
        {"a.sql": PROMISES.replace("FROM core.", "FROM ")},
        'Table with name contact_attempts does not exist. Did you mean "core.contact_attempts"? Correct it',
    ),
    "the run's month": (
        {"a.sql": PROMISES.replace("GROUP", "WHERE month = getvariable('month') GROUP")},
        "a.sql: it reads getvariable('month'), which a mart does not have; leave that condition out",
    ),
    "a variable that nobody sets": (
        {"a.sql": PROMISES.replace("GROUP", "WHERE interaction_source = getvariable('pool') GROUP")},
        "a.sql: it reads getvariable('pool'), which nobody sets; there are timezone, row_scope, ptp_mat",
    ),
    "a variable with a space before its name": (
        {"a.sql": PROMISES.replace("GROUP", "WHERE interaction_source = GetVariable ('Pool') GROUP")},
        "a.sql: it reads getvariable('pool'), which nobody sets",
    ),
    "a variable after dashes in a string": (
        {"a.sql": PROMISES.replace("GROUP", "WHERE interaction_source <> '--' AND getvariable('pool') GROUP")},
        "a.sql: it reads getvariable('pool'), which nobody sets",
    ),
    "two statements": ({"a.sql": PROMISES + "SELECT 2"}, "a.sql: its SQL must be one SELECT and nothing else"),
    "no SELECT": (
        {"a.sql": PROMISES.split("SELECT", maxsplit=1)[0] + "DROP TABLE core.contact_attempts"},
        "a.sql: its SQL must be one SELECT and nothing else",
    ),
    "grain of no column": (
        {"a.sql": PROMISES.replace("Grain: month, interaction_source", "Grain: month, pool")},
        "a.sql: its head names the column pool, which its SELECT does not return",
    ),
    "month outside the grain": (
        {"a.sql": PROMISES.replace("Grain: month, interaction_source", "Grain: interaction_source")},
        "a.sql: its column month is no month; a mart by month has month, a DATE, in its Grain",
    ),
    "month in capitals": (
        {"a.sql": PROMISES.replace("month,", "Month,").replace("SELECT Month,", "SELECT month AS Month,")},
        "a.sql: its column Month is no month; a mart by month has month, a DATE, in its Grain, in lower case",
    ),
    "own rules version in capitals": (
        {"a.sql": PROMISES.replace("SELECT month", "SELECT month, min(rules_version) AS Rules_Version")},
        "a.sql: the column rules_version is added to every mart",
    ),
    "a column that cannot be published": (
        {"a.sql": PROMISES.replace("SELECT month", "SELECT month, [{'a': max(outcome)::VARIANT}] AS any_value")},
        "a.sql: its column any_value is a STRUCT(a VARIANT)[], which cannot be published; cast it to VARCHAR",
    ),
    "a column that no table can have": (
        {"a.sql": PROMISES.replace("SELECT month", "SELECT month, get_type(month) AS kind")},
        "a.sql: DuckDB refuses its SQL: Invalid Input Error: A table cannot be created with a 'TYPE' column. Correct",
    ),
    "own rules version": (
        {"a.sql": PROMISES.replace("SELECT month", "SELECT month, min(rules_version) AS rules_version")},
        "a.sql: the column rules_version is added to every mart",
    ),
    "by month from all months": (
        {"promises.sql": PROMISES, "best_month.sql": BEST_MONTH, "late.sql": LATE},
        "late.sql: it is computed by month and reads marts.best_month, which is computed over all months later",
    ),
    "bad check": (
        {"promises.sql": PROMISES, "promises/wrong.sql": "SELECT 1"},
        "promises/wrong.sql: the check wrong on marts.promises: its first lines must be `-- Finds ...`",
    ),
    "a check of what is not there": (
        {"promises.sql": PROMISES, "promises/wrong.sql": CHECK.replace("promises > 1", "kept > 1")},
        'promises/wrong.sql, line 5: DuckDB refuses its SQL: Binder Error: Referenced column "kept" not found',
    ),
    "a check of a variable that nobody sets": (
        {"promises.sql": PROMISES, "promises/wrong.sql": CHECK.replace("> 1", "> getvariable('limt')")},
        "wrong.sql: it reads getvariable('limt'), which nobody sets; there are timezone, row_scope, ptp_mat",
    ),
    "a check of the month of a mart over all months": (
        {
            "promises.sql": PROMISES,
            "best_month.sql": BEST_MONTH,
            "best_month/wrong.sql": CHECK,
        },
        "best_month/wrong.sql: it reads getvariable('month'), which nobody sets",
    ),
    "a check that observes what it does not select": (
        {"promises.sql": PROMISES, "promises/wrong.sql": OBSERVED.replace("{promises}", "{kept}")},
        "promises/wrong.sql: its `-- Observed: ...` has {kept}; write names of columns of its SELECT in braces",
    ),
    "a check that observes with a brace too many": (
        {"promises.sql": PROMISES, "promises/wrong.sql": OBSERVED.replace("{promises}", "promises}")},
        "promises/wrong.sql: the braces of its `-- Observed: ...` do not match (Single '}' encountered in format",
    ),
    "a check that observes without telling what holds": (
        {"promises.sql": PROMISES, "promises/wrong.sql": OBSERVED.replace("AS holds", "AS is_fine")},
        "promises/wrong.sql: with `-- Observed: ...`, its SELECT returns the rows that hold as well, and a column",
    ),
    "a check's file name": (
        {"promises.sql": PROMISES, "promises/My check.sql": CHECK},
        "promises/My check.sql: a check is named after its file; use lower-case letters, digits and underscores",
    ),
    "two marts of one name": (
        {"promises.sql": PROMISES, "promises.SQL": PROMISES},
        "promises.SQL: promises.sql has the same name; rename or delete one",
    ),
    "two checks of one name": (
        {"promises.sql": PROMISES, "promises/one.sql": CHECK, "promises/one.SQL": CHECK},
        "promises/one.SQL: one.sql has the same name; rename or delete one",
    ),
    "the check that every mart has": (
        {"promises.sql": PROMISES, "promises/every_row_is_alone_in_its_grain.sql": CHECK},
        "promises/every_row_is_alone_in_its_grain.sql: every mart has this check already; rename the file",
    ),
    "a mart in a folder": (
        {"team/promises.sql": PROMISES},
        "team/promises.sql: there is no mart team.sql whose check it could be; put checks into a folder with",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("marts", "sentence"), BAD.values(), ids=BAD)
def test_what_is_wrong_with_a_mart_is_one_sentence(folder: Path, marts: dict[str, str], sentence: str) -> None:
    assert sentence in problem(folder, marts)


GOOD = {
    "empty lines and another case": "\n\n" + PROMISES.replace("Grain:", "grain :"),
    "a comment at its end": PROMISES.rstrip() + " -- that is all\n",
    "a comment of its own at its end": PROMISES.rstrip() + " /* that; is all */ ;\n",
    "two semicolons": PROMISES.rstrip() + ";\n",
    "a string that looks like its end": PROMISES.replace("GROUP", "WHERE outcome <> ';--' GROUP").replace(
        "ALL;", "ALL"
    ),
    "other names for tables": PROMISES.replace("attempts\nGROUP", "attempts AS a\nGROUP"),
    "a join": PROMISES.replace("attempts\nGROUP", "attempts AS a\nJOIN core.contact_attempts AS b USING (month)\nGROUP")
    .replace("interaction_source, count", "a.interaction_source, count")
    .replace("is_promise AND in_scope", "a.is_promise"),
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_a_mart_may_be_written_as_people_write_sql(folder: Path, text: str) -> None:
    (folder / "promises.sql").write_text(text)
    (folder / ".hidden.sql").write_text("what an editor leaves")
    (mart,) = marts_of(Settings({"CLEARGRID_MARTS": str(folder)})).marts
    assert [table.qualified_name for table in mart.inputs] == ["core.contact_attempts"]
    assert mart.table.grain == ("month", "interaction_source")


def test_a_mart_names_the_tables_behind_a_view_and_a_macro(folder: Path) -> None:
    tables = ("raw.d23_manual_communication_logs", "raw.d23_loads", "raw.d23_changes")
    (folder / "a.sql").write_text(
        f"-- Rows as they were.\n-- Grain: month\n-- Inputs: {', '.join(tables)}\n"
        "SELECT month, count(*) AS rows FROM raw.d23_as_of(TIMESTAMP '2026-06-01') GROUP BY ALL"
    )
    (mart,) = marts_of(Settings({"CLEARGRID_MARTS": str(folder)})).marts
    assert tuple(table.qualified_name for table in mart.inputs) == tables


def test_a_file_that_is_none_is_not_said_to_be_in_another_encoding(folder: Path) -> None:
    (folder / "a.sql").symlink_to("nowhere.sql")
    with pytest.raises(MartError, match=r"^a\.sql: it cannot be read \(No such file or directory\); correct"):
        marts_of(Settings({"CLEARGRID_MARTS": str(folder)}))


def test_a_folder_that_the_system_refuses_is_named() -> None:
    with pytest.raises(MartError, match=r"CLEARGRID_MARTS: .*xxx cannot be read \(File name too long\); correct"):
        marts_of(Settings({"CLEARGRID_MARTS": "x" * 300}))


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(MartError, match=r"CLEARGRID_MARTS: there is no folder .*nowhere; create it, or correct"):
        marts_of(Settings({"CLEARGRID_MARTS": str(tmp_path / "nowhere")}))


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "a.sql").write_bytes(b"-- caf\xe9")
    with pytest.raises(MartError, match=r"a\.sql: it cannot be read as UTF-8 text"):
        marts_of(Settings({"CLEARGRID_MARTS": str(folder)}))


def test_an_empty_folder_has_no_marts(folder: Path) -> None:
    assert marts_of(Settings({"CLEARGRID_MARTS": str(folder)})).marts == ()


def test_doctor_says_the_same_without_dagster(folder: Path) -> None:
    (folder / "a.sql").write_text("SELECT 1 AS number")
    variables = {"CLEARGRID_ENVIRONMENT": "emulator", "CLEARGRID_MARTS": str(folder)}
    result = CliRunner(env=variables).invoke(cleargrid, ["doctor"])
    assert result.exit_code != 0
    assert "a.sql: its head lacks a description and Grain and Inputs" in result.output
