"""If a kill interrupts a checkpoint that overwrites a block in use, the warehouse opens in its earlier state."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from cleargrid_assets.warehouse import WarehouseBusyError, WarehouseUnreadableError, WarehouseWriteError
from cleargrid_assets.warehouse.rollback_journal import HEADERS
from cleargrid_assets.warehouse.warehouse import Warehouse

BLOCK = 262_144
WRITTEN = 8_192
"""Bytes of the overwritten block that the killed process had written; the new metadata is longer."""

ROOM = "x" * 30_000
"""A comment after which the last block of metadata has room, so that the next checkpoint overwrites that block."""

KEPT = "SELECT count(*) FROM raw.kept"
SHELL = "import duckdb, sys; connection = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


@dataclass
class KilledWriter:
    """A warehouse whose writer was killed: its file before the write, and the journal of the write."""

    warehouse: Warehouse
    before: bytes
    after: bytes
    journal: bytes

    @property
    def file(self):
        return Path(self.warehouse.address)

    @property
    def journal_file(self):
        return self.file.with_name(f"{self.file.name}.journal")

    def write_file(self, content, *, journal=True):
        """Write `content` to the file, with or without the journal beside it."""
        self.file.write_bytes(content)
        if journal:
            self.journal_file.write_bytes(self.journal)

    @property
    def torn_content(self):
        """The new data, the old header, and the new metadata up to the kill."""
        old_blocks = range(HEADERS, len(self.before), BLOCK)
        (start,) = (at for at in old_blocks if self.before[at : at + BLOCK] != self.after[at : at + BLOCK])
        kill = start + WRITTEN
        old_metadata, data = self.before[kill : start + BLOCK], self.after[start + BLOCK :]
        return self.before[:HEADERS] + self.after[HEADERS:kill] + old_metadata + data


def row_count(warehouse):
    with warehouse.reading() as connection:
        return connection.execute(KEPT).fetchone()[0]


@pytest.fixture
def killed_writer(tmp_path):
    """A table of 10 rows, of which an interrupted second transaction made 30."""
    warehouse = Warehouse(str(tmp_path / "warehouse.duckdb"), open_timeout=0.3)
    file = Path(warehouse.address)
    with warehouse.writing() as connection:
        connection.execute("CREATE TABLE raw.kept AS SELECT range AS number FROM range(10)")
        connection.execute(f"COMMENT ON TABLE raw.kept IS '{ROOM}'")
    before = file.read_bytes()
    with warehouse.writing() as connection:
        connection.execute("INSERT INTO raw.kept FROM range(20)")
        journal = file.with_name(f"{file.name}.journal").read_bytes()
    return KilledWriter(warehouse, before, file.read_bytes(), journal)


def test_a_checkpoint_overwrites_metadata_in_use_and_duckdb_refuses_a_file_torn_there(killed_writer):
    killed_writer.write_file(killed_writer.torn_content, journal=False)
    with (
        pytest.raises(WarehouseUnreadableError, match="is damaged: put your last copy"),
        killed_writer.warehouse.reading(),
    ):
        pass


@pytest.mark.parametrize("use", ["reading", "writing"])
def test_a_file_torn_by_a_kill_opens_as_it_was_before_the_write(killed_writer, use):
    killed_writer.write_file(killed_writer.torn_content)
    with getattr(killed_writer.warehouse, use)() as connection:
        assert connection.execute(KEPT).fetchone() == (10,)
    assert row_count(killed_writer.warehouse) == 10
    assert not killed_writer.journal_file.exists()


def test_what_is_written_after_a_kill_is_kept(killed_writer):
    killed_writer.write_file(killed_writer.torn_content)
    with killed_writer.warehouse.writing() as connection:
        connection.execute("INSERT INTO raw.kept FROM range(5)")
    assert row_count(killed_writer.warehouse) == 15


def test_a_checkpoint_that_was_completed_before_the_kill_is_kept(killed_writer):
    killed_writer.write_file(killed_writer.after)
    assert row_count(killed_writer.warehouse) == 30
    assert not killed_writer.journal_file.exists()


def test_a_kill_while_the_journal_was_written_changes_nothing(killed_writer):
    killed_writer.write_file(killed_writer.before, journal=False)
    killed_writer.journal_file.with_name(f"{killed_writer.journal_file.name}.new").write_bytes(
        killed_writer.journal[:5_000]
    )
    assert row_count(killed_writer.warehouse) == 10
    with killed_writer.warehouse.writing():
        pass
    assert sorted(path.name for path in killed_writer.file.parent.iterdir()) == [
        "warehouse.duckdb",
        "warehouse.duckdb.lock",
    ]


def test_the_journal_is_found_from_every_name_of_the_file(killed_writer, tmp_path):
    link = tmp_path / "link.duckdb"
    link.symlink_to(killed_writer.file)
    killed_writer.write_file(killed_writer.torn_content)
    assert row_count(Warehouse(str(link))) == 10


def test_a_file_that_another_program_has_open_is_left_alone(killed_writer):
    killed_writer.write_file(killed_writer.after)
    with subprocess.Popen(
        [sys.executable, "-c", SHELL, killed_writer.file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as shell:
        assert shell.stdout.readline() == "open\n"
        with pytest.raises(WarehouseBusyError, match=f"PID {shell.pid}"), killed_writer.warehouse.reading():
            pass
        assert killed_writer.journal_file.exists()
        shell.communicate()
    assert row_count(killed_writer.warehouse) == 30


def test_another_program_cannot_open_the_file_while_we_write(killed_writer):
    with killed_writer.warehouse.writing():
        shell = subprocess.run(
            [sys.executable, "-c", SHELL, killed_writer.file],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    assert "Could not set lock on file" in shell.stderr


def test_a_write_that_fails_leaves_no_journal(killed_writer):
    with pytest.raises(duckdb.Error), killed_writer.warehouse.writing() as connection:
        connection.execute("SELECT * FROM raw.absent")
    assert not killed_writer.journal_file.exists()
    assert row_count(killed_writer.warehouse) == 30


def test_the_journal_can_be_read_by_those_who_can_read_the_file(killed_writer):
    killed_writer.file.chmod(0o640)
    with killed_writer.warehouse.writing():
        assert stat.S_IMODE(killed_writer.journal_file.stat().st_mode) == 0o640


def test_a_journal_that_cannot_be_written_stops_the_write_with_its_reason(killed_writer):
    blocked = killed_writer.journal_file.with_name(f"{killed_writer.journal_file.name}.new")
    blocked.mkdir()
    with pytest.raises(WarehouseWriteError, match=f"{killed_writer.journal_file.name} could not be written"):
        killed_writer.warehouse.check_writable()
    shutil.rmtree(blocked)
    assert row_count(killed_writer.warehouse) == 30


def test_several_transactions_of_one_opening_make_no_checkpoint_before_its_end(tmp_path):
    """The journal undoes one checkpoint; a connection that made two would leave a kill in the second unrepaired."""
    warehouse = Warehouse(str(tmp_path / "warehouse.duckdb"))
    file = Path(warehouse.address)
    with warehouse.writing() as connection:
        connection.execute("CREATE TABLE raw.kept AS SELECT range AS number FROM range(10)")
        connection.execute(f"COMMENT ON TABLE raw.kept IS '{ROOM}'")
    headers = file.read_bytes()[:HEADERS]
    with warehouse.transactions() as transaction:
        for _ in range(3):
            with transaction() as connection:  # more than the 16 MB of log at which DuckDB makes a checkpoint
                connection.execute("INSERT INTO raw.kept SELECT hash(range) // 2 FROM range(100_000)")
                connection.execute(
                    "CREATE OR REPLACE TABLE raw.texts AS SELECT sha256(range::VARCHAR) AS text FROM range(100_000)"
                )
                connection.execute("UPDATE raw.texts SET text = upper(text)")
            assert file.read_bytes()[:HEADERS] == headers
    assert file.read_bytes()[:HEADERS] != headers
    assert row_count(warehouse) == 300_010
