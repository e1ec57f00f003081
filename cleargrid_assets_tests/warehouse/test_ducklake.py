"""Tests of a lake alone: addresses, secrets in them, extensions, an unreachable catalog, other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from cleargrid_assets.client import SettingsError
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.landing import write
from cleargrid_assets.landing.write import Landed, write_month
from cleargrid_assets.settings import Settings
from cleargrid_assets.warehouse import (
    WarehouseConflictError,
    WarehouseUnreachableError,
    WarehouseUnreadableError,
    WarehouseWriteError,
)
from cleargrid_assets.warehouse.ducklake import DuckLake
from cleargrid_assets.warehouse.ducklake_catalogs import FileCatalog, PostgresCatalog, catalog_at, redacted
from cleargrid_assets.warehouse.s3_config import secret_options
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.platform_under_test import LOGS, MAY
from cleargrid_assets_tests.postgres_server import PASSWORD, free_port
from cleargrid_assets_tests.warehouse_kinds import POSTGRES, why_no_lake

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cleargrid_assets.landing.ledger import Superseded
    from cleargrid_assets.landing.read_month import MonthLoad
    from cleargrid_assets_tests.platform_under_test import Platform
    from cleargrid_assets_tests.warehouse_kinds import Variables

APRIL = "2026-04-01"
needs_lake = pytest.mark.skipif(why_no_lake() is not None, reason=f"{why_no_lake()}")
on_postgres = pytest.mark.parametrize("warehouse_variables", [POSTGRES], indirect=True)


@pytest.mark.parametrize(
    ("address", "catalog"),
    [
        ("ducklake:postgres:host=db dbname=lake", PostgresCatalog("host=db dbname=lake", 1)),
        ("ducklake:postgres:postgresql://u@db/lake", PostgresCatalog("postgresql://u@db/lake", 1)),
        ("ducklake:postgresql://u@db/lake", PostgresCatalog("postgresql://u@db/lake", 1)),
    ],
)
def test_a_catalog_in_postgresql_is_named_by_its_connection_string_or_url(
    address: str, catalog: PostgresCatalog
) -> None:
    assert catalog_at(address, 1) == catalog


@pytest.mark.parametrize("address", ["ducklake:sqlite:folder/lake.sqlite", "ducklake:folder/lake.ducklake"])
def test_a_catalog_in_a_file_is_named_by_its_path(address: str) -> None:
    catalog = catalog_at(address, 1)
    assert isinstance(catalog, FileCatalog)
    assert str(catalog.path) == address.rsplit(":", 1)[1]


@pytest.mark.parametrize("kind", ["ducklake:sqlite:", "ducklake:"])
@pytest.mark.parametrize("use", ["reading", "writing"])
def test_a_catalog_that_is_a_link_to_a_file_that_is_not_there_is_left_alone(
    tmp_path: Path, kind: str, use: str
) -> None:
    link = tmp_path / "lake"
    link.symlink_to("volume/lake")
    with pytest.raises(WarehouseUnreadableError, match="mount the volume"), getattr(Warehouse(f"{kind}{link}"), use)():
        pass
    assert list(tmp_path.iterdir()) == [link]


@pytest.mark.parametrize("address", ["ducklake:", "ducklake:mysql:host=db password=geheim", "ducklake:sqlite:"])
def test_an_address_of_a_kind_we_do_not_know_is_refused_with_the_kinds_we_do(address: str) -> None:
    with pytest.raises(WarehouseUnreadableError, match="use ducklake:postgres:host=") as refused:
        catalog_at(address, 1)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "ducklake:postgres:host=db password=geheim dbname=lake",
        "ducklake:postgres:host=db PASSWORD = 'ge\\'heim geheim' dbname=lake",
        "ducklake:postgres:postgresql://user:geheim@db:5432/lake",
        'Unable to connect to Postgres at "host=db password=geheim": refused',
        "ducklake:postgres:postgresql://:geheim@db:5432/lake",
        "ducklake:postgres:postgresql://user:ge@geheim@db:5432/lake",
        "ducklake:postgres:postgresql://db/lake?user=me&password=geheim",
        "ducklake:postgres:host=db password=ge'geheim dbname=lake",
        'ducklake:postgres:host=db password=ge"geheim dbname=lake',
        "ducklake:postgres:host=db password=ge\\ geheim dbname=lake",
        "ATTACH 'ducklake:postgres:host=db password=''ge geheim'' dbname=lake'",
    ],
)
def test_a_password_in_an_address_is_masked_wherever_it_stands(text: str) -> None:
    assert "geheim" not in redacted(text)
    assert "db" in redacted(text)


@pytest.mark.parametrize("location", ["gs://bucket/folder", "s3://bucket", "s3://bucket/"])
def test_the_place_of_a_lakes_files_is_a_folder_or_a_prefix_in_a_bucket(location: str) -> None:
    with pytest.raises(SettingsError, match="CLEARGRID_LAKE_DATA"):
        _ = Settings({"CLEARGRID_LAKE_DATA": location}).lake_data
    assert Settings({"CLEARGRID_LAKE_DATA": "s3://bucket/prefix"}).lake_data == "s3://bucket/prefix"


def test_an_s3_store_is_reached_with_the_variables_that_awss_own_tools_read() -> None:
    variables = {
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "key",
        "AWS_REGION": "me-central-1",
        "AWS_ENDPOINT_URL": "http://store:8333",
    }
    assert secret_options(variables) == {
        "KEY_ID": "id",
        "SECRET": "key",
        "REGION": "me-central-1",
        "ENDPOINT": "store:8333",
        "URL_STYLE": "path",
        "USE_SSL": False,
    }


def test_without_keys_the_hosts_own_role_is_used() -> None:
    assert secret_options({"AWS_REGION": "me-central-1"}) == {"PROVIDER": "credential_chain", "REGION": "me-central-1"}


def test_an_extension_that_is_missing_is_one_sentence_with_the_way_out(tmp_path: Path) -> None:
    empty = tmp_path / "extensions"
    empty.mkdir()
    (empty / "ducklake.duckdb_extension").write_bytes(b"not an extension")
    lake = Warehouse(f"ducklake:sqlite:{tmp_path / 'lake.sqlite'}", extensions=empty)
    expected = rf"DuckDB {duckdb.__version__} finds no usable extension ducklake.*CLEARGRID_DUCKDB_EXTENSIONS"
    with pytest.raises(WarehouseUnreadableError, match=expected), lake.writing():
        pass


@needs_lake
def test_a_catalog_that_is_down_is_named_without_its_password() -> None:
    port = free_port()
    lake = Warehouse(f"ducklake:postgres:host=127.0.0.1 port={port} password=geheim dbname=lake")
    for use in (lake.reading, lake.writing):
        with pytest.raises(WarehouseUnreachableError, match=f"port {port}") as error, use():
            pass
        assert "geheim" not in str(error.value)
        assert error.value.__suppress_context__


@needs_lake
@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:ge%heim@db/lake",
        "postgresql://me:ge/heim@db/lake",
        "postgresql://me:ge@heim@db/lake",
        "postgresql://me:ge?x@heim@db/lake",
        "postgresql://me:ge?sslmode=x/heim@db/lake",
        "host=db password=ge heim dbname=lake",
    ],
)
def test_an_address_that_would_be_misread_says_what_to_encode_and_quotes_nothing_of_it(address: str) -> None:
    with pytest.raises(WarehouseUnreadableError, match="percent-encode") as error:
        _ = Warehouse(f"ducklake:postgres:{address}").exists
    assert [part for part in ("ge%", "ge/", "ge@", "heim") if part in str(error.value)] == []


@needs_lake
@pytest.mark.parametrize(
    "address",
    [
        "host=127.0.0.1 port={port} dbname=lake sslrootcert=/run/credentials/dagster@prod.service/ca.pem",
        "host=127.0.0.1 port={port} dbname=lake passfile=/home/me@corp.example/.pgpass",
        "host=127.0.0.1 port={port} dbname=lake application_name=dagster@prod",
        "host=@abstract port={port} dbname=lake",
        "postgresql://me:ge%40heim@127.0.0.1:{port}/lake?sslrootcert=/run/credentials/dagster@prod.service/ca.pem",
        "postgresql://127.0.0.1:{port}/lake?user=me@corp&password=ge@heim",
    ],
)
def test_an_at_sign_that_belongs_where_it_stands_is_no_misread_password(address: str) -> None:
    with pytest.raises(WarehouseUnreachableError, match="does not respond"):
        _ = Warehouse(f"ducklake:postgres:{address.format(port=free_port())}").exists


@needs_lake
@on_postgres
def test_a_lake_that_is_yet_to_be_created_asks_where_its_files_shall_go(warehouse_variables: Variables) -> None:
    lake = Warehouse(warehouse_variables["CLEARGRID_WAREHOUSE"])
    with pytest.raises(WarehouseUnreadableError, match="CLEARGRID_LAKE_DATA is not set") as error, lake.writing():
        pass
    assert PASSWORD not in str(error.value)


@needs_lake
@on_postgres
def test_a_lake_knows_where_its_files_are_and_refuses_another_place(
    warehouse_variables: Variables, tmp_path: Path
) -> None:
    with WarehouseConnection(Settings(warehouse_variables)).warehouse().writing() as connection:
        connection.execute("CREATE TABLE raw.one AS SELECT 1 AS number")
    address = warehouse_variables["CLEARGRID_WAREHOUSE"]
    with Warehouse(address).reading() as connection:
        assert connection.execute("FROM raw.one").fetchall() == [(1,)]
    elsewhere = Warehouse(address, lake_data=str(tmp_path / "elsewhere"))
    with pytest.raises(WarehouseUnreadableError, match="correct CLEARGRID_WAREHOUSE or CLEARGRID_LAKE_DATA"):  # noqa: SIM117 - the error is that of entering
        with elsewhere.writing():
            pass


@needs_lake
@on_postgres
def test_every_row_is_in_parquet_files_however_few_there_are(warehouse_variables: Variables) -> None:
    with WarehouseConnection(Settings(warehouse_variables)).warehouse().writing() as connection:
        connection.execute("CREATE TABLE raw.one AS SELECT 1 AS number")
    files = f"{warehouse_variables['CLEARGRID_LAKE_DATA']}/tables/raw/one/*.parquet"
    assert duckdb.sql(f"SELECT number FROM read_parquet('{files}')").fetchall() == [(1,)]


@needs_lake
@on_postgres
def test_a_write_of_another_program_at_the_same_moment_is_a_conflict_and_nothing_of_ours_is_written(
    warehouse_variables: Variables,
) -> None:
    warehouse = WarehouseConnection(Settings(warehouse_variables)).warehouse()
    with warehouse.writing() as connection:
        connection.execute("CREATE TABLE raw.numbers AS SELECT 1 AS number")
    with pytest.raises(WarehouseConflictError, match="at the same moment"):
        add_beside_another_program(warehouse, warehouse_variables)
    with warehouse.reading() as connection:
        assert connection.execute("FROM raw.numbers").fetchall() == []


@needs_lake
@on_postgres
def test_a_load_that_meets_another_programs_write_starts_its_transaction_again_and_lands(
    start_platform: Callable[..., Platform], monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = start_platform()
    assert platform.load(APRIL).success
    written: list[str] = []
    name = ".".join(LOGS.path)

    def write_with_conflict(
        connection: duckdb.DuckDBPyConnection, load: MonthLoad, **options: Any
    ) -> Landed | Superseded:
        landed = write_month(connection, load, **options)
        if not written:
            execute_as_another_program(
                platform.variables, f"DELETE FROM {name} WHERE public_id = (SELECT min(public_id) FROM {name})"
            )
        written.append(options["run_id"])
        return landed

    monkeypatch.setattr(write, "write_month", write_with_conflict)
    assert platform.load(MAY).success
    assert len(written) == 2
    assert platform.landed(MAY) == platform.truth(MAY)
    assert len(platform.landed(APRIL)) == len(platform.truth(APRIL)) - 1


def add_beside_another_program(warehouse: Warehouse, variables: Mapping[str, str]) -> None:
    with warehouse.writing() as connection:
        connection.execute("INSERT INTO raw.numbers VALUES (2)")
        execute_as_another_program(variables, "DELETE FROM raw.numbers")


def execute_as_another_program(variables: Mapping[str, str], statement: str) -> None:
    """Run a statement as a DuckDB shell would, without our lock."""
    with DuckLake(variables["CLEARGRID_WAREHOUSE"], 1, None, None).connection(read_only=False) as shell:
        shell.execute(statement)


def test_a_fault_of_duckdb_whose_text_has_a_link_is_not_called_a_catalog_that_stopped_answering() -> None:
    error = duckdb.InternalException("INTERNAL Error: see https://duckdb.org/docs/stable/dev/internal_errors")
    assert DuckLake("ducklake:sqlite:lake.sqlite", 1, None, None).translate_error(error, is_commit=False) is None


def test_too_little_memory_is_not_called_a_catalog_that_stopped_answering() -> None:
    error = duckdb.OutOfMemoryException("failed to pin block. See also https://duckdb.org/docs/stable/guides")
    translated = DuckLake("ducklake:sqlite:lake.sqlite", 1, None, None).translate_error(error, is_commit=False)
    assert isinstance(translated, WarehouseWriteError)
    assert str(translated).endswith("Raise CLEARGRID_DUCKDB_MEMORY_MB and run again.")
