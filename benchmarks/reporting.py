"""Measures the collections report over three years of months: the data and the page, without Dagster."""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.loaders.job import Job
from benchmarks.loaders.ours import load
from benchmarks.loading import emulator
from cleargrid_assets.assets.month_run import MONTH_TABLES
from cleargrid_assets.rules_version import rules_version
from cleargrid_assets.settings import Settings
from cleargrid_assets.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets.emulator import Emulator

LAST_MONTH = date(2026, 10, 1)
ROWS = 2_000
MONTHS = 36


def report(*, months: int = MONTHS, times: int = 5) -> None:
    """The seconds of a report over `months`, those of the first with its imports, and the size of its page."""
    with emulator(ROWS) as server, tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(str(Path(folder, "data", "warehouse.duckdb")))
        settings = Settings({"CLEARGRID_ENVIRONMENT": "emulator", "CLEARGRID_WAREHOUSE": warehouse.address})
        _compute(warehouse, settings, _load(server, warehouse, months))
        written = [_write(warehouse, settings) for _ in range(times)]
    print(f"\nThe collections report over {months} months, {times} times:")
    wall, cpu = (statistics.median(figures) for figures in tuple(zip(*written[1:], strict=True))[:2])
    first_wall, first_cpu, size = written[0]
    first = f"first, with imports: {first_wall:.2f} s, {first_cpu:.2f} cpu s"
    print(f"{first}; then {wall:.2f} s, {cpu:.2f} cpu s; {size / 1e3:.0f} KB")


def _load(server: Emulator, warehouse: Warehouse, months: int) -> list[date]:
    """Land the last `months`; return them."""
    Path(warehouse.address).parent.mkdir(parents=True)
    ordinals = range(LAST_MONTH.year * 12 + LAST_MONTH.month - months, LAST_MONTH.year * 12 + LAST_MONTH.month)
    landed = [date(ordinal // 12, ordinal % 12 + 1, 1) for ordinal in ordinals]
    for month in landed:
        load(Job(server.base_url, month, warehouse.address, page_size=1000, concurrency=8))
    return landed


def _compute(warehouse: Warehouse, settings: Settings, months: Sequence[date]) -> None:
    """Compute the tables that the report reads with the assets' own SQL."""
    rules = rules_version(settings)
    with warehouse.writing() as connection:
        for month in months:
            for computed in MONTH_TABLES:
                computed.store(connection, settings, rules, month)


def _write(warehouse: Warehouse, settings: Settings) -> tuple[float, float, int]:
    """Write one report; return its wall seconds, its CPU seconds and its bytes."""
    started, cpu = time.monotonic(), time.process_time()
    from cleargrid_assets.assets.reports.collections_report import report_artifacts, write_report  # noqa: PLC0415 - the first report counts its imports
    from cleargrid_assets.assets.reports.page.data import read_report  # noqa: PLC0415 - as above
    from cleargrid_assets.assets.reports.page.sections import report_sections  # noqa: PLC0415 - as above

    sections = report_sections()
    data = read_report(warehouse, settings, sections, expected={}, now=datetime.now(UTC))
    run_id = f"{datetime.now(UTC):%H%M%S%f}"
    _, size = write_report(data, sections, report_artifacts(warehouse, settings.environment), run_id)
    return time.monotonic() - started, time.process_time() - cpu, size
