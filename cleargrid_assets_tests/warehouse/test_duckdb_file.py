"""One transaction at a time uses the warehouse file, and every failure to open it is reported clearly and soon."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pytest

from cleargrid_assets.warehouse import WarehouseBusyError, WarehouseMissingError, WarehouseUnreadableError
from cleargrid_assets.warehouse.locks import file_lock
from cleargrid_assets.warehouse.warehouse import Warehouse

SHELL = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""
WRITE = """
import sys
from cleargrid_assets.warehouse.warehouse import Warehouse
with Warehouse(sys.argv[1]).writing():
    pass
"""
KILLED = """
import os, sys
from cleargrid_assets.warehouse.warehouse import Warehouse
warehouse = Warehouse(sys.argv[1])
with warehouse.writing() as connection:
    connection.execute("INSERT INTO raw.kept SELECT 2")
with warehouse.transactions() as transaction:
    with transaction() as connection:
        connection.execute("INSERT INTO raw.kept SELECT 3")
    os._exit(9)
"""
QUEUE = """
import sys
from cleargrid_assets.warehouse import WarehouseBusyError
from cleargrid_assets.warehouse.warehouse import Warehouse
try:
    with Warehouse(sys.argv[1], lock_timeout=0).reading():
        print("was opened")
except WarehouseBusyError as error:
    print(error)
"""
KEPT = "SELECT count(*) FROM raw.kept"


@pytest.fixture
def warehouse(tmp_path):
    """A warehouse with one table of one row."""
    made = Warehouse(str(tmp_path / "warehouse.duckdb"), open_timeout=0.3)
    with made.writing() as connection:
        connection.execute("CREATE TABLE raw.kept AS SELECT 1 AS number")
    return made


def test_a_block_that_raises_leaves_the_file_as_it_was_and_closes_it(warehouse):
    def write():
        with warehouse.writing() as connection:
            connection.execute("DELETE FROM raw.kept")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    with warehouse.reading() as connection:
        assert connection.execute(KEPT).fetchall() == [(1,)]
    duckdb.connect(warehouse.address).close()  # another configuration in this process needs every connection closed


def test_a_readers_statement_that_writes_is_refused(warehouse):
    with warehouse.reading() as connection, pytest.raises(duckdb.Error):
        connection.execute("DELETE FROM raw.kept")
    with warehouse.reading() as connection:
        assert connection.execute(KEPT).fetchall() == [(1,)]


def test_a_missing_folder_is_made_and_a_missing_warehouse_is_said_to_a_reader(tmp_path):
    absent = Warehouse(str(tmp_path / "a" / "b" / "warehouse.duckdb"))
    with pytest.raises(WarehouseMissingError, match="load a month first"), absent.reading():
        pass
    with absent.writing() as connection:
        connection.execute("CREATE TABLE raw.made AS SELECT 1 AS number")
    assert absent.exists


def test_what_is_no_database_is_said_at_once(tmp_path):
    notes = tmp_path / "notes.duckdb"
    notes.write_text("notes, not a database\n" * 500)
    with pytest.raises(WarehouseUnreadableError, match="CLEARGRID_WAREHOUSE"), Warehouse(str(notes)).writing():
        pass
    assert notes.read_text() == "notes, not a database\n" * 500


def test_damage_is_called_so_when_the_file_is_opened_and_when_the_block_is_read(warehouse):
    with warehouse.writing() as connection:
        connection.execute("INSERT INTO raw.kept SELECT hash(range) % 1000000000 FROM range(200000)")
    file = Path(warehouse.address)
    whole = file.read_bytes()
    block = len(whole) * 3 // 4  # the first half is free again
    damaged = [
        whole[:4200] + b"damage" + whole[4206:],
        whole[:block] + b"damage" + whole[block + 6 :],
        whole[:-1000],
    ]
    for content in damaged:
        file.write_bytes(content)
        for use in (warehouse.reading, warehouse.writing):
            with pytest.raises(WarehouseUnreadableError, match="is damaged: put your last copy"), use() as connection:
                connection.execute("SELECT sum(number) FROM raw.kept")


@pytest.mark.parametrize("copied_after", [0, 1])
def test_a_log_beside_another_copy_of_the_file_is_to_be_moved_away(warehouse, tmp_path, copied_after):
    """The log of a killed process lies beside an earlier copy, or beside another warehouse."""
    copies = [tmp_path / "other.duckdb", tmp_path / "earlier.duckdb"]
    with Warehouse(str(copies[0])).writing() as connection:
        connection.execute("CREATE TABLE raw.kept AS SELECT 1 AS number")
    shutil.copy(warehouse.address, copies[1])
    subprocess.run([sys.executable, "-c", KILLED, warehouse.address], check=False)
    shutil.copy(copies[copied_after], warehouse.address)
    for use in (warehouse.reading, warehouse.writing):
        with pytest.raises(WarehouseUnreadableError, match=r"duckdb\.wal and \.journal .* move them away"), use():
            pass
    Path(f"{warehouse.address}.wal").unlink()
    with warehouse.reading() as connection:
        assert connection.execute(KEPT).fetchall() == [(1,)]


def test_an_empty_file_is_not_a_warehouse_yet_and_becomes_one_with_its_own_mode_and_links(tmp_path):
    prepared, other_name = tmp_path / "w.duckdb", tmp_path / "other_name.duckdb"
    prepared.touch(mode=0o600)
    other_name.hardlink_to(prepared)
    warehouse = Warehouse(str(prepared))
    with pytest.raises(WarehouseMissingError), warehouse.reading():
        pass
    with warehouse.writing() as connection:
        connection.execute("CREATE TABLE raw.one AS SELECT 1 AS number")
    with warehouse.reading() as connection:
        assert connection.execute("FROM raw.one").fetchall() == [(1,)]
    assert stat.S_IMODE(prepared.stat().st_mode) == 0o600
    assert prepared.samefile(other_name)


def test_a_file_that_could_not_be_made_is_as_empty_as_before(tmp_path):
    prepared = tmp_path / "w.duckdb"
    prepared.touch(mode=0o600)
    limited = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (4096, -1))\n{WRITE}"
    failed = subprocess.run([sys.executable, "-c", limited, prepared], check=False, capture_output=True, text=True)
    assert "could not be created" in failed.stderr
    assert prepared.stat().st_size == 0
    subprocess.run([sys.executable, "-c", WRITE, prepared], check=True)


def refusal(address):
    """The message about an unusable address, the same for a read, a write and the doctor."""
    messages = set()
    for use in ("reading", "writing"):
        with pytest.raises(WarehouseUnreadableError) as refused, getattr(Warehouse(str(address)), use)():
            pass
        messages.add(str(refused.value))
    with pytest.raises(WarehouseUnreadableError) as refused:
        Warehouse(str(address)).check_writable()
    (message,) = {*messages, str(refused.value)}
    return message


def test_a_link_to_a_file_that_is_not_there_is_left_alone_because_its_volume_may_not_be_mounted(tmp_path):
    link, volume = tmp_path / "w.duckdb", tmp_path / "volume"
    link.symlink_to(volume / "w.duckdb")
    for prepare in (lambda: None, volume.mkdir):
        prepare()
        assert refusal(link) == (
            f"{link} is a link to {volume}/w.duckdb, which does not exist: mount the volume or correct "
            f"CLEARGRID_WAREHOUSE"
        )
    assert link.is_symlink()
    assert [path.name for path in (*tmp_path.iterdir(), *volume.iterdir())] == [link.name, volume.name]


def test_a_folder_that_is_a_link_to_one_that_is_not_there_is_left_alone_too(tmp_path):
    (tmp_path / "data").symlink_to("volume/data")
    assert refusal(tmp_path / "data" / "w.duckdb") == (
        f"{tmp_path}/data is a link to {tmp_path}/volume/data, which does not exist: mount the volume or correct "
        f"CLEARGRID_WAREHOUSE"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_link_to_a_warehouse_is_followed_and_stays_a_link(warehouse, tmp_path):
    link = tmp_path / "link.duckdb"
    link.symlink_to(warehouse.address)
    with Warehouse(str(link)).writing() as connection:
        assert connection.execute(KEPT).fetchall() == [(1,)]
    assert link.is_symlink()


@pytest.fixture
def ordinary_user():
    """Drop root's rights if the tests run as root; return a folder that the unprivileged user can write to."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        if user == 0:
            os.seteuid(65_534)
        try:
            yield Path(folder)
        finally:
            os.seteuid(user)


def test_a_file_that_may_not_be_read_is_named_to_readers_and_writers(ordinary_user):
    path = ordinary_user / "w.duckdb"
    with Warehouse(str(path)).writing() as connection:
        connection.execute("CREATE TABLE raw.one AS SELECT 1 AS number")
    path.chmod(0o000)
    for use in ("reading", "writing"):
        with (
            pytest.raises(WarehouseUnreadableError, match=r"w\.duckdb cannot be"),
            getattr(Warehouse(str(path)), use)(),
        ):
            pass


def test_a_path_that_the_system_refuses_is_named(ordinary_user):
    closed = ordinary_user / "closed"
    closed.mkdir(mode=0o000)
    for path in (closed / "w.duckdb", ordinary_user / ("w" * 300)):
        with pytest.raises(WarehouseUnreadableError, match=r"cannot be used as a warehouse \((Perm|File name too)"):
            Warehouse(str(path)).check_writable()


def make_device(path):
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only a privileged user can make a device")


@pytest.mark.parametrize(
    ("make", "kind"), [(Path.mkdir, "a folder"), (os.mkfifo, "a named pipe"), (make_device, "a device")]
)
def test_what_is_not_a_file_is_called_what_it_is_and_left_alone(tmp_path, make, kind):
    path = tmp_path / "w.duckdb"
    make(path)
    before = path.stat()
    assert refusal(path) == f"{path} is {kind}: set CLEARGRID_WAREHOUSE to the path of a DuckDB file"
    assert (path.stat().st_mode, path.stat().st_ino) == (before.st_mode, before.st_ino)
    assert list(tmp_path.iterdir()) == [path]


def test_every_spelling_of_a_path_queues_at_one_lock(warehouse, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "folder").symlink_to(tmp_path)
    (tmp_path / "link.duckdb").symlink_to("warehouse.duckdb")
    monkeypatch.chdir(tmp_path)
    spellings = ["warehouse.duckdb", "elsewhere/../warehouse.duckdb", "folder/warehouse.duckdb", "link.duckdb"]
    for spelling in spellings:
        with file_lock(Path(warehouse.address), 0):
            waiting = subprocess.run(
                [sys.executable, "-c", QUEUE, spelling], check=True, capture_output=True, text=True
            )
        assert "locked by other runs" in waiting.stdout


def test_a_program_that_has_the_file_open_is_named_with_its_process_id(warehouse):
    with subprocess.Popen(
        [sys.executable, "-c", SHELL, warehouse.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as shell:
        assert shell.stdout.readline() == "open\n"
        with pytest.raises(WarehouseBusyError, match=f"PID {shell.pid}"), warehouse.writing():
            pass
        with pytest.raises(WarehouseBusyError, match=f"PID {shell.pid}"), warehouse.reading():
            pass
        shell.communicate()
    with warehouse.reading() as connection:
        assert connection.execute(KEPT).fetchall() == [(1,)]


def test_another_program_is_waited_for_no_longer_than_half_a_minute():
    assert Warehouse("anywhere").open_timeout <= 30


def test_instants_mean_utc_whatever_zone_the_host_is_in(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    with Warehouse(str(tmp_path / "warehouse.duckdb")).writing() as connection:
        zone = connection.execute("SELECT current_setting('TimeZone')").fetchall()
    assert zone == [("UTC",)]
