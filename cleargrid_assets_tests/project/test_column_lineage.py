"""Every computed column says which columns it is made of, as derived from the SQL files and as traced by hand."""

from __future__ import annotations

import csv

import dagster as dg
import pytest

from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.catalog import TABLES
from cleargrid_assets.tables.column_lineage import FILE, column_lineage
from cleargrid_assets.tables.core import CORE_TABLES
from cleargrid_assets_tests.project.column_lineage import derived_file, macros

ATTEMPTS, LOADS = "core.contact_attempts", "raw.d23_loads"
TRACED_BY_HAND = {
    # in_scope => is_in_scope(is_active), a macro, over the raw rows
    "core.contact_attempts.in_scope": {"raw.d23_manual_communication_logs.is_active"},
    # coalesce(spelling.outcome, 'unmapped'), through the join to the classified spellings
    "core.contact_attempts.outcome": {"core.outcome_spellings.outcome"},
    "core.contact_attempts.log_lag_seconds": {
        "raw.d23_manual_communication_logs.communicated_at",
        "raw.d23_manual_communication_logs.created_at",
    },
    # the view raw.version_loads: max(load_number)
    "analytics.ptp_vintage.load_number": {f"{LOADS}.load_number"},
    # the view raw.month_versions over raw.changing_loads, with its three SELECTs over two tables
    "core.contact_attempts.load_number": {"raw.d23_loads.load_number", "raw.d23_changes.load_number"},
    # wilson_lo(rpc, contacts) of two counts with a FILTER
    "analytics.agent_productivity.rpc_per_contact_lo": {
        f"{ATTEMPTS}.is_rpc",
        f"{ATTEMPTS}.is_contact",
        f"{ATTEMPTS}.public_id",
    },
    # the profile's clock decides the local time, which is compared with the shipped hours
    "analytics.calling_hours.outside_early": {
        f"{ATTEMPTS}.communicated_at",
        f"{ATTEMPTS}.public_id",
        "core.calling_hours_profiles.timezone",
        "core.calling_hours_profiles.start",
    },
    # loaded_at >= until of the last load by number
    "analytics.kpi_monthly.status": {f"{LOADS}.loaded_at", f"{LOADS}.until", f"{LOADS}.load_number"},
    # the value that the month before has in the same table
    "analytics.kpi_monthly.prev_value": {"analytics.kpi_monthly.value"},
    # count(*) over rows that have public_id as their key, divided by another one
    "analytics.unmapped_outcomes.share": {f"{ATTEMPTS}.public_id"},
    "raw.d23_manual_communication_logs.month": {"cleargrid.d23.communicated_at"},
}
WITHOUT_SOURCES = {"rules_version", "outcome_map_version"}
GRAPH = build_definitions(Settings({})).resolve_asset_graph()


def test_the_checked_in_lineage_is_what_the_sql_files_say_now() -> None:
    """`python -m cleargrid_assets_tests.project.column_lineage` updates it; then update the data dictionary."""
    assert FILE.read_text(encoding="utf-8") == derived_file()


@pytest.mark.parametrize("column", TRACED_BY_HAND)
def test_a_column_is_made_of_what_a_person_traces_by_hand(column: str) -> None:
    table, _, name = column.rpartition(".")
    sources = column_lineage(TABLES[table])[name]
    assert {source.qualified_name for source in sources} == TRACED_BY_HAND[column]


def test_every_column_that_is_computed_from_rows_names_its_sources() -> None:
    computed = [table for table in (*CORE_TABLES, *ANALYTICS_TABLES) if column_lineage(table)]
    assert len(computed) == 10
    missing = {
        f"{table.qualified_name}.{column}"
        for table in computed
        for column in table.column_names
        if column not in column_lineage(table) and column not in WITHOUT_SOURCES
    }
    assert missing == set()


def test_every_source_is_a_column_that_exists() -> None:
    with FILE.open(encoding="utf-8") as file:
        names = {name for row in csv.DictReader(file) for name in row["made_of"].split()}
    columns = {f"{table.qualified_name}.{column}" for table in TABLES.values() for column in table.column_names}
    assert {name for name in names - columns if not name.startswith("cleargrid.")} == set()


def test_a_macro_uses_its_arguments_and_nothing_else_so_that_a_call_names_every_column() -> None:
    assert len(macros()) > 5
    assert {name for name, (parameters, names) in macros().items() if parameters != names} == set()


def test_every_computed_asset_has_its_column_lineage_as_metadata() -> None:
    key = dg.AssetKey(["analytics", "ptp_vintage"])
    lineage = GRAPH.get(key).metadata["dagster/column_lineage"].deps_by_column
    assert lineage["age_days"] == [
        dg.TableColumnDep(dg.AssetKey(["raw", "d23_loads"]), name) for name in ("load_number", "loaded_at", "until")
    ]
    with_lineage = {key for key in GRAPH.get_all_asset_keys() if "dagster/column_lineage" in GRAPH.get(key).metadata}
    tables = {dg.AssetKey(table.key) for table in TABLES.values() if column_lineage(table)}
    assert with_lineage == tables & GRAPH.get_all_asset_keys()


def test_column_lineage_names_only_assets_of_the_graph() -> None:
    lineages = [GRAPH.get(key).metadata.get("dagster/column_lineage") for key in GRAPH.get_all_asset_keys()]
    deps = [dep for lineage in lineages if lineage for deps in lineage.deps_by_column.values() for dep in deps]
    assert {dep.asset_key for dep in deps} - GRAPH.get_all_asset_keys() == set()
