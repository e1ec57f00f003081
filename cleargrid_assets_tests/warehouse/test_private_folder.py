"""A private folder belongs to one process, and a later process removes it if that one was killed."""

from __future__ import annotations

import subprocess
import sys
import tempfile

import duckdb
import pytest

from cleargrid_assets.warehouse.ducklake import DuckLake
from cleargrid_assets.warehouse.private_folder import PrivateFolder
from cleargrid_assets.warehouse.warehouse import Warehouse
from cleargrid_assets_tests.warehouse_kinds import why_no_lake

KEEP_OPEN = """
import sys
from cleargrid_assets.warehouse.private_folder import PrivateFolder
folder = PrivateFolder()
(folder.path / "rows").write_text("x")
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path, monkeypatch):
    """An empty folder in place of the system's temporary one, for child processes as well."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def other_process():
    """Another process with a private folder, which is there already."""
    with subprocess.Popen([sys.executable, "-c", KEEP_OPEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_it_is_empty_nobody_else_may_read_it_and_it_goes_with_its_block(temporary_folder):
    with PrivateFolder() as folder:
        assert list(folder.iterdir()) == []
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "file").write_text("x")
    assert list(temporary_folder.iterdir()) == []


def test_it_goes_with_its_object(temporary_folder):
    folder = PrivateFolder()
    assert list(temporary_folder.iterdir()) == [folder.path]
    del folder
    assert list(temporary_folder.iterdir()) == []


def test_a_folder_of_a_process_that_runs_is_left_alone(temporary_folder, other_process):
    with PrivateFolder():
        assert len(list(temporary_folder.iterdir())) == 2
    assert [folder.name for folder in temporary_folder.glob("*/rows")] == ["rows"]
    assert other_process.poll() is None


def test_a_folder_of_a_killed_process_is_removed_by_the_next_one(temporary_folder, other_process):
    other_process.kill()
    other_process.wait()
    assert len(list(temporary_folder.iterdir())) == 1
    with PrivateFolder() as folder:
        assert list(temporary_folder.iterdir()) == [folder]


def test_a_scratch_warehouse_is_in_one(temporary_folder):
    with Warehouse("unused.duckdb").scratch():
        (folder,) = temporary_folder.iterdir()
        assert (folder / "scratch.duckdb").exists()
    assert list(temporary_folder.iterdir()) == []


@pytest.mark.skipif(why_no_lake() is not None, reason=f"{why_no_lake()}")
def test_two_lakes_in_one_working_directory_never_spill_into_the_same_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lakes = [DuckLake(f"ducklake:sqlite:{tmp_path}/lake{number}.sqlite", 1, None, None) for number in range(2)]
    folders = {spill_folder(lake) for lake in lakes}
    assert len(folders) == 2
    assert all(folder.startswith(str(tmp_path)) for folder in folders)


def spill_folder(lake):
    """Where a connection of `lake` spills to."""
    with lake.connection(read_only=False) as connection:
        assert isinstance(connection, duckdb.DuckDBPyConnection)
        return connection.execute("SELECT current_setting('temp_directory')").fetchone()[0]
