"""The months: the one partitions definition that every partitioned asset uses.

Add functions of month keys and month borders here; `schedules` decides when months are refreshed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import dagster as dg

from cleargrid_assets.client import Window
from cleargrid_assets.time_zone_data import time_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cleargrid_assets.settings import Settings

T = TypeVar("T")

EARLIER_MONTHS = 12
"""The number of months before the trailing ones that are read again once a week."""

DAYS_OF_THE_LONGEST_MONTH = 31


def build_months(settings: Settings) -> dg.MonthlyPartitionsDefinition:
    """Months from the configured first one to the open one, with borders in the configured time zone."""
    return dg.MonthlyPartitionsDefinition(
        start_date=f"{settings.start_month:%Y-%m-%d}", timezone=settings.timezone, end_offset=1
    )


def window_of(months: dg.TimeWindowPartitionsDefinition, key: str) -> Window:
    """The month's half-open range in UTC, from local midnight to local midnight.

    Dagster would use the host's time zone files, which may be older than the data that local dates are computed with.
    """
    first = month_of(key)
    after = (first + timedelta(days=31)).replace(day=1)
    return Window(_midnight(months, first), _midnight(months, after))


def day_window(months: dg.TimeWindowPartitionsDefinition, day: date) -> Window:
    """The day's half-open range in UTC, from local midnight to local midnight."""
    return Window(_midnight(months, day), _midnight(months, day + timedelta(days=1)))


def monday_before(months: dg.TimeWindowPartitionsDefinition, now: datetime) -> date:
    """The first day of the local ISO week in which `now` lies."""
    today = now.astimezone(time_zone(months.timezone)).date()
    return today - timedelta(days=today.weekday())


def _midnight(months: dg.TimeWindowPartitionsDefinition, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=time_zone(months.timezone)).astimezone(UTC)


def month_of(key: str) -> date:
    """The month's first day, as in the column `month`."""
    return date.fromisoformat(key)


def recent_months(months: dg.TimeWindowPartitionsDefinition, now: datetime, count: int) -> list[str]:
    """Keys of the `count` latest months at `now`, the open one last."""
    return list(months.get_partition_keys(current_time=now)[-count:]) if count else []


def earlier_months(months: dg.TimeWindowPartitionsDefinition, now: datetime, trailing: int) -> list[str]:
    """Keys of up to twelve months before the open one and the `trailing` closed ones at `now`."""
    return recent_months(months, now, trailing + 1 + EARLIER_MONTHS)[: -(trailing + 1)]


def older_months(months: dg.TimeWindowPartitionsDefinition, now: datetime, trailing: int) -> list[str]:
    """Keys of the months at `now` that no schedule reads again."""
    return list(months.get_partition_keys(current_time=now)[: -(trailing + 1 + EARLIER_MONTHS)])


def month_ranges(keys: Iterable[str]) -> list[str]:
    """The months as text, consecutive months joined: `2024-01 to 2024-03`, `2024-05`."""
    runs = consecutive(sorted({month_of(key) for key in keys}), month=lambda month: month)
    return [f"{run[0]:%Y-%m} to {run[-1]:%Y-%m}" if len(run) > 1 else f"{run[0]:%Y-%m}" for run in runs]


def consecutive(items: Iterable[T], *, month: Callable[[T], date]) -> list[list[T]]:
    """The items, sorted by their months, cut where a month is missing."""
    runs: list[list[T]] = []
    for item in items:
        if runs and (month(item) - month(runs[-1][-1])).days <= DAYS_OF_THE_LONGEST_MONTH:
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs
