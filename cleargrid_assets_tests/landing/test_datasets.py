"""A second dataset is off by default; switched on, it is part of the warehouse, jobs, checks and commands."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import dagster as dg
import pytest
from click.testing import CliRunner

from cleargrid_assets.client import Dataset, SettingsError
from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.commands.doctor import EXIT_CODES
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.jobs import REFRESH_MONTH
from cleargrid_assets.landing.rows import RowConverter
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.d21 import D21
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.warehouse.copying import move, snapshot_of
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.automation.ledger_builder import StandingClock
from cleargrid_assets_tests.landing.communication_logs import BOTH, D21_LOGS, TABLES, landed, load, row, serve, truth
from cleargrid_assets_tests.landing.rows_of_may import MAY as MAY_WINDOW
from cleargrid_assets_tests.platform_under_test import LOGS, failure_of_step

pytestmark = pytest.mark.slow

APRIL = "2026-04-01"
ARRIVED, IN_ORDER = "the_last_closed_month_arrived", "every_month_is_in_order"


@pytest.fixture
def platform(start_platform):
    """The platform with both datasets."""
    return start_platform(variables=BOTH)


def test_both_datasets_share_a_warehouse_and_neither_disturbs_the_other(platform):
    assert platform.load().success
    logs, loads = platform.landed(), platform.query("SELECT * FROM raw.d23_loads")
    assert load(platform).success
    assert (platform.landed(), platform.query("SELECT * FROM raw.d23_loads")) == (logs, loads)
    assert landed(platform) == truth(platform)
    assert platform.query("SELECT count(*) FROM raw.warehouse_identity") == [(1,)]
    elsewhere = load(platform.with_variables(CLEARGRID_TIMEZONE="Asia/Dubai"))
    assert failure_of_step(elsewhere)["error"] == "WarehouseIdentityError"


def test_the_daily_job_reads_both_and_a_lender_without_d21_still_gets_d23(platform):
    assert platform.refresh().success
    assert (platform.landed(), landed(platform)) == (platform.truth(), truth(platform))
    platform.emulator.api.communications = None
    run = platform.refresh(APRIL)
    failure = failure_of_step(run)
    assert (failure["error"], "D21" in failure["description"]) == ("DatasetUnavailableError", True)
    assert platform.landed(APRIL) == platform.truth(APRIL)
    assert platform.query("SELECT count(*) > 0 FROM core.contact_attempts WHERE month = ?", [APRIL]) == [(True,)]
    assert (landed(platform, APRIL), landed(platform)) == ([], truth(platform))


def test_it_is_off_by_default_and_leaves_no_trace(start_platform):
    platform = start_platform()
    assert platform.refresh().success
    graph = platform.definitions.resolve_asset_graph()
    names = [*graph.get_all_asset_keys(), *graph.asset_check_keys]
    assert [name for name in names if "d21" in str(name)] == []
    assert platform.query(TABLES) == []
    assert platform.query("SELECT view_name FROM duckdb_views() WHERE contains(view_name, 'd21')") == []
    assert [request for request in platform.emulator.requests if "D21" in request.path] == []


def test_a_warehouse_gets_its_tables_when_it_is_switched_on_and_keeps_them_when_it_is_switched_off(start_platform):
    platform = start_platform()
    assert platform.load().success
    before = platform.landed()
    both = platform.with_variables(**BOTH)
    assert load(both).success
    assert (both.landed(), landed(both)) == (before, truth(both))
    version = both.version()
    off = both.with_variables(CLEARGRID_DATASETS="D23")
    assert off.query("SELECT count(*) FROM raw.d21_loads") == [(1,)]
    assert both.query("SELECT count(*) FROM raw.d21_loads") == [(1,)]
    assert both.version() == version  # neither undoes the other's tables


def test_the_cursor_field_of_the_declaration_decides_the_month_and_is_in_the_sql_of_its_checks():
    fields = tuple(column for column in D21.fields if column.name != "communicated_at")
    events = replace(D21, export=Dataset("S2", "D05", "created_at"), fields=fields)
    rows = [row(1), row(2, created_at="2026-06-01T00:00:00.000Z"), row(3, communicated_at="never")]
    batch = RowConverter(events).convert(rows, MAY_WINDOW)
    assert batch.rows.num_rows == 2
    assert [bad.reasons for bad in batch.quarantined] == [("outside_window:created_at",)]
    sql = "SELECT max(communicated_at) FROM raw.d23_manual_communication_logs, raw.d23_loads_of_mine"
    assert events.adapt(sql, written_for=D23) == (
        "SELECT max(created_at) FROM raw.d05_communication_logs, raw.d23_loads_of_mine"
    )


def test_its_freshness_is_a_question_of_its_own(start_platform):
    platform = start_platform(variables={**BOTH, "CLEARGRID_START_MONTH": "2026-05"})
    assert platform.load().success
    clock = StandingClock(datetime(2026, 6, 10, tzinfo=UTC))
    job = build_definitions(platform.settings, {"clock": clock}).resolve_job_def("check_months")

    def run_arrival_check():
        checks = job.execute_in_process(instance=platform.instance).get_asset_check_evaluations()
        return {check.asset_key.path[1]: check for check in checks if check.check_name == ARRIVED}

    before = run_arrival_check()
    assert {name: check.passed for name, check in before.items()} == {"d23_loads": True, "d21_loads": False}
    assert "2026-05 has ended but was never read" in before["d21_loads"].description
    assert load(platform).success
    assert all(check.passed for check in run_arrival_check().values())


def test_a_month_of_d21_whose_run_failed_is_not_in_order(start_platform):
    platform = start_platform(variables={**BOTH, "CLEARGRID_START_MONTH": "2026-05"})
    serve(platform, [row(1), row(2, status=7)])
    assert not load(platform).success
    clock = StandingClock(datetime(2026, 5, 31, tzinfo=UTC))
    job = build_definitions(platform.settings, {"clock": clock}).resolve_job_def("check_months")
    checks = job.execute_in_process(instance=platform.instance).get_asset_check_evaluations()
    (check,) = (check for check in checks if (check.asset_key.path[1], check.check_name) == ("d21_loads", IN_ORDER))
    (listed,) = check.metadata["months"].records
    assert (check.passed, listed.data["state"]) == (False, "failed")
    assert "quarantined_rows_are_within_the_limit of raw/d21_communication_logs" in listed.data["why"]


def test_moving_a_warehouse_takes_its_rows_along_and_gives_other_targets_no_tables(platform, tmp_path):
    assert platform.load().success
    first = Warehouse(str(tmp_path / "first.duckdb"))
    list(move(platform.warehouse, first, may_overwrite=False))
    with first.reading() as connection:
        assert connection.execute(TABLES).fetchall() == []
    assert load(platform).success
    second = Warehouse(str(tmp_path / "second.duckdb"))
    list(move(platform.warehouse, second, may_overwrite=False))
    assert snapshot_of(second) == snapshot_of(platform.warehouse)
    moved = platform.with_variables(CLEARGRID_WAREHOUSE=second.address)
    assert landed(moved) == truth(platform)


def test_the_doctor_asks_for_a_page_of_each_dataset(platform):
    run = CliRunner(env=dict(platform.variables)).invoke(cleargrid, ["doctor"], catch_exceptions=False)
    assert run.exit_code == 0
    assert re.search(r"page +ok, \d+ rows of 10 minutes of yesterday, \d+ of D21", run.output)
    platform.emulator.api.communications = None
    run = CliRunner(env=dict(platform.variables)).invoke(cleargrid, ["doctor"], catch_exceptions=False)
    assert run.exit_code == EXIT_CODES["page"]
    assert re.search(r"page +FAILED.*D21.*Ask ClearGrid whether the dataset is available to this lender", run.output)


def test_its_assets_checks_and_place_in_the_jobs_are_those_of_a_dataset():
    definitions = build_definitions(Settings(BOTH))
    graph = definitions.resolve_asset_graph()
    tables = {dg.AssetKey(table.key) for table in D21.tables}
    assert {key for key in graph.get_all_asset_keys() if "d21" in str(key)} == {
        *tables, dg.AssetKey(["cleargrid", "d21"])
    }  # fmt: skip
    assert D21_LOGS in definitions.resolve_job_def(REFRESH_MONTH).asset_layer.executable_asset_keys
    d21, d23 = ({check.name for check in graph.get_check_keys_for_assets({key})} for key in (D21_LOGS, LOGS))
    assert d21 - d23 == {"channels_directions_and_statuses_are_known", "no_duration_is_negative"}
    assert d23 - d21 == {"channels_and_sources_are_known"}
    ledgers = {key: {check.name for check in graph.get_check_keys_for_assets({key})} for key in tables}
    assert ledgers[dg.AssetKey(D21.loads.key)] >= {"the_last_closed_month_arrived", "every_month_is_in_order"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("D23,D99", "'D99' is none of D23, D21"),
        ("d21,D23", "'d21' is none of D23, D21"),
        ("D21", "add D23, from which every figure is computed"),
        ("D23,", "'' is none of D23, D21"),
    ],
)
def test_a_wrong_list_of_datasets_gets_one_clear_sentence(text, sentence):
    with pytest.raises(SettingsError, match=rf"CLEARGRID_DATASETS is '{text}'.*{sentence}$"):
        _ = Settings({"CLEARGRID_DATASETS": text}).datasets


def test_the_order_and_spaces_of_the_list_do_not_matter():
    assert Settings({"CLEARGRID_DATASETS": " D21 , D23 "}).datasets == (D23, D21)
    assert Settings({}).datasets == (D23,)
