"""Artifacts are replaced atomically, and a location that cannot be written is named."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.warehouse import WarehouseUnreachableError, WarehouseUnreadableError, WarehouseWriteError
from cleargrid_assets.warehouse.artifacts import artifacts_at
from cleargrid_assets_tests.postgres_server import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from cleargrid_assets.warehouse.artifacts import Artifacts

TWO_DAYS_AGO = time.time() - 2 * 86_400


def test_a_file_is_the_old_one_until_the_new_one_is_complete(tmp_path: Path) -> None:
    artifacts, place = artifacts_at(str(tmp_path / "published")), tmp_path / "published" / "mix.parquet"
    for text in ("old", "new"):
        before = place.read_text(encoding="utf-8") if place.exists() else None
        with artifacts.replacing("mix.parquet") as file:
            file.write_text(text, encoding="utf-8")
            assert (place.read_text(encoding="utf-8") if place.exists() else None) == before
        assert place.read_text(encoding="utf-8") == text
    assert list(place.parent.iterdir()) == [place]


def test_a_file_that_could_not_be_made_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "mix.parquet").write_text("old", encoding="utf-8")
    with pytest.raises(ZeroDivisionError):
        fail_half_way(artifacts_at(str(tmp_path)))
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["old"]


def fail_half_way(artifacts: Artifacts) -> None:
    with artifacts.replacing("mix.parquet") as file:
        file.write_text("half", encoding="utf-8")
        _ = 1 / 0


def test_what_a_killed_process_left_goes_when_any_file_is_written_to_the_folder(tmp_path: Path) -> None:
    names = (".mix.parquet.0123abcd.unfinished", ".mix.parquet.0123abcd.unfinished.wal", ".notes.unfinished")
    files = [tmp_path / name for name in names]
    for file in files:
        file.touch()
        os.utime(file, (TWO_DAYS_AGO, TWO_DAYS_AGO))
    with artifacts_at(str(tmp_path)).replacing("day.parquet") as file:
        file.touch()
    assert sorted(tmp_path.iterdir()) == [files[-1], tmp_path / "day.parquet"]


def test_two_processes_that_write_a_file_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    artifacts = artifacts_at(str(tmp_path))
    with artifacts.replacing("mix.parquet") as first:
        first.write_text("first", encoding="utf-8")
        with artifacts.replacing("mix.parquet") as second:
            second.write_text("second", encoding="utf-8")
        assert (tmp_path / "mix.parquet").read_text(encoding="utf-8") == "second"
    assert (tmp_path / "mix.parquet").read_text(encoding="utf-8") == "first"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    artifacts = artifacts_at(str(tmp_path / "file" / "published"))
    with pytest.raises(WarehouseUnreadableError, match=f"nothing can be written in {tmp_path}/file"):
        artifacts.check_writable()
    with pytest.raises(WarehouseWriteError, match=r"file/published/mix\.parquet could not be written"):  # noqa: SIM117 - the error is that of entering
        with artifacts.replacing("mix.parquet"):
            pass


def test_files_are_listed_and_deleted_by_name(tmp_path: Path) -> None:
    artifacts = artifacts_at(str(tmp_path / "reports"))
    assert artifacts.names() == []
    for name in ("b.html", "a.html"):
        with artifacts.replacing(name) as file:
            file.touch()
    (tmp_path / "reports" / "folder").mkdir()
    assert artifacts.names() == ["a.html", "b.html"]
    for _ in range(2):  # another run may have deleted it
        artifacts.delete("a.html")
    assert artifacts.names() == ["b.html"]


def test_a_folder_that_is_a_link_to_one_that_is_not_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "reports").symlink_to("volume")
    artifacts = artifacts_at(str(tmp_path / "reports" / "emulator"))
    message = f"{tmp_path}/reports is a link to {tmp_path}/volume, which does not exist: mount the volume"
    with pytest.raises(WarehouseUnreadableError, match=message):
        artifacts.check_writable()
    with pytest.raises(WarehouseUnreadableError, match=message), artifacts.replacing("latest.html"):
        pass


def test_a_store_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "geheim", "AWS_REGION": "us-east-1",
                        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    artifacts = artifacts_at("s3://lake/d23/published")
    with pytest.raises(WarehouseUnreachableError, match=r"s3://lake/d23/published could not be written\.") as error:
        artifacts.check_writable()
    assert "geheim" not in str(error.value)
