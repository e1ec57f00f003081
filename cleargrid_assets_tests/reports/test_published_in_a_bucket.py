"""What is published to a bucket is read there, by any DuckDB that has a key, while later publications replace it."""

from __future__ import annotations

import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from cleargrid_assets.assets.reports.publication.database import DATABASE, months_of
from cleargrid_assets.assets.reports.publication.publish import publish
from cleargrid_assets.assets.reports.published_tables import published_artifacts
from cleargrid_assets.command_names import executable
from cleargrid_assets.jobs import REFRESH_SUMMARY
from cleargrid_assets.warehouse.extensions import load_extension
from cleargrid_assets_tests.distributed.object_store import BUCKET_DATA, run_object_store
from cleargrid_assets_tests.platform_copies import compute_months
from cleargrid_assets_tests.platform_under_test import MAY
from cleargrid_assets_tests.warehouse_kinds import why_no_lake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cleargrid_assets_tests.distributed.object_store import ObjectStore
    from cleargrid_assets_tests.platform_under_test import Platform

PUBLISHED = f"{BUCKET_DATA}/published/emulator"
ATTACH = f"ATTACH '{PUBLISHED}/{DATABASE}' AS cleargrid (READ_ONLY)"
SECRET = """
CREATE SECRET (
    TYPE s3, KEY_ID '{AWS_ACCESS_KEY_ID}', SECRET '{AWS_SECRET_ACCESS_KEY}', REGION '{AWS_REGION}',
    ENDPOINT '127.0.0.1:{port}', URL_STYLE 'path', USE_SSL FALSE
)
"""
FIGURES = """
SELECT month, metric, numerator, denominator FROM {}analytics.kpi_monthly WHERE slice = 'all' ORDER BY ALL
"""
COUNT = "SELECT count(*) FROM {}core.contact_attempts"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """An S3 server, whose address and keys are in the environment; skips where there is none."""
    if why_no_lake() or not Path(executable("weed")).exists():
        pytest.skip("no lake or no S3 server: make .venv-lake/installed")
    with tempfile.TemporaryDirectory() as folder, run_object_store(Path(folder, "store")) as running:
        for name, value in running.variables.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def reader(store: ObjectStore) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB that knows nothing but the key."""
    with closing(duckdb.connect()) as connection:
        load_extension(connection, "httpfs", None)
        connection.execute(SECRET.format(**store.variables, port=store.ports["s3"]))
        yield connection


def test_the_published_database_is_read_in_the_bucket_and_after_the_next_publication_again(
    start_platform: Callable[..., Platform], reader: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    lake = {"CLEARGRID_WAREHOUSE": f"ducklake:sqlite:{tmp_path / 'lake.sqlite'}", "CLEARGRID_LAKE_DATA": BUCKET_DATA}
    platform = start_platform(variables=lake)
    compute_months(platform, MAY)
    assert platform.run_job(REFRESH_SUMMARY).success
    reader.execute(ATTACH)
    assert read(reader, FIGURES) == platform.query(FIGURES.format(""))
    before = read(reader, COUNT)
    assert before == platform.query(COUNT.format(""))
    compute_months(platform, "2026-06-01")
    publish(platform.warehouse, "emulator", datetime.now(UTC))
    assert read(reader, COUNT) == before  # the files that the view names are still there
    reader.execute(f"DETACH cleargrid; {ATTACH}")
    assert read(reader, FIGURES) == platform.query(FIGURES.format(""))
    assert read(reader, COUNT) == platform.query(COUNT.format("")) > before
    assert months_of(published_artifacts(platform.warehouse, "emulator"))["core.contact_attempts"] == {
        "2026-05",
        "2026-06",
    }


def read(reader: duckdb.DuckDBPyConnection, select: str) -> list[tuple[Any, ...]]:
    return reader.execute(select.format("cleargrid.")).fetchall()
