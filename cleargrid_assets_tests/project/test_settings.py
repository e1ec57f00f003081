"""A setting that cannot be used is one sentence, and no secret in it is repeated or written anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cleargrid_assets.client import SettingsError
from cleargrid_assets.commands.cleargrid import cleargrid
from cleargrid_assets.settings import Settings

NO_WAREHOUSE = (
    "postgres:host=db dbname=lake password=geheim",
    "postgresql://user:geheim@db/lake",
    "DUCKLAKE:postgres:host=db password=geheim",
    "s3://bucket/geheim.duckdb",
)


@pytest.mark.parametrize("address", NO_WAREHOUSE)
def test_a_warehouse_that_is_neither_a_file_nor_a_lake_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(SettingsError, match=r"CLEARGRID_WAREHOUSE starts with .* ducklake:postgres:host=") as refused:
        _ = Settings({"CLEARGRID_WAREHOUSE": address}).warehouse
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("address", NO_WAREHOUSE)
@pytest.mark.parametrize("place", ["SOURCE", "TARGET"])
def test_nor_is_one_moved_and_no_file_of_its_name_is_made(address: str, place: str) -> None:
    arguments = [address, "other.duckdb"] if place == "SOURCE" else ["other.duckdb", address]
    done = CliRunner().invoke(cleargrid, ["move-warehouse", *arguments])
    assert done.exit_code == 1
    assert f"{place} starts with" in done.output
    assert "geheim" not in done.output
    assert [path for path in Path().rglob("*") if "geheim" in path.name] == []


@pytest.mark.parametrize("address", ["data/rows.duckdb", "/data/a:b.duckdb", "./a:b.duckdb", "ducklake:lake.ducklake"])
def test_a_files_path_and_a_lakes_address_are_kept_as_given(address: str) -> None:
    assert Settings({"CLEARGRID_WAREHOUSE": address}).warehouse == address


@pytest.mark.parametrize("month", ["0000-01", "1969-12", "2024-13", "2024", "next"])
def test_a_first_month_that_no_row_can_lie_in_is_refused(month: str) -> None:
    with pytest.raises(SettingsError, match="CLEARGRID_START_MONTH"):
        _ = Settings({"CLEARGRID_START_MONTH": month}).start_month


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "posix/Asia/Dubai", "Mars/Base", "../zone", "Asia"])
def test_a_zone_that_the_database_does_not_know_is_refused_before_anything_is_loaded(zone: str) -> None:
    with pytest.raises(SettingsError, match="CLEARGRID_TIMEZONE"):
        _ = Settings({"CLEARGRID_TIMEZONE": zone}).timezone
