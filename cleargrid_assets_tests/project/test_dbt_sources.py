"""`cleargrid export dbt` describes every published table, and dbt itself reads, tests and builds on what it writes.

The tests with dbt install it into an environment of its own: `make test-package` runs them, `pytest` skips them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import yaml
from click.testing import CliRunner

from cleargrid_assets.command_names import executable
from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.tables.catalog import PUBLISHED_TABLES
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.tables.raw import D23_LOADS
from cleargrid_assets_tests.platform_copies import compute_months
from cleargrid_assets_tests.platform_under_test import MAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cleargrid_assets_tests.platform_under_test import Platform

REQUIREMENTS = Path(__file__).parents[2] / "requirements" / "dbt.txt"
MART = """-- The months.
-- Grain: month
-- Inputs: core.contact_attempts
SELECT DISTINCT month, 'A'::ENUM ('A', 'b') AS letter FROM core.contact_attempts
"""
PROJECT = """
name: lender
version: "1.0"
profile: lender
model-paths: [models]
"""
PROFILE = """
lender:
  target: test
  outputs:
    test:
      type: duckdb
      path: lender.duckdb
      attach:
        - path: {database}
          alias: cleargrid
          read_only: true
"""
MODEL = """
{{ config(materialized="table") }}
SELECT month, value FROM {{ source('analytics', 'kpi_monthly') }} WHERE slice = 'all' AND metric = 'ptp_per_rpc'
"""


def export(*arguments: str) -> str:
    result = CliRunner().invoke(cleargrid, ["export", "dbt", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def tables_of(document: str) -> dict[str, Any]:
    return {
        f"{source['schema']}.{table['name']}": table
        for source in yaml.safe_load(document)["sources"]
        for table in source["tables"]
    }


def test_a_file_that_cannot_be_written_to_its_end_is_left_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "sources.yml"
    file.write_text("good\n")
    arguments = ["-c", 'ulimit -f 1; exec "$@"', "sh", executable("cleargrid"), "export", "dbt", "--output", str(file)]
    result = subprocess.run(["bash", *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert f"{file} could not be written (File too large)" in result.stderr
    assert file.read_text() == "good\n"
    assert [*tmp_path.iterdir()] == [file]


@pytest.mark.parametrize(
    ("variables", "file", "sentence"),
    [({"CLEARGRID_MART": "marts"}, b"", "CLEARGRID_MART is not a setting"), ({}, b"\xff", ".env")],
)
def test_settings_that_would_be_ignored_are_refused(variables: dict[str, str], file: bytes, sentence: str) -> None:
    Path(".env").write_bytes(file)
    result = CliRunner(env=variables).invoke(cleargrid, ["export", "dbt"])
    assert result.exit_code == 1
    assert sentence in result.output


def test_every_published_table_and_column_is_described() -> None:
    tables = (*PUBLISHED_TABLES, CONTACT_ATTEMPTS, D23_LOADS)
    described = tables_of(export())
    assert described.keys() == {table.qualified_name for table in tables}
    for table in tables:
        columns = {column["name"]: column["description"] for column in described[table.qualified_name]["columns"]}
        assert columns == {column.name: column.meaning for column in table.columns}
        assert described[table.qualified_name]["description"].startswith(table.meaning)
    (metric, *_) = described["analytics.metric_definitions"]["columns"]
    assert metric["data_tests"] == ["unique", "not_null"]
    (test,) = described["analytics.outcome_mix"]["data_tests"]
    assert test["unique"]["arguments"]["column_name"].startswith('("month", "')
    assert described["raw.d23_loads"]["config"]["freshness"]["error_after"] == {"count": 36, "period": "hour"}


def test_a_lenders_marts_are_described_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "months.sql").write_text(MART)
    monkeypatch.setenv("CLEARGRID_MARTS", str(tmp_path))
    described = tables_of(export())["marts.months"]
    assert described["description"] == "The months. One row per month."
    assert described["columns"][1]["data_type"] == "ENUM('A', 'b')"


def test_a_mart_or_a_file_that_is_wrong_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a file").touch()
    unwritable = CliRunner().invoke(cleargrid, ["export", "dbt", "--output", str(tmp_path / "a file" / "sources.yml")])
    assert unwritable.exit_code == 1
    assert "could not be written (File exists): free disk space or" in unwritable.output
    monkeypatch.setenv("CLEARGRID_MARTS", str(tmp_path / "nowhere"))
    result = CliRunner().invoke(cleargrid, ["export", "dbt"])
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "CLEARGRID_MARTS: there is no folder" in result.output


@pytest.fixture(scope="module")
def dbt(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dbt's command, in a new environment with the versions of `requirements/dbt.txt`."""
    if not request.config.getoption("--package"):
        pytest.skip("make test-package runs it")
    folder = tmp_path_factory.mktemp("dbt")
    install = ["-m", "pip", "install", "--quiet", "--only-binary", ":all:", "--require-hashes"]
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin" / "python", *install, "--requirement", REQUIREMENTS], check=True)
    return folder / "bin" / "dbt"


def test_dbt_reads_tests_and_builds_on_the_sources(
    dbt: Path, start_after: Callable[..., Platform], tmp_path: Path
) -> None:
    platform = start_after(compute_months, MAY)
    assert platform.run_job("refresh_summary").success
    project = tmp_path / "lender"
    database = Path(platform.warehouse.location, "published", "emulator", "cleargrid.duckdb")
    (project / "models").mkdir(parents=True)
    (project / "dbt_project.yml").write_text(PROJECT)
    (project / "profiles.yml").write_text(PROFILE.format(database=database))
    (project / "models" / "promise_rate.sql").write_text(MODEL)
    export("--output", str(project / "models" / "sources.yml"))
    listed = run(dbt, ["ls", "--quiet", "--resource-type", "source", "--output", "name"], project)
    assert len(listed.split()) == len(PUBLISHED_TABLES) + 2
    run(dbt, ["build"], project)
    run(dbt, ["source", "freshness"], project)
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    assert {result["status"] for result in results} <= {"pass", "success"}
    with duckdb.connect(project / "lender.duckdb", read_only=True) as connection:
        assert connection.execute("SELECT value FROM promise_rate").fetchall() == platform.query(
            "SELECT value FROM analytics.kpi_monthly WHERE slice = 'all' AND metric = 'ptp_per_rpc'"
        )


def run(dbt: Path, arguments: Iterable[str], project: Path) -> str:
    """Run dbt without its telemetry; if it fails or warns of what it will refuse some day, so does the test."""
    variables = {**os.environ, "DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    command = [dbt, "--warn-error", *arguments, "--profiles-dir", "."]
    result = subprocess.run(
        command, cwd=project, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert result.returncode == 0, result.stdout
    return result.stdout
