"""`raw.d23_as_of(instant)` gives the raw rows as they were known at an instant, and refuses what it cannot rebuild."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest

from cleargrid_assets.tables.d23 import D23
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_copies import load_months
from cleargrid_assets_tests.platform_under_test import LOADS, MAY

if TYPE_CHECKING:
    from cleargrid_assets_tests.platform_copies import StartAfter
    from cleargrid_assets_tests.platform_under_test import Platform, Row

pytestmark = pytest.mark.slow

APRIL = "2026-04-01"
IN_APRIL = {"communicated_at": "2026-04-20T09:00:00.000Z"}
LATER, LAST = {"updated_at": "2026-06-02T00:00:00.000Z"}, {"updated_at": "2026-06-05T00:00:00.000Z"}
ROWS = f"SELECT * FROM {D23.rows.qualified_name} ORDER BY ALL"
AS_OF = "SELECT * FROM raw.d23_as_of($1) ORDER BY ALL"
LAST_LOADED_AT = f"SELECT loaded_at FROM {LOADS} ORDER BY load_number DESC LIMIT 1"
NIGHTS = (
    [row(1, **IN_APRIL), row(2, outcome_option=None), row(3)],
    [row(1, **LATER), row(2, is_ptp_broken=True, **LATER), row(4)],
    [row(1, **IN_APRIL, **LAST), row(4, is_active=False), row(2, outcome_option=None, **LAST), row(3)],
    [row(2, outcome_option="BUSY", **LAST), row(3, communicated_at="2026-05-02T00:00:00.001Z")],
)
"""What ClearGrid holds each night: rows are added, edited, moved to another month and back, deleted and sent again."""


@pytest.fixture(scope="module")
def versions(read_only_platform: Platform) -> dict[datetime, list[Row]]:
    """Copies of all rows, taken after each load, by the time when the load was committed."""
    copies = {}
    for rows in NIGHTS:
        serve(read_only_platform, rows)
        for month in (MAY, APRIL):
            assert read_only_platform.load(month).success
            ((loaded_at,),) = read_only_platform.query(LAST_LOADED_AT)
            copies[loaded_at] = read_only_platform.query(ROWS)
    return copies


def test_the_rows_after_every_load_are_known_in_all_their_columns(
    read_only_platform: Platform, versions: dict[datetime, list[Row]]
) -> None:
    assert {loaded_at: read_only_platform.query(AS_OF, [loaded_at]) for loaded_at in versions} == versions


def test_between_two_loads_the_rows_of_the_earlier_one_are_known(
    read_only_platform: Platform, versions: dict[datetime, list[Row]]
) -> None:
    first, second, *_ = versions
    assert read_only_platform.query(AS_OF, [second - timedelta(microseconds=1)]) == versions[first]


def test_it_has_the_columns_of_the_raw_table(start_after: StartAfter) -> None:
    platform = start_after(load_months, MAY)
    with platform.warehouse.reading() as connection:
        columns, types = (
            [field[index] for field in connection.execute("SELECT * FROM raw.d23_as_of(now())").description]
            for index in (0, 1)
        )
        assert types == [field[1] for field in connection.execute(ROWS).description]
    assert columns == list(D23.rows.column_names)


@pytest.mark.parametrize(
    "instant",
    [
        "TIMESTAMP '{:%Y-%m-%d %H:%M:%S.%f}'",
        "'{:%Y-%m-%d %H:%M:%S.%f}'",
        "TIMESTAMPTZ '{:%Y-%m-%d %H:%M:%S.%f}+00'",
    ],
)
def test_the_instant_is_in_utc_unless_it_says_otherwise(
    read_only_platform: Platform, versions: dict[datetime, list[Row]], instant: str
) -> None:
    loaded_at = list(versions)[2]
    with read_only_platform.warehouse.reading() as connection:
        connection.execute("SET TimeZone = 'Asia/Dubai'")
        rows = connection.execute(AS_OF.replace("$1", instant.format(loaded_at))).fetchall()
    assert rows == versions[loaded_at]


@pytest.mark.parametrize("instant", [datetime(2020, 1, 1), None])  # noqa: DTZ001 - naive UTC, as in the tables
def test_a_time_before_the_first_load_is_refused(start_after: StartAfter, instant: datetime | None) -> None:
    platform = start_after(load_months, MAY)
    with pytest.raises(duckdb.Error, match=r"raw\.d23_as_of: nothing had been loaded at (2020-01-01|NULL)"):
        platform.query(AS_OF, [instant])


@pytest.mark.parametrize("instant", ["2026-06-01 04:00:00+04", "2026-06-01 04:00:00 Asia/Dubai"])
def test_text_with_a_zone_is_refused_because_a_cast_would_leave_the_zone_out(
    start_after: StartAfter, instant: str
) -> None:
    platform = start_after(load_months, MAY)
    with pytest.raises(duckdb.Error, match="give an instant with a zone as TIMESTAMPTZ, not as text"):
        platform.query(f"FROM raw.d23_as_of('{instant}')")


def test_a_warehouse_without_a_load_knows_nothing(platform: Platform) -> None:
    with platform.warehouse.writing():
        pass
    with pytest.raises(duckdb.Error, match=r"raw\.d23_as_of: nothing had been loaded"):
        platform.query(AS_OF, [datetime.now(UTC)])


def test_a_lake_s_own_time_travel_agrees(read_only_platform: Platform, versions: dict[datetime, list[Row]]) -> None:
    platform = read_only_platform
    if not platform.warehouse.is_lake:
        pytest.skip("only a lake can travel in time by itself")
    snapshots = platform.query(
        "SELECT snapshot_id FROM ducklake_snapshots(current_database()) "
        "WHERE changes::VARCHAR LIKE '%inserted%' ORDER BY snapshot_id"
    )
    snapshots = [number for (number,) in snapshots][-len(versions) :]
    for (loaded_at, rows), number in zip(versions.items(), snapshots, strict=True):
        table = f"{D23.rows.qualified_name} AT (VERSION => {number})"
        assert platform.query(f"SELECT * FROM {table} ORDER BY ALL") == rows == platform.query(AS_OF, [loaded_at])
