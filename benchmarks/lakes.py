"""Compares the lake with the file, and two hosts with one, in the environment of `make test-distributed`.

Add a warehouse or a host layout to compare here; `cleargrid_assets_tests.distributed` starts them.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.loading import GROWTH, MONTH, PAIRS, emulator
from benchmarks.measure import line, median, run_loader
from benchmarks.platform import MARTS, RAW, materialize, settings_and_months
from cleargrid_assets_tests.postgres_server import PostgresServer, find_binaries, run_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.measure import Measurement

    SettingsFactory = Callable[[Path], Mapping[str, str]]

STEPS = {"first load": RAW, "read again": RAW, "core and marts": MARTS}
BACKFILL_SECONDS = 3600


def lake(rows: int = 1_000_000, *, pairs: int = PAIRS) -> None:
    """A month's load, re-read and marts in a file, in a lake in a folder, and in a lake in an S3 store."""
    measured: dict[tuple[str, str], list[Measurement]] = {}
    with emulator(rows) as server, _warehouses() as warehouses:
        run_loader("simplest", server.base_url, MONTH)  # the emulator makes its rows once, outside the race
        for _ in range(pairs):
            for kind, fresh in warehouses.items():
                with tempfile.TemporaryDirectory() as folder:
                    variables = fresh(Path(folder))
                    for step, selection in STEPS.items():
                        of_step = measured.setdefault((step, kind), [])
                        of_step.append(materialize(server, Path(folder), selection, variables))
    print(f"\n{rows:,} rows of a month, `dagster asset materialize`, medians of {pairs}, ratios to the file:")
    for (step, kind), runs in measured.items():
        parts = [f"{median(runs, field) / median(measured[step, 'file'], field):5.2f}x" for field in FIELDS]
        print(f"{step:<16}{kind:<16}{median(runs, 'wall_seconds'):6.1f} s wall  " + "  ".join(parts))


FIELDS = ("wall_seconds", "cpu_seconds", "peak_mb")


def lake_growth(sizes: tuple[int, ...] = GROWTH) -> None:
    """Peak memory and processor time of a first load into a lake and of reading it again, as the month grows."""
    print("\nGrowth with rows, a lake in a folder, 0 ms, 8 in flight:")
    for rows in sizes:
        with (
            emulator(rows) as server,
            run_postgres(_binaries()) as catalog,
            tempfile.TemporaryDirectory() as folder,
        ):
            address = f"ducklake:postgres:{catalog.dsn(catalog.create_database())}"
            for attempt in ("first", "again"):
                loaded = run_loader("ours", server.base_url, MONTH, warehouse=address, lake_data=folder)
                print(line(attempt, [loaded]), flush=True)


@contextmanager
def _warehouses() -> Iterator[dict[str, SettingsFactory]]:
    """For each kind of warehouse, a function that makes the settings of an empty one."""
    from cleargrid_assets_tests.distributed.object_store import BUCKET_DATA, run_object_store  # noqa: PLC0415 - of the group dev-distributed

    with (
        run_postgres(_binaries()) as server,
        tempfile.TemporaryDirectory() as folder,
        run_object_store(Path(folder, "store")) as store,
    ):
        yield {
            "file": lambda _home: {},
            "lake in a folder": lambda home: _lake(server, str(home / "lake")),
            "lake in S3": lambda _home: {**store.variables, **_lake(server, f"{BUCKET_DATA}-{uuid.uuid4().hex}")},
        }


def _lake(server: PostgresServer, data: str) -> dict[str, str]:
    address = f"ducklake:postgres:{server.dsn(server.create_database())}"
    return {"CLEARGRID_WAREHOUSE": address, "CLEARGRID_LAKE_DATA": data}


def _binaries() -> Path:
    binaries = find_binaries()
    assert binaries is not None, "apt-get install postgresql"
    return binaries


def hosts(months: int = 12, rows: int = 20_000, *, delay_ms: int = 200) -> None:
    """A backfill on one Ray node and on two, with two processors each; small pages make the loads wait."""
    from cleargrid_assets_tests.distributed.cluster import run_cluster  # noqa: PLC0415 - of the group dev-distributed

    print(f"\n{months} months of {rows:,} rows, pages of 100, {delay_ms} ms each; two runs at once on each node:")
    with emulator(rows, delay_ms=delay_ms) as server:
        settings, keys = settings_and_months(server, months)
        settings["CLEARGRID_PAGE_SIZE"] = "100"
        for nodes in (1, 2):
            with (
                tempfile.TemporaryDirectory(prefix="cg-") as folder,
                run_cluster(Path(folder), _binaries(), settings, nodes=nodes) as cluster,
            ):
                started = time.monotonic()
                cluster.wait_for_end(cluster.launch(keys), BACKFILL_SECONDS)
                seconds = time.monotonic() - started
                print(f"{nodes} node(s): {seconds:.0f} s, {seconds / months:.1f} s a month", flush=True)
