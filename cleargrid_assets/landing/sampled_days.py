"""Compares a day at ClearGrid with its landed rows, and keeps the result in a table such as `raw.d23_sampled_days`.

Choosing, reading and comparing a day belong here, and reading that table; within a run, `assets.cleargrid` decides
which months are due.
"""

from __future__ import annotations

import hashlib
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cleargrid_assets.landing.ledger import to_naive_utc
from cleargrid_assets.landing.receive import receive
from cleargrid_assets.landing.rows import RowConverter
from cleargrid_assets.warehouse.conflicts import retry_conflicts
from cleargrid_assets.warehouse.errors import WarehouseMissingError

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping
    from datetime import date

    import duckdb

    from cleargrid_assets.client import ClearGridClient, Counters, Window
    from cleargrid_assets.landing.spill import SpilledRows
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.warehouse.warehouse import Warehouse

LANDED_ROWS = "SELECT count(*) FROM {rows} WHERE month = $month AND {cursor} >= $since AND {cursor} < $until"
VERSION = "SELECT load_number FROM {month_versions} WHERE month = $month"
LAST_SAMPLES = "SELECT month, max(sampled_at) FROM {sampled_days} GROUP BY month"
SAMPLES_SINCE = """
SELECT day, rows_different, sampled_at FROM {sampled_days} WHERE sampled_at >= $since ORDER BY day, sampled_at
"""
UNREAD_DIFFERENCES = """
SELECT month, day, rows_different, load_number
FROM {sampled_days}
INNER JOIN {last_loads} USING (month, load_number)
WHERE rows_different > 0
ORDER BY month, sampled_at
"""
COMPARE = """
WITH landed AS (
  SELECT {fields} FROM {rows} WHERE month = $month AND {cursor} >= $since AND {cursor} < $until
), sent AS (
  -- A load leaves out copies of rows that are held under another day or month in the same or a later version.
  SELECT {fields}
  FROM received
  WHERE
    public_id IN (SELECT landed.public_id FROM landed)
    OR NOT EXISTS (
      SELECT 1 FROM {rows} AS held WHERE held.public_id = received.public_id AND held.updated_at >= received.updated_at
    )
), differences AS (
  (SELECT * FROM landed EXCEPT SELECT * FROM sent) UNION ALL (SELECT * FROM sent EXCEPT SELECT * FROM landed)
)
SELECT count(DISTINCT public_id) FROM differences
"""
RECORD = """
INSERT INTO {sampled_days} BY NAME
SELECT
  $sampled_at::TIMESTAMP AS sampled_at, $run_id AS run_id, $month::DATE AS month, $day::DATE AS day,
  load_number, $rows AS rows, $rows_different AS rows_different
FROM {last_loads} WHERE month = $month::DATE
"""


@dataclass(frozen=True)
class Day:
    """A day of a month of a dataset."""

    dataset: RawDataset
    month: date
    day: date
    window: Window

    def __str__(self) -> str:
        return f"{self.dataset.code} {self.day}"

    @property
    def parameters(self) -> Mapping[str, object]:
        """The day as the statements above name it."""
        return {"month": self.month, "since": to_naive_utc(self.window.since), "until": to_naive_utc(self.window.until)}


@dataclass(frozen=True)
class SampledDay:
    """A day that was compared. `rows`: those that ClearGrid sent."""

    day: date
    rows: int
    rows_different: int


@dataclass(frozen=True)
class Difference:
    """A sampled day that differed from its month's last load; no later load has read the month."""

    month: date
    day: date
    rows_different: int
    load_number: int


def random_day(month: date, in_week_of: date) -> date:
    """The day of `month` that is compared in an ISO week: any day is as likely as any other, but always the same."""
    year, week, _ = in_week_of.isocalendar()
    digest = hashlib.sha256(f"{month:%Y-%m} in {year}-W{week:02}".encode()).digest()
    days = monthrange(month.year, month.month)[1]
    return month + timedelta(days=int.from_bytes(digest) % days)


def last_samples(connection: duckdb.DuckDBPyConnection, dataset: RawDataset) -> Mapping[date, datetime]:
    """When a day of each month was last compared."""
    samples = connection.execute(LAST_SAMPLES.format_map(dataset.sql_names)).fetchall()
    return {month: sampled_at.replace(tzinfo=UTC) for month, sampled_at in samples}


def landed_rows(connection: duckdb.DuckDBPyConnection, day: Day) -> int:
    """How many rows of the day have landed."""
    ((rows,),) = connection.execute(LANDED_ROWS.format_map(day.dataset.sql_names), day.parameters).fetchall()
    return int(rows)


def version_of(connection: duckdb.DuckDBPyConnection, day: Day) -> int:
    """The load that last changed the rows of the day's month."""
    ((number,),) = connection.execute(VERSION.format_map(day.dataset.sql_names), {"month": day.month}).fetchall()
    return int(number)


def unread_differences(connection: duckdb.DuckDBPyConnection, dataset: RawDataset) -> list[Difference]:
    """The sampled days that differed from the last load of their month."""
    differences = connection.execute(UNREAD_DIFFERENCES.format_map(dataset.sql_names)).fetchall()
    return [Difference(*difference) for difference in differences]


def samples_since(warehouse: Warehouse, dataset: RawDataset, moment: datetime) -> list[tuple[date, int, datetime]]:
    """The days that were compared since `moment`, with the number of rows that differed, and when.

    A day may come twice.
    """
    try:
        with warehouse.reading() as connection:
            sql, parameters = SAMPLES_SINCE.format_map(dataset.sql_names), {"since": to_naive_utc(moment)}
            samples = connection.execute(sql, parameters).fetchall()
    except WarehouseMissingError:
        return []
    return [(day, rows, sampled_at.replace(tzinfo=UTC)) for day, rows, sampled_at in samples]


def read_day(
    client: ClearGridClient, day: Day, *, page_size: int, counters: Counters, load_seconds: float
) -> SpilledRows:
    """The day's rows as a load would convert them. Raises the client's errors."""
    received = receive(
        client,
        RowConverter(day.dataset),
        [day.window],
        concurrency=1,
        page_size=page_size,
        deadline_seconds=load_seconds,
        counters=counters,
    )
    return received.rows


def record_day(
    warehouse: Warehouse,
    day: Day,
    rows: SpilledRows,
    *,
    version: int,
    run_id: str,
    sampled_at: datetime,
    log: logging.Logger,
) -> SampledDay | None:
    """Compare `rows` with the landed ones and add the result to the table, in one transaction.

    None if a load has changed the month since `version`: it may have read the day later than `rows` were read.
    """
    names = {**day.dataset.sql_names, "fields": ", ".join(day.dataset.field_names)}

    def write() -> SampledDay | None:
        with warehouse.writing() as connection:
            if version_of(connection, day) != version:
                return None
            connection.register("received", rows)
            ((different,),) = connection.execute(COMPARE.format_map(names), day.parameters).fetchall()
            connection.unregister("received")
            sampled = SampledDay(day.day, rows.num_rows, int(different))
            record = {"sampled_at": to_naive_utc(sampled_at), "run_id": run_id, "month": day.month, "day": day.day}
            counts = {"rows": sampled.rows, "rows_different": sampled.rows_different}
            connection.execute(RECORD.format_map(names), record | counts)
            return sampled

    return retry_conflicts(write, log)
