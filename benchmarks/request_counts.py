"""Benchmarks how many requests a load takes, beside the least possible: its rows in full pages, and nothing else.

Add a size, a shape or a setting as a `Case`; how long requests take is measured in `loading`.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import date
from math import ceil

from benchmarks.loading import MONTH, quick_export
from benchmarks.measure import run_loader

DELAY_MS = 20
DENSE_DAY = {date(2026, 5, 13): 20.0}
ROUNDS = 5


@dataclass(frozen=True)
class Case:
    """A month and the settings of its loads. `is_dense`: one of its days has twenty times the rows."""

    rows: int
    page_size: int
    concurrency: int
    is_dense: bool = False


CASES = [
    Case(200_000, 1000, 8),
    Case(200_000, 1000, 4),
    Case(200_000, 1000, 16),
    Case(125_000, 1000, 8, is_dense=True),
    Case(1_500, 500, 4),
    Case(10_000, 500, 4),
    Case(51_000, 500, 4),
]


def requests(*, rounds: int = ROUNDS) -> None:
    """The requests of a load, its one count included, for several sizes and shapes of a month."""
    print(f"\nRequests of a load, the count included; {DELAY_MS} ms a page, {rounds} loads each:")
    for case in CASES:
        with quick_export(case.rows, delay_ms=DELAY_MS, dense_days=DENSE_DAY if case.is_dense else None) as server:
            counts = list[int]()
            for _ in range(rounds):
                server.requests.clear()
                loaded = run_loader(
                    "ours", server.base_url, MONTH, page_size=case.page_size, concurrency=case.concurrency
                )
                counts.append(sum(request.path.endswith("/D23") for request in server.requests))
        least = ceil(loaded.rows / case.page_size)
        print(
            f"{loaded.rows:>8,} rows {'one dense day' if case.is_dense else 'even':<13} {case.page_size:>5} a page"
            f" {case.concurrency:>3} in flight: least {least:>3}, ours {min(counts)} to {max(counts)},"
            f" median {statistics.median(counts) / least:.3f}x"
        )
