"""The naive loop: one request after the other, lists of dicts, one pandas frame, one insert."""

from __future__ import annotations

import time

import duckdb
import pandas as pd

from benchmarks.loaders.job import Job, parse_job, print_result
from benchmarks.loaders.plain_requests import PlainExport


def load(job: Job) -> tuple[int, float]:
    """Load the month; return its rows and the seconds."""
    started = time.monotonic()
    rows = [row for page in PlainExport(job).pages(job.since, job.until) for row in page]
    frame = pd.DataFrame(rows)
    for name in ("communicated_at", "created_at", "updated_at"):
        frame[name] = pd.to_datetime(frame[name], format="ISO8601", utc=True).dt.tz_localize(None)
    with duckdb.connect(job.warehouse) as connection:
        connection.register("received", frame)
        connection.execute("CREATE TABLE d23 AS SELECT * FROM received")
    return len(frame), time.monotonic() - started


if __name__ == "__main__":
    print_result(*load(parse_job()))
