"""The published database holds the warehouse's numbers, and whoever keeps it open disturbs nobody."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import openpyxl
import pytest

from cleargrid_assets.assets.reports.publication.database import DATABASE, months_of, new_database
from cleargrid_assets.assets.reports.publication.month_files import ROW_TABLES
from cleargrid_assets.assets.reports.publication.publish import publish
from cleargrid_assets.assets.reports.publication.workbook import WORKBOOK, sheet_tables
from cleargrid_assets.tables.catalog import PUBLISHED_TABLES
from cleargrid_assets.warehouse import WarehouseWriteError
from cleargrid_assets.warehouse.artifacts import ArtifactFolder
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_copies import compute_months
from cleargrid_assets_tests.platform_under_test import LOADS, MAY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cleargrid_assets.tables.table import Table
    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

APRIL = "2026-04-01"
NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
PROJECT = Path(__file__).parents[2]
PYTHONS = (sys.executable, PROJECT / ".venv" / "bin" / "python", PROJECT / ".venv-lake" / "bin" / "python")

READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
select = "SELECT (SELECT count(*) FROM core.contact_attempts), (SELECT max(month)::VARCHAR FROM analytics.kpi_monthly)"
for _ in sys.stdin:
    print(*connection.execute(select).fetchall()[0], flush=True)
"""
CARELESS = """
import os, sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("CREATE TABLE mine AS SELECT 1 AS number")
os._exit(0)
"""
WRITER = """
import datetime, pathlib, re, sys
from cleargrid_assets.assets.reports.publication.database import add_tables, add_views, new_database
from cleargrid_assets.assets.reports.publication.month_files import ROW_TABLES, MonthFile
from cleargrid_assets.tables.catalog import PUBLISHED_TABLES
from cleargrid_assets.warehouse.warehouse import Warehouse
folder, now = sys.argv[1], datetime.datetime.now(datetime.UTC)
files = {
    table: [MonthFile(now.date(), 1, "", path.name) for path in pathlib.Path(folder, table.name).iterdir()]
    for table in ROW_TABLES
}
with new_database(pathlib.Path(sys.argv[2]), Warehouse("none.duckdb"), folder) as connection:
    add_tables(connection, PUBLISHED_TABLES, folder)
    add_views(connection, files, folder, now)
"""
COUNTER = """
import json, sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    tables = connection.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables"
    ).fetchall()
    counts = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for (name,) in tables}
    (commented,) = connection.execute("SELECT count(*) FROM duckdb_columns() WHERE comment <> ''").fetchall()[0]
print(json.dumps({"counts": counts, "commented": commented}))
"""


def published(platform: Platform, now: datetime = NOW) -> Path:
    folder, _ = publish(platform.warehouse, "emulator", now)
    return Path(folder)


def files_of(folder: Path, table: Table) -> set[str]:
    return {path.name for path in (folder / table.name).iterdir()}


def change_may(platform: Platform) -> None:
    """A later load of May finds changed rows."""
    platform.emulator.now += timedelta(days=60)
    compute_months(platform, MAY)


@pytest.fixture
def may(start_after: Callable[..., Platform]) -> Platform:
    return start_after(compute_months, MAY)


@pytest.mark.parametrize("table", [*PUBLISHED_TABLES, *ROW_TABLES], ids=lambda table: table.qualified_name)
def test_every_table_has_the_warehouses_rows_and_comments(read_only_platform: Platform, table: Table) -> None:
    if not read_only_platform.instance.get_runs_count():
        compute_months(read_only_platform, MAY)
        published(read_only_platform)
    folder = published_folder(read_only_platform)
    select = f"SELECT {', '.join(table.column_names)} FROM {table.qualified_name} ORDER BY ALL"
    with duckdb.connect(folder / DATABASE, read_only=True) as connection:
        assert rounded(connection.execute(select).fetchall()) == rounded(read_only_platform.query(select))
        comments = connection.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?", table.key
        ).fetchall()
        kind = "views" if table in ROW_TABLES else "tables"
        meaning = connection.execute(
            f"SELECT comment FROM duckdb_{kind}() WHERE schema_name = ? AND {kind[:-1]}_name = ?", table.key
        ).fetchall()
    assert dict(comments) == {column.name: column.meaning for column in table.columns}
    assert meaning == [(table.meaning,)]


def rounded(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """A view adds up again at each reading, in another order."""
    return [tuple(round(value, 9) if isinstance(value, float) else value for value in row) for row in rows]


def published_folder(platform: Platform) -> Path:
    return Path(platform.warehouse.location, "published", "emulator")


def test_a_tool_that_keeps_it_open_disturbs_no_load_and_no_publication(may: Platform) -> None:
    database = published(may) / DATABASE
    before = f"{len(may.landed())} {MAY}"
    with subprocess.Popen(
        [sys.executable, "-c", READER, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert ask(reader) == before
        change_may(may)
        compute_months(may, "2026-06-01")
        published(may, NOW + HOUR)
        assert ask(reader) == before  # the files that its views name are still there
        reader.communicate()
    with duckdb.connect(database, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM core.contact_attempts").fetchall() == may.query(
            "SELECT count(*) FROM core.contact_attempts"
        )


def ask(reader: subprocess.Popen[str]) -> str:
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write("\n")
    reader.stdin.flush()
    return reader.stdout.readline().strip()


def test_what_a_tool_wrote_into_it_is_not_replayed_into_the_next_one(may: Platform) -> None:
    database = published(may) / DATABASE
    subprocess.run([sys.executable, "-c", CARELESS, database], check=True)
    assert database.with_name(f"{DATABASE}.wal").exists()
    published(may)
    with duckdb.connect(database, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'mine'").fetchall() == [(0,)]


def test_only_the_files_of_changed_months_are_written(start_after: Callable[..., Platform]) -> None:
    platform = start_after(compute_months, APRIL, MAY)
    folder = published(platform)
    first = {table: files_of(folder, table) for table in ROW_TABLES}
    assert {len(names) for names in first.values()} == {2}
    published(platform, NOW + HOUR)
    assert {table: files_of(folder, table) for table in ROW_TABLES} == first
    change_may(platform)
    published(platform, NOW + 2 * HOUR)
    for table in ROW_TABLES:
        (new,) = files_of(folder, table) - first[table]
        assert new.startswith("2026-05-20260701T080000-")


@pytest.mark.parametrize("loaded", ["2026-05-01", "2026-04-01"], ids=["May", "April, which took a row from May"])
def test_a_load_that_repeats_a_number_after_a_copy_was_restored_is_written(may: Platform, loaded: str) -> None:
    for run, hours in (("lost with the copy", 0), ("after the restore", 1)):
        with may.warehouse.writing() as connection:
            connection.execute(f"UPDATE {LOADS} SET month = ?, run_id = ?", [loaded, run])
        folder = published(may, NOW + hours * HOUR)
    assert all(len(files_of(folder, table)) == 2 for table in ROW_TABLES)


def test_a_replaced_file_stays_for_a_day_after_its_successor_was_written(may: Platform) -> None:
    folder = published(may)
    attempts = ROW_TABLES[0]
    (old,) = files_of(folder, attempts)
    foreign = folder / attempts.name / "notes.parquet"
    foreign.touch()
    change_may(may)
    published(may, NOW + 100 * HOUR)
    published(may, NOW + 124 * HOUR)
    assert old in files_of(folder, attempts)
    published(may, NOW + 125 * HOUR)
    assert old not in files_of(folder, attempts)
    assert len(files_of(folder, attempts)) == 2
    assert foreign.exists()


def test_a_new_warehouse_never_uses_the_files_of_the_one_before(may: Platform) -> None:
    folder = published(may)
    old = files_of(folder, ROW_TABLES[0])
    with may.warehouse.writing() as connection:
        connection.execute("UPDATE raw.warehouse_identity SET made_at = TIMESTAMP '2001-01-01'")
    published(may, NOW + HOUR)
    assert len(files_of(folder, ROW_TABLES[0]) - old) == 1


def test_a_publication_that_fails_leaves_the_database_that_was_there(
    may: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = published(may) / DATABASE
    before = database.read_bytes()

    def fail(*_arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cleargrid_assets.assets.reports.publication.publish.write_workbook", fail)
    with pytest.raises(WarehouseWriteError, match="No space left on device"):
        published(may)
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir() if path.name.startswith(".")] == []


def test_a_database_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(WarehouseWriteError, match=r"there/cleargrid\.duckdb could not be written and is unchanged"),
        new_database(tmp_path / "missing" / "x", Warehouse(str(tmp_path / "w.duckdb")), "there"),
    ):
        pass


def test_a_database_of_no_month_has_empty_tables(platform: Platform) -> None:
    with platform.warehouse.writing():
        pass
    folder = published(platform)
    with duckdb.connect(folder / DATABASE, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM core.contact_attempts").fetchall() == [(0,)]
    assert months_of(ArtifactFolder(folder)) == {}


def test_the_workbook_has_the_tables_by_month_and_text_that_is_no_formula(platform: Platform) -> None:
    serve(platform, [row(1), row(2, communication_type="=1+1")])
    compute_months(platform, MAY)
    book = openpyxl.load_workbook(published(platform) / WORKBOOK)
    assert book.sheetnames == ["Contents", *(table.name for table in sheet_tables(PUBLISHED_TABLES))]
    sheet = book["kpi_monthly"]
    heads = [cell.value for cell in sheet[1]]
    rows = [dict(zip(heads, values, strict=True)) for values in sheet.iter_rows(min_row=2, values_only=True)]
    select = "SELECT metric, numerator, value FROM analytics.kpi_monthly WHERE slice = 'all'"
    found = {(line["metric"], line["numerator"], line["value"]) for line in rows if line["slice"] == "all"}
    assert found == set(platform.query(select))
    assert {line["month"] for line in rows} == {datetime(2026, 5, 1)}  # noqa: DTZ001 - a date, as spreadsheets have it
    assert sheet["A1"].comment.text.startswith("The partition")
    kinds = {cell.data_type for line in sheet for cell in line if cell.value == "=1+1"}
    assert kinds == {"s"}


@pytest.mark.parametrize("wrong", [DATABASE, "kpi_monthly.parquet"])
def test_a_file_that_lacks_a_month_is_named_by_the_check(may: Platform, wrong: str) -> None:
    assert may.run_job("refresh_summary").success
    (published_folder(may) / wrong).unlink()
    run = may.run_job("check_months")
    (missing,) = [
        check.metadata["missing"].value
        for check in run.get_asset_check_evaluations()
        if check.asset_key.path[-1] == "published_tables"
    ]
    assert any(text.startswith("2026-05 in ") and text.endswith(wrong) for text in missing)


def test_duckdb_1_5_5_reads_everything_that_duckdb_2_wrote(may: Platform, tmp_path: Path) -> None:
    writer, reader = python_with("2."), python_with("1.5.5")
    folder, database = published(may), tmp_path / "by_duckdb_2.duckdb"
    subprocess.run([writer, "-c", WRITER, folder, database], check=True, cwd=PROJECT)
    read = subprocess.run([reader, "-c", COUNTER, database], check=True, capture_output=True, text=True)
    answer = json.loads(read.stdout)
    tables = (*PUBLISHED_TABLES, *ROW_TABLES)
    counts: Mapping[str, int] = {
        table.qualified_name: may.query(f"SELECT count(*) FROM {table.qualified_name}")[0][0] for table in tables
    }
    assert counts.items() <= answer["counts"].items()
    assert answer["commented"] >= sum(len(table.columns) for table in tables)


def python_with(version: str) -> Path | str:
    """A Python of this checkout's environments that has this DuckDB; skips the test where there is none."""
    script = f"import sys, duckdb; sys.exit(not duckdb.__version__.startswith('{version}'))"
    for python in PYTHONS:
        if Path(python).exists() and not subprocess.run([python, "-c", script], check=False).returncode:
            return python
    pytest.skip(f"no environment with DuckDB {version}: make .venv/installed-development .venv-lake/installed")
