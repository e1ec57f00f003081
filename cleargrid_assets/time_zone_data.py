"""Reads time zones from the pinned `tzdata` package and verifies that DuckDB's own agree with them.

Months are cut by these zones, while local dates and hours are computed by those compiled into DuckDB. The host's time
zone files do not matter; the configured zone comes from `settings`.
"""

from __future__ import annotations

import importlib.metadata
import importlib.resources
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cleargrid_assets.client.errors import SettingsError

if TYPE_CHECKING:
    import duckdb

DAY = timedelta(days=1)
LOCAL_TIMES = """
WITH days AS (
  SELECT day AS instant, day AT TIME ZONE 'UTC' AT TIME ZONE $zone AS local
  FROM (SELECT unnest(range($since::TIMESTAMP, $until::TIMESTAMP, INTERVAL 1 DAY)) AS day)
), changes AS (
  SELECT instant FROM days QUALIFY lead(local) OVER (ORDER BY instant) - local <> INTERVAL 24 HOUR
), quarters AS (
  SELECT instant + INTERVAL 15 MINUTE * quarter AS instant FROM changes CROSS JOIN range(96) AS quarters(quarter)
)
SELECT instant, instant AT TIME ZONE 'UTC' AT TIME ZONE $zone FROM quarters
UNION ALL FROM days
"""
"""The start of each day, and each quarter of an hour of the days on which clocks change."""


@cache
def time_zone(name: str) -> ZoneInfo:
    """The zone from `tzdata`. Raises `SettingsError` if there is none of that name."""
    try:
        with importlib.resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"CLEARGRID_TIMEZONE is {name!r}, which the installed tzdata {_tzdata()} does not know: use an IANA time "
            f"zone such as Asia/Dubai, or update tzdata"
        ) from error


def verify_time_zone(name: str, since: datetime, until: datetime) -> None:
    """Raise `SettingsError` unless DuckDB has the same local times from a day before `since` to a day after `until`."""
    import duckdb  # noqa: PLC0415 - loading definitions compares nothing

    try:
        with duckdb.connect() as connection:
            instant = first_difference(connection, name, since - DAY, until + DAY)
    except duckdb.NotImplementedException as error:
        raise SettingsError(
            f"CLEARGRID_TIMEZONE is {name!r}, which DuckDB {duckdb.__version__} does not know: update duckdb, or use "
            f"another name of the same zone"
        ) from error
    if instant:
        raise SettingsError(
            f"CLEARGRID_TIMEZONE is {name!r}, on which tzdata {_tzdata()} and DuckDB {duckdb.__version__} disagree "
            f"(on {instant:%Y-%m-%d}): month borders would not match local dates and hours. Update both (pip install "
            f"--upgrade tzdata duckdb), or use a zone with the same hours on which they agree"
        )


def first_difference(
    connection: duckdb.DuckDBPyConnection, name: str, since: datetime, until: datetime
) -> datetime | None:
    """The first instant (naive UTC) at which local times differ between DuckDB and `tzdata`; None if they agree."""
    zone, bounds = time_zone(name), {"since": _local_time(UTC, since), "until": _local_time(UTC, until)}
    local_times = connection.execute(LOCAL_TIMES, {"zone": name, **bounds}).fetchall()
    differences = (instant for instant, local in local_times if _local_time(zone, instant.replace(tzinfo=UTC)) != local)
    return min(differences, default=None)


def _local_time(zone: tzinfo, instant: datetime) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _tzdata() -> str:
    return importlib.metadata.version("tzdata")
