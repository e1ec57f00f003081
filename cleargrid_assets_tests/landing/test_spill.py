"""The rows of a read wait in a file without a name: memory stays flat, nothing is left behind, nothing is lost."""

from __future__ import annotations

import gc
import os
import resource
import signal
import tempfile
from collections import Counter
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from cleargrid_assets.client import ClearGridClient, RetryPolicy
from cleargrid_assets.emulator import Emulator
from cleargrid_assets.emulator.faults import FAULTS, Fault, error
from cleargrid_assets.landing import duplicates, spill
from cleargrid_assets.landing.duplicates import collapse_duplicates
from cleargrid_assets.landing.read_month import LoadLimits, read_month
from cleargrid_assets.landing.spill import Spill, SpilledBatch, SpilledRows
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.warehouse import WarehouseWriteError
from cleargrid_assets_tests.landing.rows_of_may import MAY
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import NOW, failure_of_step

LIMITS = LoadLimits(concurrency=4, page_size=200, load_seconds=60, stall_seconds=30)
SCHEMA = pa.schema([("public_id", pa.string()), ("updated_at", pa.timestamp("us"))])


@pytest.fixture
def temporary_folder(tmp_path, monkeypatch):
    """An empty folder in place of the system's temporary one."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def spilling(monkeypatch, temporary_folder):
    """Every row goes to the temporary folder, which it returns."""
    monkeypatch.setattr(spill, "BYTES_IN_MEMORY", 0)
    return temporary_folder


@pytest.fixture(params=["in memory", "in the file", "in both"])
def kept(request, monkeypatch):
    """Spilled rows, given as `(number, update)`, in three batches; wherever they are kept."""
    monkeypatch.setattr(spill, "BYTES_IN_MEMORY", {"in memory": 10**6, "in the file": 0, "in both": 100}[request.param])

    def keep(rows):
        container = Spill()
        parts = [container.keep(table(rows[start::3])) for start in range(3)]
        return SpilledRows(SCHEMA, [batch for part in parts for batch in part.batches])

    return keep


def table(rows):
    """The rows, given as `(number, update)`, as columns."""
    return pa.table([[f"{number:024x}" for number, _ in rows], [update for _, update in rows]], schema=SCHEMA)


def client_of(emulator):
    """A client that hardly waits between attempts."""
    known, retry = emulator.credentials, RetryPolicy(attempts=20, base_seconds=0.001, cap_seconds=0.002)
    return ClearGridClient(emulator.base_url, known.lender, known.email, known.password, retry=retry)


def spill_files():
    """The open files of this process that have no name any more."""
    targets = (link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return sorted(str(target) for target in targets if target.name.endswith("(deleted)"))


@contextmanager
def files_of_at_most(size):
    """No file may grow beyond `size` bytes, as if the disk were full."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_rows_come_back_as_they_were_kept_and_in_their_order_as_often_as_they_are_read(kept):
    rows = kept([(number, number % 4) for number in range(90)])
    assert rows.num_rows == 90
    for _ in range(2):
        read = pa.table(rows)
        assert read["public_id"].to_pylist() == [f"{n:024x}" for start in range(3) for n in range(90)[start::3]]


@pytest.mark.parametrize(
    ("at_once", "firsts"), [(1, [0, 1, 2]), (30, [0, 1, 2]), (31, [0, 2]), (61, [0]), (10**6, [0])]
)
def test_rows_come_in_parts_of_whole_batches_each_with_those_of_it_that_count(kept, at_once, firsts):
    rows = kept([(number, number) for number in range(90)])
    for whole in (rows, rows.only(np.arange(90) % 4 != 0)):
        parts = whole.parts(at_once)
        assert [part.earliest("updated_at").microsecond for part in parts] == firsts
        assert pa.concat_tables(map(pa.table, parts)).equals(pa.table(whole))


def test_a_statement_reads_only_a_few_batches_ahead():
    allocated, count = list[int](), 200

    def read():
        allocated.append(pa.total_allocated_bytes())
        return pa.record_batch({"number": pc.add(numbers, 1)})

    numbers = pa.array(np.arange(100_000))
    rows = SpilledRows(pa.schema([("number", pa.int64())]), [SpilledBatch(len(numbers), read)] * count)
    with duckdb.connect() as connection, rows.named("received", connection):
        ((groups,),) = connection.execute("SELECT count(DISTINCT hash(number) % 1000) FROM received").fetchall()
    assert (len(allocated), groups) == (count, 1000)
    assert max(allocated) - allocated[0] < 20 * numbers.nbytes


@pytest.mark.parametrize("at_once", [10**6, 45])
def test_of_each_id_the_latest_version_is_kept(kept, monkeypatch, at_once):
    monkeypatch.setattr(duplicates, "HASHES_AT_ONCE", at_once)
    monkeypatch.setattr(duplicates, "ROWS_AT_ONCE", at_once)
    rows = kept([(number % 20, number % 7) for number in range(90)])
    received = pa.table(rows).to_pylist()
    expected = {row["public_id"]: row for row in sorted(received, key=lambda row: row["updated_at"])}  # stable
    unique = collapse_duplicates(rows)
    assert unique.num_rows == len(expected) == 20
    assert {row["public_id"]: row for row in pa.table(unique).to_pylist()} == expected


def test_of_equal_versions_the_one_received_last_is_kept():
    updates = pa.array([1, 1, 1, 0], pa.timestamp("us"))
    outcomes = ["first", "other", "last", "older"]
    rows = pa.table({"public_id": ["a", "b", "a", "a"], "updated_at": updates, "outcome_option": outcomes})
    unique = collapse_duplicates(Spill().keep(rows))
    assert pa.table(unique)["outcome_option"].to_pylist() == ["other", "last"]


@pytest.mark.parametrize("at_once", [10**6, 7])
def test_rows_without_copies_are_all_kept(kept, monkeypatch, at_once):
    monkeypatch.setattr(duplicates, "HASHES_AT_ONCE", at_once)
    rows = kept([(number, 1) for number in range(90)])
    assert collapse_duplicates(rows) is rows


def test_a_few_rows_never_touch_the_disk(temporary_folder):
    before = spill_files()
    rows = Spill().keep(table([(number, 1) for number in range(1_000)]))
    assert rows.num_rows == 1_000
    assert spill_files() == before
    assert list(temporary_folder.iterdir()) == []


def test_the_file_has_no_name_so_a_killed_load_leaves_none_and_it_is_gone_with_its_rows(spilling):
    before = spill_files()
    rows = Spill().keep(table([(number, 1) for number in range(1_000)]))
    assert len(spill_files()) == len(before) + 1
    assert list(spilling.iterdir()) == []
    del rows
    gc.collect()
    assert spill_files() == before


def test_a_month_of_many_windows_takes_no_more_memory_than_a_few_of_them(spilling):
    with Emulator(rows_per_day=1_200) as emulator:
        before = pa.total_allocated_bytes()
        load = read_month(client_of(emulator), D23, date(2026, 5, 1), MAY, LIMITS)
        held = pa.total_allocated_bytes() - before
    size = pa.table(load.rows).nbytes
    assert load.rows.num_rows > 20_000
    assert held < size / 100
    assert list(spilling.iterdir()) == []


def time_out_after_the_first_page(request):
    """The first page of a long window comes; its second one never does, however few rows are asked for."""
    since, until = (request.params[name] for name in ("since", "until"))
    is_long = date.fromisoformat(until[:10]) - date.fromisoformat(since[:10]) > timedelta(days=2)
    return error(504, "Too slow", request.number) if is_long and "cursor" in request.params else None


@pytest.mark.usefixtures("spilling")
def test_a_window_that_is_read_again_in_parts_leaves_nothing_of_its_first_pages():
    with Emulator(rows_per_day=100, now=NOW) as emulator:
        emulator.api.faults = [Fault("second pages time out", time_out_after_the_first_page)]
        load = read_month(client_of(emulator), D23, date(2026, 5, 1), MAY, LIMITS)
        expected = emulator.api.manual_logs.rows(MAY.since, MAY.until, NOW)
    assert load.statistics.splits > 0
    assert load.rows_received == load.rows.num_rows == len(expected)
    assert pa.table(load.rows)["public_id"].to_pylist() == [row["public_id"] for row in expected]


def test_a_full_temporary_folder_is_named_and_so_is_the_way_out(spilling):
    rows = table([(number, 1) for number in range(1_000)])
    with files_of_at_most(4_096), pytest.raises(WarehouseWriteError) as failure:
        Spill().keep(rows)
    assert str(spilling) in str(failure.value)
    assert "free disk space there, or let TMPDIR name a larger folder" in str(failure.value)


def test_a_load_into_a_full_temporary_folder_fails_with_one_sentence_and_keeps_the_month(start_after, monkeypatch):
    platform = start_after(load_months, "2026-05-01")
    old = platform.landed()
    platform.emulator.now += timedelta(days=60)
    monkeypatch.setattr(spill, "BYTES_IN_MEMORY", 0)
    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", raise_disk_full)
        failure = failure_of_step(platform.load())
    assert failure["error"] == "WarehouseWriteError"
    assert platform.landed() == old
    assert platform.load().success
    assert platform.landed() == platform.truth()


def raise_disk_full(*_arguments):
    """What a write into a full disk raises."""
    raise OSError(28, "No space left on device")


def test_rows_that_cannot_be_landed_wait_in_the_file_too_with_their_reasons_counted(spilling):
    with Emulator(rows_per_day=40, now=NOW) as emulator:
        emulator.api.faults = [FAULTS["bad-rows"]]
        load = read_month(client_of(emulator), D23, date(2026, 5, 1), MAY, LIMITS)
    quarantined = pa.table(load.quarantine.rows).to_pylist()
    assert len(load.quarantine) == len(quarantined) > 5
    assert Counter(reason for row in quarantined for reason in row["reasons"]) == load.quarantine.reasons
    assert list(load.quarantine.frequent_reasons.values()) == sorted(load.quarantine.reasons.values(), reverse=True)
    assert list(spilling.iterdir()) == []
