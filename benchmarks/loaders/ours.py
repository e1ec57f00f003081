"""Our loader with every safeguard on: validation, quarantine, duplicates, reconciliation, changes, ledger.

It does what the raw asset does, without Dagster; change the steps themselves in `cleargrid_assets.landing`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from benchmarks.loaders.job import Job, parse_job, print_result
from cleargrid_assets.client import ClearGridClient, Window
from cleargrid_assets.landing.read_month import LoadLimits, read_month
from cleargrid_assets.landing.write import write_month
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.warehouse.warehouse import Warehouse


def load(job: Job) -> tuple[int, float]:
    """Read the month and write it; return its rows and the seconds from the first request to the commit."""
    account = job.account
    client = ClearGridClient(job.base_url, account.lender, account.email, account.password)
    limits = LoadLimits(job.concurrency, job.page_size, load_seconds=7200, stall_seconds=75)
    warehouse = Warehouse(job.warehouse, lake_data=job.lake_data)
    with warehouse.writing():
        pass  # creates it, which only a warehouse's first load does; a run has opened it, to verify it, before it reads
    started = datetime.now(UTC)
    month = read_month(client, D23, job.month, Window(job.since, job.until), limits)
    with warehouse.writing() as connection:
        write_month(connection, month, run_id="benchmark", vanish_limit=0.2)
    return month.rows.num_rows, (datetime.now(UTC) - started).total_seconds()


if __name__ == "__main__":
    print_result(*load(parse_job()))
