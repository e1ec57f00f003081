"""Reads one month inside a run: its limits, its progress lines, the end of a cancelled run, and the numbers it shows.

Add what the raw asset does before it hands over the month; the reading itself is in `landing.read_month`.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from cleargrid_assets.client import QueryTooLargeError, RateLimitedError, UnreachableError
from cleargrid_assets.landing.ledger import last_loads
from cleargrid_assets.landing.read_month import LoadLimits, MonthLoad, read_month
from cleargrid_assets.partitions import month_of

if TYPE_CHECKING:
    from cleargrid_assets.assets.raw.load_config import LoadConfig
    from cleargrid_assets.client import ClearGridClient, ClearGridError, Progress, Statistics, Total, Window
    from cleargrid_assets.client.requester import FailedRequests
    from cleargrid_assets.landing.write import Landed
    from cleargrid_assets.settings import Settings
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.warehouse.warehouse import Warehouse

REPEATED = "The requests are sent again after growing pauses."
REACTIONS: tuple[tuple[type[ClearGridError], str], ...] = (
    (QueryTooLargeError, "Smaller pages are requested, then shorter windows."),
    (UnreachableError, "The requests are sent again after growing pauses, for fewer rows after a time-out."),
    (RateLimitedError, "Fewer requests are sent at once, after the pause that ClearGrid asks for."),
)
"""What a load does about requests that fail."""

CANCELLED = (dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.FAILURE)
"""The states of a run that Dagster has ended, or wants to end, while its process still reads."""


def read(
    context: dg.AssetExecutionContext,
    config: LoadConfig,
    dataset: RawDataset,
    window: Window,
    *,
    client: ClearGridClient,
    settings: Settings,
    warehouse: Warehouse,
) -> MonthLoad:
    """Read the partition's month, `window`, starting with a page size based on its last load.

    Raises Dagster's interruption if the run was cancelled. Dagster also sends the process a signal, but Python loses
    one that arrives while a compiled module, such as Arrow, is imported.
    """
    month, loads = month_of(context.partition_key), last_loads(warehouse, dataset)
    page_size = loads[month].next_page_size(settings.page_size) if month in loads else settings.page_size
    load = read_month(
        client,
        dataset,
        month,
        window,
        _limits(settings, config, page_size),
        on_progress=ProgressLog(context),
    )
    stop_if_cancelled(context)
    return replace(
        load,
        statistics=_without_size_of_run(load.statistics, config, page_size),
        loads_before=max((last.load_number for last in loads.values()), default=0),
    )


def _without_size_of_run(statistics: Statistics, config: LoadConfig, page_size: int) -> Statistics:
    """With `page_size` in place of the size that the run config set for this run only, which the next is not to use."""
    is_of_run = statistics.page_size_used == config.page_size
    return replace(statistics, page_size_used=page_size) if is_of_run else statistics


def _limits(settings: Settings, config: LoadConfig, page_size: int) -> LoadLimits:
    return LoadLimits(
        concurrency=config.concurrency or settings.concurrency,
        page_size=config.page_size or page_size,
        load_seconds=settings.load_seconds,
        stall_seconds=settings.stall_seconds,
    )


def stop_if_cancelled(context: dg.AssetExecutionContext) -> None:
    """Raise `DagsterExecutionInterruptedError` if the run was cancelled, or was given up for dead."""
    run = context.instance.get_run_by_id(context.run.run_id)
    if run and run.status in CANCELLED:
        raise DagsterExecutionInterruptedError


class ProgressLog:
    """Writes a load's progress to its run's log: how far it is, and each kind of failed request once."""

    def __init__(self, context: dg.AssetExecutionContext) -> None:
        self._context, self._log = context, context.log
        self._kinds_told: set[type[ClearGridError]] = set()

    def __call__(self, progress: Progress, total: Total) -> None:
        """Write what is new, unless the run was cancelled meanwhile: then raise Dagster's interruption."""
        stop_if_cancelled(self._context)
        for failed in progress.failures:
            if type(failed.latest) not in self._kinds_told:
                self._kinds_told.add(type(failed.latest))
                self._log.warning(_failure_line(failed))
        self._log.info(_progress_line(progress, total))


def _failure_line(failed: FailedRequests) -> str:
    """What ClearGrid refuses, how often so far, and what the load does about it."""
    times = "once" if failed.count == 1 else f"{failed.count} times"
    reaction = next((text for kind, text in REACTIONS if isinstance(failed.latest, kind)), REPEATED)
    return f"{failed.latest} - {times} so far. {reaction} The month is unchanged in the meantime."


def _progress_line(progress: Progress, total: Total) -> str:
    """Pages, rows and speed; with ClearGrid's total also the share done and the time left."""
    rate = progress.rows / progress.seconds if progress.seconds else 0.0
    line = f"{progress.pages} pages, {progress.rows} rows, {rate:.0f} rows/s"
    if failed := sum(failed.count for failed in progress.failures):
        line += f", {failed} failed {'request' if failed == 1 else 'requests'}"
    if not total.total or not rate:
        return line
    seconds = max(total.total - progress.rows, 0) / rate
    return f"{line}, {progress.rows / total.total:.0%} of ClearGrid's {total.total} rows, about {seconds:.0f} s left"


def figures(load: MonthLoad, landed: Landed) -> dict[str, Any]:
    """The numbers of this load, which Dagster plots by month."""
    return {
        "dagster/row_count": landed.rows_of_table,
        "dagster/partition_row_count": landed.rows_of_month,
        **{f"rows_{change}": rows for change, rows in asdict(landed.changes).items()},
        "load_number": landed.entry.load_number,
        "rows_received": load.rows_received,
        "rows_quarantined": len(load.quarantine),
        "quarantine_reasons": dg.MetadataValue.json(dict(load.quarantine.frequent_reasons)),
        "duplicates_collapsed": load.duplicates_collapsed,
        **asdict(load.statistics),
        "seconds": round(load.seconds, 3),
    }


def summary(landed: Landed) -> str:
    """What the load found, in a few words: `1240 rows, 3 changed`."""
    counts = [f"{rows} {change}" for change, rows in asdict(landed.changes).items() if rows]
    return ", ".join([f"{landed.rows_of_month} rows", *(counts or ["no change"])])
