"""The known faults of dagster-duckdb-pandas, none of which our I/O manager may have."""

from __future__ import annotations

import dagster as dg
import pandas as pd
import pytest

from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.io_managers import WarehouseIOManager
from cleargrid_assets.settings import Settings

MONTHS = dg.MonthlyPartitionsDefinition(start_date="2026-01-01")
MONTH, OTHER = "2026-05-01", "2026-04-01"
KEY = ["analytics", "frames"]
FIRST = pd.Timestamp(MONTH).date()


def frame(**columns):
    """Rows of May with these columns."""
    rows = pd.DataFrame(columns)
    return rows.assign(month=[FIRST] * len(rows))


@pytest.fixture
def resource(tmp_path):
    """A warehouse for this test only."""
    return WarehouseConnection(Settings({"CLEARGRID_WAREHOUSE": str(tmp_path / "warehouse.duckdb")}))


@pytest.fixture
def store(resource):
    """A function that stores a frame as a month in a run; it returns True if the run succeeded."""

    def store_frame(rows, month=MONTH):
        @dg.asset(key=KEY, partitions_def=MONTHS, metadata={"partition_expr": "month"})
        def frames() -> pd.DataFrame:
            return rows

        managers = {"io_manager": WarehouseIOManager(resource)}
        return dg.materialize([frames], resources=managers, partition_key=month, raise_on_error=False).success

    return store_frame


def rows(resource, columns="*"):
    """The table's rows."""
    with resource.warehouse().reading() as connection:
        return connection.execute(f"SELECT {columns} FROM analytics.frames ORDER BY ALL").fetchall()


def test_an_insert_that_fails_leaves_the_month_as_it_was(store, resource):
    assert store(frame(name=["a", "b"]))
    assert not store(frame(name=["c"], stranger=[1]))
    assert rows(resource, "name") == [("a",), ("b",)]


def test_the_connection_is_closed_after_an_error(store, resource):
    store(frame(name=["a"]))
    store(frame(name=["c"], stranger=[1]))
    assert store(frame(name=["d"]))
    assert rows(resource, "name") == [("d",)]


def test_columns_go_by_name_and_not_by_position(store, resource):
    assert store(frame(channel=["CALL"], outcome=["PTP"]))
    assert store(frame(outcome=["RPC"], channel=["SMS"]))
    assert rows(resource, "channel, outcome") == [("SMS", "RPC")]


def test_a_month_is_replaced_and_its_neighbours_are_not(store, resource):
    april = frame(name=["april"]).assign(month=pd.Timestamp(OTHER).date())
    for _ in range(2):
        assert store(april, OTHER)
        assert store(frame(name=["a", "b"]))
    assert rows(resource, "name") == [("a",), ("april",), ("b",)]


def test_an_empty_month_makes_the_table_and_a_later_empty_one_empties_it(store, resource):
    empty = pd.DataFrame({"name": pd.Series([], dtype="string"), "month": pd.Series([], dtype="datetime64[us]")})
    assert store(empty)
    assert rows(resource) == []
    assert store(frame(name=["a"]))
    assert store(empty)
    assert rows(resource) == []


def test_a_column_of_nothing_but_nulls_takes_text_later(store, resource):
    assert store(frame(name=[None], other=["x"]))
    assert store(frame(name=["a"], other=["x"]))
    assert rows(resource, "name") == [("a",)]


def test_instants_with_a_zone_land_once_whatever_zone_the_host_is_in(store, resource, monkeypatch):
    monkeypatch.setenv("TZ", "America/Sao_Paulo")
    moments = frame(at=pd.to_datetime(["2026-05-01T00:00:00Z", "2026-05-31T23:59:59Z"]))
    for _ in range(3):
        assert store(moments)
    assert rows(resource, "count(*)") == [(2,)]


def test_a_frame_comes_back_as_it_was_stored(store, resource):
    rows = frame(name=["a", None], count=[1, 2], share=[0.5, None], is_good=[True, False])
    assert store(rows)

    @dg.asset(key=KEY, partitions_def=MONTHS, metadata={"partition_expr": "month"})
    def frames() -> None: ...

    @dg.asset(ins={"frames": dg.AssetIn(KEY)}, partitions_def=MONTHS, io_manager_key="memory")
    def reader(frames: pd.DataFrame) -> list[object]:
        plain = frames.astype(object).where(frames.notna(), None)
        return [list(row) for row in plain[["name", "count", "share", "is_good"]].itertuples(index=False)]

    managers = {"io_manager": WarehouseIOManager(resource), "memory": dg.InMemoryIOManager()}
    result = dg.materialize([frames, reader], selection=[reader], resources=managers, partition_key=MONTH)
    assert result.output_for_node("reader") == [["a", 1, 0.5, True], [None, 2, None, False]]


def test_a_frame_may_have_a_schema_of_its_own(resource):
    @dg.asset(key=["finance", "targets"])
    def targets() -> pd.DataFrame:
        return pd.DataFrame({"target": [0.4]})

    for _ in range(2):
        assert dg.materialize([targets], resources={"io_manager": WarehouseIOManager(resource)}).success
    with resource.warehouse().reading() as connection:
        assert connection.execute("FROM finance.targets").fetchall() == [(0.4,)]
