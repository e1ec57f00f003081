"""Maintenance drops a lake's old snapshots and files and keeps its present rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyarrow import parquet

from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.jobs import maintain_lake
from cleargrid_assets.settings import Settings
from cleargrid_assets.warehouse.ducklake_maintenance import expire
from cleargrid_assets_tests.warehouse_kinds import FILE, LAKES

if TYPE_CHECKING:
    from cleargrid_assets.warehouse.warehouse import Warehouse
    from cleargrid_assets_tests.warehouse_kinds import Variables

on_each_lake = pytest.mark.parametrize("warehouse_variables", LAKES, indirect=True)


@pytest.fixture
def lake(warehouse_variables: Variables) -> Warehouse:
    """A lake whose one table was replaced twice."""
    warehouse = WarehouseConnection(Settings(warehouse_variables)).warehouse()
    for number in (1, 2, 3):
        with warehouse.writing() as connection:
            connection.execute(f"CREATE OR REPLACE TABLE raw.numbers AS SELECT {number} AS number")
    return warehouse


def files(folder: Path) -> int:
    return len(list(folder.rglob("*.parquet")))


@on_each_lake
def test_what_was_replaced_goes_once_it_is_old_enough_and_not_sooner(lake: Warehouse, tmp_path: Path) -> None:
    assert (expire(lake, 1).snapshots, files(tmp_path)) == (0, 3)
    expired = expire(lake, 0)
    assert (expired.files, files(tmp_path)) == (2, 1)
    with lake.reading() as connection:
        assert connection.execute("FROM raw.numbers").fetchall() == [(3,)]


@on_each_lake
def test_rows_that_many_changes_deleted_are_no_longer_in_the_files(lake: Warehouse) -> None:
    with lake.writing() as connection:
        connection.execute("CREATE TABLE raw.many AS SELECT range AS number FROM range(100)")
    with lake.writing() as connection:
        connection.execute("DELETE FROM raw.many WHERE number < 10")
    expire(lake, 30)
    with lake.reading() as connection:
        ((name,),) = connection.execute("SELECT current_database()").fetchall()
        file_list_sql = f"SELECT data_file, delete_file FROM ducklake_list_files('{name}', 'many', schema => 'raw')"
        ((file, deleted),) = connection.execute(file_list_sql).fetchall()
        assert connection.execute("SELECT count(*) FROM raw.many").fetchall() == [(90,)]
    assert deleted is None
    assert parquet.read_metadata(file).num_rows == 90


@on_each_lake
def test_what_a_killed_write_left_goes_and_files_for_other_tools_stay(lake: Warehouse) -> None:
    killed, published = (
        Path(lake.location, "tables/raw/numbers/killed.parquet"),
        Path(lake.location, "published/mix.parquet"),
    )
    for file in (killed, published):
        file.parent.mkdir(exist_ok=True)
        file.touch()
    expire(lake, 1)
    assert killed.exists()
    expire(lake, 0)
    assert (killed.exists(), published.exists()) == (False, True)


@on_each_lake
def test_the_job_keeps_as_many_days_as_the_setting_says(
    lake: Warehouse, warehouse_variables: Variables, tmp_path: Path
) -> None:
    settings = Settings({**warehouse_variables, "CLEARGRID_LAKE_KEEP_DAYS": "1"})
    assert maintain_lake.execute_in_process(resources={"warehouse": WarehouseConnection(settings)}).success
    assert files(tmp_path) == 3
    assert lake.exists


@pytest.mark.parametrize("address", ["ducklake:postgres:dbname=lake", "ducklake:sqlite:lake.sqlite"])
def test_a_lake_has_a_weekly_schedule_that_runs_from_the_first_start(address: str) -> None:
    repository = build_definitions(Settings({"CLEARGRID_WAREHOUSE": address})).get_repository_def()
    assert repository.get_schedule_def("maintain_lake_weekly").default_status.value == "RUNNING"


@pytest.mark.parametrize("variables", [{}, {"CLEARGRID_WAREHOUSE": FILE}])
def test_a_file_needs_no_maintenance(variables: Variables) -> None:
    repository = build_definitions(Settings(variables)).get_repository_def()
    assert not repository.has_schedule_def("maintain_lake_weekly")
