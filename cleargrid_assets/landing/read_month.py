"""Reads one complete month: counts it, plans windows, reads them, reconciles.

Add a step between the client and the write here; ClearGrid's counts are in `reconciliation`, SQL in `write`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from cleargrid_assets.client import Counters, plan_windows
from cleargrid_assets.landing.errors import ConservationError, ReconciliationError
from cleargrid_assets.landing.ledger import to_naive_utc
from cleargrid_assets.landing.receive import receive
from cleargrid_assets.landing.reconciliation import count, reconcile, sum_totals
from cleargrid_assets.landing.rows import RowConverter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from cleargrid_assets.client import ClearGridClient, Progress, Statistics, Total, Window
    from cleargrid_assets.landing.receive import Quarantine
    from cleargrid_assets.landing.reconciliation import CountedRange
    from cleargrid_assets.landing.spill import SpilledRows
    from cleargrid_assets.tables.dataset import RawDataset

MIN_WINDOW_PAGES = 2
"""A load begins with one window for each worker, but with none shorter than this: each ends with a partial page."""


@dataclass(frozen=True)
class LoadLimits:
    """The limits of one load. Seconds are wall time."""

    concurrency: int
    page_size: int
    load_seconds: float
    stall_seconds: float


@dataclass(frozen=True)
class MonthLoad:
    """One complete read of a month of a dataset, ready to be written: its rows are unique by `public_id`.

    `loads_before`: the number of the newest load of any month that had landed when the read began; 0 for none.
    """

    dataset: RawDataset
    month: date
    window: Window
    started_at: datetime
    rows: SpilledRows
    quarantine: Quarantine
    unknown_fields: frozenset[str]
    duplicates_collapsed: int
    rows_received: int
    expected: Total
    statistics: Statistics
    seconds: float
    loads_before: int = 0

    @property
    def is_open(self) -> bool:
        """True if the read began before the month's end."""
        return self.window.until > self.started_at

    def ledger_timestamp(self, now: datetime) -> datetime:
        """The time that the ledger records for a load that commits at `now`, naive UTC.

        A load that began before the month's end is dated before it, however long it read and waited for the warehouse:
        it lacks the rows logged meanwhile, and must not look like the complete month.
        """
        return to_naive_utc(min(now, self.window.until - timedelta(milliseconds=1)) if self.is_open else now)

    def verify_conservation(self) -> None:
        """Raise `ConservationError` unless every received row is landed, quarantined or a collapsed duplicate."""
        accounted_rows = self.rows.num_rows + len(self.quarantine) + self.duplicates_collapsed
        if accounted_rows != self.rows_received:
            raise ConservationError(
                f"month {self.month}: {self.rows_received} rows were received but {self.rows.num_rows} landed + "
                f"{len(self.quarantine)} quarantined + {self.duplicates_collapsed} duplicates are {accounted_rows}; "
                f"the month is unchanged"
            )


def read_month(
    client: ClearGridClient,
    dataset: RawDataset,
    month: date,
    window: Window,
    limits: LoadLimits,
    *,
    on_progress: Callable[[Progress, Total], None] = lambda _progress, _total: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> MonthLoad:
    """Read `window`, a whole month, completely.

    Rows and counts can disagree if one row is deleted while another is logged, so after a disagreement the month is
    read once more, if there is time. Raises the client's errors, `ReconciliationError` if ClearGrid's own exact count
    still disagrees, `RecountError`, or `ConservationError` if we lost a row.
    """
    started = now()
    read = partial(
        _read_once, client, dataset, month, window, limits, counters=Counters(), on_progress=on_progress, now=now
    )
    try:
        return read()
    except ReconciliationError:
        if now() - started > timedelta(seconds=limits.load_seconds / 2):
            raise
    return read()


def _read_once(
    client: ClearGridClient,
    dataset: RawDataset,
    month: date,
    window: Window,
    limits: LoadLimits,
    *,
    counters: Counters,
    on_progress: Callable[[Progress, Total], None],
    now: Callable[[], datetime],
) -> MonthLoad:
    """Read the month; `counters` continue if it is read a second time."""
    started, clock = now(), time.monotonic()
    request = partial(client.count, dataset.export, counters=counters)
    counted = count(request, window)
    expected = sum_totals(counted)
    target_rows = max(MIN_WINDOW_PAGES * limits.page_size, ceil((expected.total or 0) / limits.concurrency))
    received = receive(
        client,
        RowConverter(dataset),
        _plan_windows(counted, target_rows, started),
        concurrency=limits.concurrency,
        page_size=limits.page_size,
        deadline_seconds=limits.load_seconds,
        stall_seconds=limits.stall_seconds,
        counters=counters,
        on_progress=lambda progress: on_progress(progress, expected),
    )
    fetch_result = received.fetch_result
    expected = reconcile(request, counted, {done.window: done.rows_received for done in fetch_result.windows})
    load = MonthLoad(
        dataset=dataset,
        month=month,
        window=window,
        started_at=started,
        rows=received.rows,
        quarantine=received.quarantine,
        unknown_fields=received.unknown_fields,
        duplicates_collapsed=received.duplicates_collapsed,
        rows_received=fetch_result.rows_received,
        expected=expected,
        statistics=replace(fetch_result.statistics, requests=counters.requests, retries=counters.retries),
        seconds=time.monotonic() - clock,
    )
    load.verify_conservation()
    return load


def _plan_windows(counted: Sequence[CountedRange], target_rows: int, now: datetime) -> list[Window]:
    """The windows to read, sized by their counts."""
    return [
        window
        for part in counted
        for window in plan_windows(part.window, part.total.total if part.total.exact else None, target_rows, now)
    ]
