"""A column of a lender's own table says what it is made of, where sqlglot is installed to read its SQL."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.marts import marts_of
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.column_lineage import column_lineage
from cleargrid_assets_tests.assets.example_marts import BEST_MONTH, PROMISES

if TYPE_CHECKING:
    from pathlib import Path

ATTEMPTS, LOADS, KPIS = "core.contact_attempts", "raw.d23_loads", "analytics.kpi_monthly"
HEAD = "-- What the weekly review wants.\n-- Grain: month\n-- Inputs: {inputs}\n"
TRACED_BY_HAND = {
    "a count of rows": (ATTEMPTS, f"count(*) AS found FROM {ATTEMPTS} GROUP BY ALL", {f"{ATTEMPTS}.public_id"}),
    "a macro": (
        ATTEMPTS,
        f"wilson_lo(count(*) FILTER (WHERE is_rpc), sum(is_contact::INT)) AS found FROM {ATTEMPTS} GROUP BY ALL",
        {f"{ATTEMPTS}.is_rpc", f"{ATTEMPTS}.is_contact", f"{ATTEMPTS}.public_id"},
    ),
    "a view of views": (LOADS, "load_number AS found FROM raw.last_loads", {f"{LOADS}.load_number"}),
    "a view of figures": (KPIS, "value AS found FROM analytics.kpi_monthly_total", {f"{KPIS}.value"}),
    "a condition": (KPIS, f"value AS found FROM {KPIS} WHERE slice = 'all' AND metric = 'x'", {f"{KPIS}.value"}),
    "a table of its own": (
        KPIS,
        f"found FROM (WITH k AS (SELECT month, value AS v, v * 2 AS found FROM {KPIS}) SELECT month, found FROM k)",
        {f"{KPIS}.value"},
    ),
    "capitals and quotes": (ATTEMPTS, f'"outcome" AS "Found" FROM {ATTEMPTS}', {f"{ATTEMPTS}.outcome"}),
    "rows of no table": (ATTEMPTS, f"(SELECT count(*) FROM range(3)) AS found FROM {ATTEMPTS}", set()),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "marts"
    path.mkdir()
    return path


def lineage_of(folder: Path, name: str) -> dict[str, set[str]]:
    (table,) = (each for each in marts_of(Settings({"CLEARGRID_MARTS": str(folder)})).tables if each.name == name)
    return {column: {source.qualified_name for source in sources} for column, sources in column_lineage(table).items()}


@pytest.mark.parametrize(("inputs", "select", "sources"), TRACED_BY_HAND.values(), ids=TRACED_BY_HAND)
def test_a_column_is_made_of_what_a_person_traces_by_hand(
    folder: Path, inputs: str, select: str, sources: set[str]
) -> None:
    (folder / "a.sql").write_text(HEAD.format(inputs=inputs) + f"SELECT month, {select}")
    found = {column.lower(): made_of for column, made_of in lineage_of(folder, "a").items()}
    assert found == {"month": {f"{inputs}.month"}} | ({"found": sources} if sources else {})


def test_the_ui_shows_the_lineage_types_and_meanings_of_a_marts_columns(folder: Path) -> None:
    (folder / "promises.sql").write_text(PROMISES)
    (folder / "best_month.sql").write_text(BEST_MONTH)
    graph = build_definitions(Settings({"CLEARGRID_MARTS": str(folder)})).resolve_asset_graph()
    by_month, whole = (graph.get(dg.AssetKey(["marts", name])).metadata for name in ("promises", "best_month"))
    attempts, promises = (dg.AssetKey(path) for path in (["core", "contact_attempts"], ["marts", "promises"]))
    assert by_month["dagster/column_lineage"].deps_by_column == {
        "month": [dg.TableColumnDep(attempts, "month")],
        "interaction_source": [dg.TableColumnDep(attempts, "interaction_source")],
        "promises": [dg.TableColumnDep(attempts, name) for name in ("in_scope", "is_promise", "public_id")],
    }
    assert whole["dagster/column_lineage"].deps_by_column["promises"] == [dg.TableColumnDep(promises, "promises")]
    columns = by_month["dagster/column_schema"].columns
    assert [(column.name, column.type) for column in columns] == [
        ("month", "DATE"), ("interaction_source", "VARCHAR"), ("promises", "BIGINT"), ("rules_version", "VARCHAR"),
    ]  # fmt: skip
    assert columns[2].description == "Promises to pay made in the month."


def test_sql_that_sqlglot_does_not_follow_makes_a_mart_without_column_lineage(folder: Path) -> None:
    (folder / "a.sql").write_text(
        HEAD.format(inputs=ATTEMPTS) + f"PIVOT (SELECT month, communication_type FROM {ATTEMPTS}) "
        "ON communication_type IN ('CALL', 'SMS') USING count(*) GROUP BY month"
    )
    assert lineage_of(folder, "a") == {}


def test_without_sqlglot_a_mart_has_no_column_lineage(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    (folder / "promises.sql").write_text(PROMISES)
    assert lineage_of(folder, "promises") == {}
    graph = build_definitions(Settings({"CLEARGRID_MARTS": str(folder)})).resolve_asset_graph()
    assert "dagster/column_lineage" not in graph.get(dg.AssetKey(["marts", "promises"])).metadata
