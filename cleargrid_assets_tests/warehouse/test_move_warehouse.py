"""After `cleargrid move-warehouse`, the target equals the source; every run verifies this month by month."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import duckdb
import pytest
from click.testing import CliRunner, Result

from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.jobs import REFRESH_SUMMARY
from cleargrid_assets.settings import Settings
from cleargrid_assets.warehouse.copying import MoveError, move, snapshot_of
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.assets.example_marts import BEST_MONTH, PROMISES
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_copies import compute_months, load_months
from cleargrid_assets_tests.platform_under_test import LOADS, MAY
from cleargrid_assets_tests.postgres_server import PASSWORD
from cleargrid_assets_tests.warehouse_kinds import FILE, KINDS, variables_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform
    from cleargrid_assets_tests.postgres_server import PostgresServer

pytestmark = pytest.mark.slow

APRIL = "2026-04-01"
ROWS = "raw.d23_manual_communication_logs"

between_kinds = pytest.mark.parametrize(
    ("warehouse_variables", "target_kind"), [*((FILE, kind) for kind in KINDS), (KINDS[-1], FILE)], indirect=True
)


def load_april_and_compute_may(platform: Platform) -> None:
    """Two months are landed, one of them with all its derived tables."""
    load_months(platform, APRIL)
    compute_months(platform, MAY)


@pytest.fixture
def loaded_platform(start_after: StartAfter) -> Platform:
    """The platform after that."""
    return start_after(load_april_and_compute_may)


@pytest.fixture
def platform_with_marts(start_after: StartAfter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """May is computed, with a mart by month and one over all months."""
    folder = tmp_path / "marts"
    folder.mkdir()
    (folder / "promises.sql").write_text(PROMISES)
    (folder / "best_month.sql").write_text(BEST_MONTH.replace("AS promises", """AS 'the "best" month'"""))
    monkeypatch.setenv("CLEARGRID_MARTS", str(folder))
    platform = start_after(compute_months, MAY).with_variables(CLEARGRID_MARTS=str(folder))
    compute_months(platform, MAY)
    assert platform.run_job(REFRESH_SUMMARY).success
    return platform


@pytest.fixture
def target_kind(request: pytest.FixtureRequest) -> str:
    return getattr(request, "param", FILE)


@pytest.fixture
def target(target_kind: str, tmp_path: Path, postgres: Callable[[], PostgresServer], monkeypatch) -> Warehouse:
    folder = tmp_path / "target"
    folder.mkdir()
    variables = variables_of(target_kind, folder, postgres)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return WarehouseConnection(Settings(variables)).warehouse()


def run_move(source: Warehouse, target: Warehouse, *options: str) -> Result:
    return CliRunner().invoke(cleargrid, ["move-warehouse", source.address, target.address, *options])


def change(warehouse: Warehouse, statement: str) -> None:
    with warehouse.writing() as connection:
        connection.execute(statement)


@between_kinds
def test_the_target_holds_every_row_of_every_table(loaded_platform: Platform, target: Warehouse) -> None:
    result = run_move(loaded_platform.warehouse, target)
    assert result.exit_code == 0, result.output
    assert snapshot_of(target) == snapshot_of(loaded_platform.warehouse)
    copy = loaded_platform.with_variables(
        CLEARGRID_WAREHOUSE=target.address, CLEARGRID_LAKE_DATA=target.lake_data or ""
    )
    assert copy.landed(MAY) == loaded_platform.truth(MAY)
    assert copy.query("FROM analytics.outcome_mix ORDER BY ALL") == loaded_platform.query(
        "FROM analytics.outcome_mix ORDER BY ALL"
    )
    assert PASSWORD not in result.output


@pytest.mark.parametrize(("warehouse_variables", "target_kind"), [(FILE, FILE), (FILE, KINDS[-1])], indirect=True)
def test_a_lenders_own_marts_are_moved_and_nothing_is_left_to_compute(
    platform_with_marts: Platform, target: Warehouse
) -> None:
    for _ in range(2):
        result = run_move(platform_with_marts.warehouse, target)
        assert result.exit_code == 0, result.output
    assert "copied" not in result.output
    copy = platform_with_marts.with_variables(
        CLEARGRID_WAREHOUSE=target.address, CLEARGRID_LAKE_DATA=target.lake_data or ""
    )
    for mart in ("marts.promises", "marts.best_month"):
        rows = copy.query(f"FROM {mart} ORDER BY ALL")
        assert rows
        assert rows == platform_with_marts.query(f"FROM {mart} ORDER BY ALL")
    assert copy.requested_runs() == []
    comments = "SELECT comment FROM duckdb_columns() WHERE table_name = 'promises' AND column_name = 'promises'"
    assert copy.query(comments) == [("Promises to pay made in the month.",)]


def test_a_mart_that_was_computed_from_another_file_is_left_to_the_sensor(
    platform_with_marts: Platform, target: Warehouse, tmp_path: Path
) -> None:
    run_move(platform_with_marts.warehouse, target)
    changed = PROMISES.replace("AS promises", "AS kept").replace("promises: P", "kept: P")
    (tmp_path / "marts" / "promises.sql").write_text(changed)
    (tmp_path / "marts" / "best_month.sql").unlink()
    result = run_move(platform_with_marts.warehouse, target)
    assert result.exit_code == 0, result.output
    assert "marts.promises" not in result.output
    assert "nor a file in CLEARGRID_MARTS makes them: marts.best_month" in result.output
    copy = platform_with_marts.with_variables(CLEARGRID_WAREHOUSE=target.address)
    (request,) = copy.requested_runs()
    assert copy.run_job(request.job_name, request.partition_key, request.tags).success
    assert copy.query("SELECT count(kept) > 0 FROM marts.promises") == [(True,)]


@between_kinds
def test_the_next_load_of_a_month_that_was_moved_is_a_re_read(loaded_platform: Platform, target: Warehouse) -> None:
    run_move(loaded_platform.warehouse, target)
    copy = loaded_platform.with_variables(
        CLEARGRID_WAREHOUSE=target.address, CLEARGRID_LAKE_DATA=target.lake_data or ""
    )
    assert copy.load(MAY).success
    assert copy.last_load(MAY)["rows_added"] == 0
    assert copy.query(f"SELECT count(*) FROM {LOADS}") == [(3,)]


def test_a_month_that_is_equal_already_is_left_alone(loaded_platform: Platform, target: Warehouse) -> None:
    run_move(loaded_platform.warehouse, target)
    change(target, f"DELETE FROM {ROWS} WHERE month = DATE '{APRIL}' AND is_active")
    result = run_move(loaded_platform.warehouse, target)
    assert [line.split()[0] for line in result.output.splitlines() if "copied" in line] == ["2026-04"]
    assert [line.split()[0] for line in result.output.splitlines() if "equal already" in line] == ["2026-05", "tables"]
    assert snapshot_of(target) == snapshot_of(loaded_platform.warehouse)


@pytest.mark.parametrize(
    "change_of_one_value",
    [
        f"UPDATE {ROWS} SET is_ptp_broken = NOT is_ptp_broken WHERE public_id = (SELECT min(public_id) FROM {ROWS})",
        f"UPDATE {ROWS} SET outcome_option = NULL WHERE public_id = (SELECT min(public_id) FROM {ROWS})",
        f"INSERT INTO {ROWS} SELECT * FROM {ROWS} LIMIT 1",
    ],
)
def test_a_single_other_value_is_found_and_put_right(
    loaded_platform: Platform, target: Warehouse, change_of_one_value: str
) -> None:
    run_move(loaded_platform.warehouse, target)
    change(target, change_of_one_value)
    assert snapshot_of(target) != snapshot_of(loaded_platform.warehouse)
    assert run_move(loaded_platform.warehouse, target).exit_code == 0
    assert snapshot_of(target) == snapshot_of(loaded_platform.warehouse)


def test_a_load_of_the_targets_own_is_not_overwritten_unless_that_is_asked_for(
    loaded_platform: Platform, target: Warehouse
) -> None:
    run_move(loaded_platform.warehouse, target)
    copy = loaded_platform.with_variables(CLEARGRID_WAREHOUSE=target.address)
    assert copy.load(MAY).success
    refused = run_move(loaded_platform.warehouse, target)
    assert refused.exit_code == 1
    assert "loads of 1 months that the source does not have, the first of them 2026-05" in refused.output
    assert run_move(loaded_platform.warehouse, target, "--overwrite").exit_code == 0
    assert snapshot_of(target) == snapshot_of(loaded_platform.warehouse)


def test_a_load_of_the_target_during_the_copy_is_not_overwritten_either(
    loaded_platform: Platform, target: Warehouse
) -> None:
    run_move(loaded_platform.warehouse, target)
    change(loaded_platform.warehouse, f"DELETE FROM {ROWS} WHERE month >= DATE '{APRIL}' AND is_active")
    copying = move(loaded_platform.warehouse, target, may_overwrite=False)
    next(copying)
    copy = loaded_platform.with_variables(CLEARGRID_WAREHOUSE=target.address)
    assert copy.load(MAY).success
    with pytest.raises(MoveError, match="loads of 1 months that the source does not have"):
        next(copying)
    assert copy.landed(MAY) == loaded_platform.truth(MAY)


def test_rows_that_a_moved_month_no_longer_has_go_from_the_target_too(
    start_platform: Callable[..., Platform], target: Warehouse
) -> None:
    platform = start_platform(variables={"CLEARGRID_QUARANTINE_LIMIT": "1"})
    serve(platform, [row(1), row(2), row(3, is_active="true")])
    assert platform.load(MAY).success
    run_move(platform.warehouse, target)
    serve(platform, [row(1), row(2), row(3)])
    assert platform.load(MAY).success
    assert run_move(platform.warehouse, target).exit_code == 0
    assert snapshot_of(target) == snapshot_of(platform.warehouse)
    with target.reading() as connection:
        assert connection.execute("SELECT count(*) FROM raw.d23_quarantine").fetchall() == [(0,)]


def test_what_is_only_in_the_target_is_left_and_told(loaded_platform: Platform, target: Warehouse) -> None:
    run_move(loaded_platform.warehouse, target)
    for table in (ROWS, LOADS, "raw.d23_quarantine", "raw.d23_changes"):
        change(loaded_platform.warehouse, f"DELETE FROM {table} WHERE month = DATE '{APRIL}'")
    result = run_move(loaded_platform.warehouse, target)
    assert result.exit_code == 0
    assert "only in the target, unchanged: 2026-04" in result.output


def test_tables_of_other_people_are_not_copied_and_told(loaded_platform: Platform, target: Warehouse) -> None:
    change(loaded_platform.warehouse, "CREATE TABLE raw.notes AS SELECT 'mine' AS note")
    result = run_move(loaded_platform.warehouse, target)
    assert result.exit_code == 0
    assert "neither cleargrid_assets nor a file in CLEARGRID_MARTS makes them: raw.notes" in result.output


def test_a_warehouse_cannot_be_moved_into_itself_or_from_where_there_is_none(
    loaded_platform: Platform, target: Warehouse
) -> None:
    assert "are the same warehouse" in run_move(loaded_platform.warehouse, loaded_platform.warehouse).output
    if not loaded_platform.warehouse.is_lake:
        same = Warehouse(os.path.relpath(loaded_platform.warehouse.address))
        assert "are the same warehouse" in run_move(loaded_platform.warehouse, same).output
    assert "there is no warehouse at" in run_move(target, loaded_platform.warehouse).output


@pytest.mark.parametrize("warehouse_variables", [FILE], indirect=True)
def test_a_hard_link_is_the_same_warehouse(loaded_platform: Platform, tmp_path: Path) -> None:
    link = tmp_path / "link.duckdb"
    os.link(loaded_platform.warehouse.address, link)
    result = run_move(loaded_platform.warehouse, Warehouse(str(link)))
    assert "are the same warehouse" in result.output


def test_a_database_that_is_no_warehouse_is_not_moved(target: Warehouse, tmp_path: Path) -> None:
    """Like the published database, whose ledger is a view."""
    other = tmp_path / "other.duckdb"
    with closing(duckdb.connect(other)) as connection:
        connection.execute("CREATE SCHEMA raw; CREATE VIEW raw.d23_loads AS SELECT 1 AS month")
    result = run_move(Warehouse(str(other)), target)
    assert result.exit_code == 1
    assert "SOURCE is no warehouse of cleargrid_assets" in result.output
    assert not target.exists


def test_an_error_names_the_arguments(loaded_platform: Platform, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("notes, not a database\n" * 500)
    result = run_move(loaded_platform.warehouse, Warehouse(str(text)))
    assert result.exit_code == 1
    assert f"{text} cannot be opened as a DuckDB warehouse: correct SOURCE or TARGET" in result.output
