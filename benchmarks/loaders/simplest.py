"""The simplest complete loader: threads, requests, orjson, Arrow, one DuckDB insert with a primary key.

No retry, no validation, no reconciliation, no ledger: what a good engineer writes in an hour for a server that never
misbehaves. It is the yardstick for ours.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pyarrow as pa

from benchmarks.loaders.job import Job, parse_job, print_result
from benchmarks.loaders.plain_requests import PlainExport

WINDOWS = 62
TEXTS = ("public_id", "communication_type", "interaction_source", "outcome_option")
FLAGS = ("is_active", "is_ptp_broken")
INSTANTS = ("communicated_at", "created_at", "updated_at")
INSERT = """
CREATE TABLE d23 (
  public_id VARCHAR PRIMARY KEY, communication_type VARCHAR, interaction_source VARCHAR, outcome_option VARCHAR,
  is_active BOOLEAN, is_ptp_broken BOOLEAN, communicated_at TIMESTAMP, created_at TIMESTAMP, updated_at TIMESTAMP
);
INSERT INTO d23 SELECT * FROM received
"""


def load(job: Job) -> tuple[int, float]:
    """Load the month; return its rows and the seconds."""
    started = time.monotonic()
    export = PlainExport(job)
    fields = [*((name, pa.string()) for name in TEXTS), *((name, pa.bool_()) for name in FLAGS)]
    schema = pa.schema([*fields, *((name, pa.string()) for name in INSTANTS)])
    step = (job.until - job.since) / WINDOWS

    def read_window(number: int) -> list[pa.Table]:
        since = job.since + step * number
        return [pa.Table.from_pylist(rows, schema=schema) for rows in export.pages(since, since + step)]

    with ThreadPoolExecutor(job.concurrency) as pool:
        received = pa.concat_tables(table for tables in pool.map(read_window, range(WINDOWS)) for table in tables)
    with duckdb.connect(job.warehouse) as connection:
        connection.register("received", received)
        connection.execute(INSERT)
    return received.num_rows, time.monotonic() - started


if __name__ == "__main__":
    print_result(*load(parse_job()))
