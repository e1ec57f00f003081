"""Benchmarks loading a month: ours, the simplest complete loader and the naive loop, at several densities and sizes.

Add a question as a function that prints its figures; `measure` times the processes.
"""

from __future__ import annotations

import statistics
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from benchmarks.measure import line, median, run_loader
from benchmarks.rendered_rows import RenderedRows
from cleargrid_assets.emulator import Emulator

if TYPE_CHECKING:
    from cleargrid_assets.emulator.generated_rows import GeneratedRows

MONTH = "2026-05-01"
SINCE, UNTIL = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
WORKING_DAYS_A_MONTH = 25.6  # weekends count for less: a month has that many average working days
PAIRS = 3


def emulator(rows_a_month: int, *, delay_ms: int = 0, dense_days: dict[date, float] | None = None) -> Emulator:
    """A ClearGrid whose May 2026 has about `rows_a_month` rows."""
    return Emulator(
        rows_per_day=round(rows_a_month / WORKING_DAYS_A_MONTH),
        page_delay_seconds=delay_ms / 1000,
        dense_days=dense_days,
        now=NOW,
    )


def quick_export(rows_a_month: int, *, delay_ms: int = 0, dense_days: dict[date, float] | None = None) -> Emulator:
    """The same with full pages of rows that are rendered beforehand, so that it takes hardly any processor time."""
    server = emulator(rows_a_month, delay_ms=delay_ms, dense_days=dense_days)
    server.api.page_shares = [1.0]
    server.api.manual_logs = cast("GeneratedRows", RenderedRows(server.manual_logs, SINCE, UNTIL, NOW))
    return server


def side_by_side(rows: int = 200_000, *, pairs: int = PAIRS) -> None:
    """Load seconds, CPU seconds and peak memory of three loaders at three speeds of the server."""
    for delay_ms in (0, 50, 200):
        print(f"\n{rows:,} rows, a page takes {delay_ms} ms, 8 in flight, {pairs} pairs, medians:")
        with emulator(rows, delay_ms=delay_ms) as server:
            run_loader("simplest", server.base_url, MONTH)  # the emulator makes its rows once, outside the race
            ours, simplest = [], []
            for _ in range(pairs):
                simplest.append(run_loader("simplest", server.base_url, MONTH))
                ours.append(run_loader("ours", server.base_url, MONTH))
            naive = [run_loader("naive", server.base_url, MONTH)]
        print(line("simplest", simplest))
        print(line("ours", ours, simplest))
        print(line("naive", naive, simplest))


def beside_the_floor(rows: int = 200_000, *, pairs: int = 5) -> None:
    """Load seconds of ours and of the floor, which drops what it reads, at three speeds of a server of full pages.

    Memory is not compared: the kernel counts this process, which holds all rows, with each one that it starts.
    """
    for delay_ms in (0, 50, 200):
        with quick_export(rows, delay_ms=delay_ms) as server:
            floor, ours = [], []
            for _ in range(pairs):
                floor.append(run_loader("floor", server.base_url, MONTH))
                ours.append(run_loader("ours", server.base_url, MONTH))
        print(f"\n{rows:,} rows, a page takes {delay_ms} ms, 8 in flight, {pairs} pairs, medians:")
        print(f"floor {median(floor, 'load_seconds'):6.2f} s, {floor[0].rows} pages")
        ratio = statistics.median(one.load_seconds / other.load_seconds for one, other in zip(ours, floor, strict=True))
        print(f"ours  {median(ours, 'load_seconds'):6.2f} s, {ratio:.2f}x")


GROWTH = (200_000, 1_000_000, 5_000_000, 20_000_000)


def growth(sizes: tuple[int, ...] = GROWTH) -> None:
    """Peak memory and processor time of a first load and of reading it again, as the month grows."""
    print("\nGrowth with rows, a file, 0 ms, 8 in flight:")
    for rows in sizes:
        with emulator(rows) as server, tempfile.TemporaryDirectory() as folder:
            for attempt in ("first", "again"):
                warehouse = str(Path(folder) / "warehouse.duckdb")
                print(line(attempt, [run_loader("ours", server.base_url, MONTH, warehouse=warehouse)]), flush=True)


def dense_day(rows: int = 200_000, *, pairs: int = PAIRS) -> None:
    """A month with one day twenty times denser than the others, compared with an even month of the same size."""
    days = 31
    even, dense = (
        emulator(rows, delay_ms=50),
        emulator(round(rows * days / (days + 19)), delay_ms=50, dense_days={date(2026, 5, 13): 20.0}),
    )
    with even, dense:
        for server in (even, dense):
            run_loader("simplest", server.base_url, MONTH)
        evenly = [run_loader("ours", even.base_url, MONTH) for _ in range(pairs)]
        densely = [run_loader("ours", dense.base_url, MONTH) for _ in range(pairs)]
    print("\nOne day twenty times denser than the others, 50 ms a page:")
    print(line("even", evenly))
    print(line("dense", densely))
    per_row = (median(densely, "load_seconds") / densely[0].rows) / (median(evenly, "load_seconds") / evenly[0].rows)
    print(f"seconds per row, dense / even: {per_row:.2f}x")


def re_read(rows: int = 200_000, *, times: int = 5) -> None:
    """A re-read of an unchanged month compared with its first load, and the file's size after several re-reads."""
    print(f"\nRe-reading an unchanged month of {rows:,} rows, 0 ms:")
    with emulator(rows) as server, tempfile.TemporaryDirectory() as folder:
        run_loader("simplest", server.base_url, MONTH)
        warehouse = Path(folder) / "warehouse.duckdb"
        first = run_loader("ours", server.base_url, MONTH, warehouse=str(warehouse))
        size = warehouse.stat().st_size
        again = [run_loader("ours", server.base_url, MONTH, warehouse=str(warehouse)) for _ in range(times)]
        print(line("first", [first]))
        print(line("again", again, [first]))
        sizes = [size / 1e6, warehouse.stat().st_size / 1e6]
        print(f"file: {sizes[0]:.1f} MB after one load, {sizes[1]:.1f} MB after {times} more")
