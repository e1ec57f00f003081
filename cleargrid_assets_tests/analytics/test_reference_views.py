"""Every view equals its recomputation in plain Python on half a year of a floor, in a few time zones.

The months of `test_reference_model` are short and odd; these are long enough to be judged by the weeks before them.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.tables.analytics import KPI_MONTHLY
from cleargrid_assets.tables.catalog import VIEWS
from cleargrid_assets_tests.analytics.comparison import compare
from cleargrid_assets_tests.analytics.expected_values import SPELLINGS
from cleargrid_assets_tests.analytics.reference_model import ReferenceModel
from cleargrid_assets_tests.analytics.reference_views import ReferenceViews
from cleargrid_assets_tests.analytics.small_warehouse import (
    MONTHLY,
    RULES,
    Change,
    LandedRow,
    Load,
    Scenario,
    compute,
    empty_warehouse,
    fill,
    rows_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from cleargrid_assets.tables.table import View

pytestmark = pytest.mark.slow

FIRST, ROWS = datetime(2026, 1, 1), 3000  # noqa: DTZ001 - naive UTC
MONTHS = [date(2026, month, 1) for month in range(1, 7)]
MARCH, MAY, JUNE = MONTHS[2], *MONTHS[-2:]
"""June begins with a Monday, so no week is of both."""

NOW = datetime(2026, 6, 24, 14, 30)  # noqa: DTZ001 - naive UTC
MID_MAY, END_OF_MAY = datetime(2026, 5, 20), datetime(2026, 5, 31, 12)  # noqa: DTZ001 - naive UTC
READ_NOW = dict.fromkeys(MONTHS, NOW)
LAGS = (0.25, 90.001, 3600.5, 40000.0, 200000.0, 900000.0)


def floor(zone: str, seed: int) -> Scenario:
    """Rows of two channels and three sources, more of them by day than by night, all months read at NOW."""
    drawn = random.Random(seed)  # noqa: S311 - the same rows in each run
    rows = [row for row in (landed_row(drawn, number) for number in range(ROWS)) if row.created_at < NOW]
    scenario = Scenario(tuple(rows), timezone=zone, loaded_at=READ_NOW)
    loads = {month: earlier_loads(scenario, month) for month in MONTHS}
    changes = [change for row in rows for change in changes_of(drawn, row, scenario.month_of(row), loads)]
    return replace(scenario, earlier_loads=loads, changes=changes)


def earlier_loads(scenario: Scenario, month: date) -> list[Load]:
    """Three loads after the month's end, of which NOW leaves those that it does not precede."""
    ends = [scenario.until(month) + timedelta(days=days) for days in (1, 17, 40)]
    numbered = enumerate((end for end in ends if end < NOW), start=scenario.load_number(month) - 5)
    return [Load(number, end, end + timedelta(minutes=30)) for number, end in numbered]


def changes_of(drawn: random.Random, row: LandedRow, month: date, loads: dict[date, list[Load]]) -> list[Change]:
    """For some rows: a later load brought them, moved them here, or saw their flag change, perhaps twice."""
    kind = drawn.choice(("first", "first", "added", "moved", "flagged", "flagged", "flagged twice"))
    later = [load.load_number for load in loads.get(month, [])[1:]]
    if kind == "first" or not later:
        return []
    number = drawn.choice(later)
    if kind == "added":
        return [Change(month, row.public_id, number, "added")]
    if kind == "moved":
        return [Change(month, row.public_id, number, "moved", "month", "2025-12-01", str(month))]
    numbers = later if kind == "flagged twice" else [number]
    set_and_reset = [("false", "true"), ("true", "false")]
    return [
        Change(month, row.public_id, each, "changed", "is_ptp_broken", *values)
        for each in numbers
        for values in set_and_reset[: 1 if row.is_ptp_broken else 2]
    ]


def landed_row(drawn: random.Random, number: int) -> LandedRow:
    day = timedelta(days=drawn.randrange(174))
    instant = (
        FIRST
        + day
        + timedelta(hours=drawn.triangular(0, 24, 11)) // timedelta(milliseconds=1) * timedelta(milliseconds=1)
    )
    created = instant + timedelta(seconds=drawn.choice(LAGS))
    return LandedRow(
        public_id=f"{number:024x}",
        communication_type=drawn.choice(("CALL", "CALL", "WHATSAPP")),
        interaction_source=drawn.choice(("AGENT", "DIALER", "FIELD")),
        outcome_option=drawn.choice((*SPELLINGS, "PTP", "PTP", "RPC", "Refused")),
        is_active=drawn.random() < 0.9,
        is_ptp_broken=drawn.random() < 0.4,
        communicated_at=instant,
        created_at=created,
        updated_at=created + timedelta(days=drawn.randrange(50)),
    )


@pytest.fixture(scope="module", params=["UTC", "Asia/Dubai", "America/New_York"])
def computed(request: pytest.FixtureRequest) -> Iterator[tuple[duckdb.DuckDBPyConnection, ReferenceViews]]:
    scenario = floor(request.param, seed=len(request.param))
    with empty_warehouse() as connection:
        fill(connection, scenario)
        yield connection, ReferenceViews(ReferenceModel(scenario))


@pytest.mark.parametrize("view", VIEWS.values(), ids=lambda view: view.name)
def test_every_view_equals_its_recomputation_in_plain_python(
    computed: tuple[duckdb.DuckDBPyConnection, ReferenceViews], view: View
) -> None:
    connection, expected = computed
    rows = rows_of(connection, view)
    assert rows
    compare(view.grain, rows, getattr(expected, view.name)())


@pytest.mark.parametrize("view", VIEWS.values(), ids=lambda view: view.name)
def test_a_view_has_the_columns_that_its_description_says(
    computed: tuple[duckdb.DuckDBPyConnection, ReferenceViews], view: View
) -> None:
    described = computed[0].execute(f"DESCRIBE {view.qualified_name}").fetchall()
    assert [(name, kind) for name, kind, *_ in described] == [(column.name, column.type) for column in view.columns]
    required = " OR ".join(f'"{column.name}" IS NULL' for column in view.columns if not column.nullable)
    assert computed[0].execute(f"SELECT count(*) FROM {view.qualified_name} WHERE {required}").fetchall() == [(0,)]


@pytest.mark.parametrize(
    "loaded_at",
    [
        pytest.param({**READ_NOW, MAY: MID_MAY}, id="May was last read before its end"),
        pytest.param(dict.fromkeys(MONTHS[:5], END_OF_MAY), id="April is shorter than May so far"),
    ],
)
def test_the_projection_equals_its_recomputation_when(loaded_at: dict[date, datetime]) -> None:
    """Of a small floor, on which March had no WHATSAPP."""
    scenario = floor("UTC", seed=5)
    rows = [
        row
        for row in scenario.rows[::5]
        if row.created_at < loaded_at.get(scenario.month_of(row), FIRST)
        and (scenario.month_of(row), row.communication_type) != (MARCH, "WHATSAPP")
    ]
    scenario = replace(scenario, rows=tuple(rows), loaded_at=loaded_at, earlier_loads={}, changes=())
    with empty_warehouse() as connection:
        fill(connection, scenario)
        view = VIEWS["analytics.month_projection"]
        compare(view.grain, rows_of(connection, view), ReferenceViews(ReferenceModel(scenario)).month_projection())


@pytest.fixture(scope="module")
def under_three_rules() -> Iterator[tuple[duckdb.DuckDBPyConnection, Scenario]]:
    """The first four months under the same rules, May under others, and June under those of the tests."""
    scenario = floor("UTC", seed=5)
    earlier = f"CASE WHEN month < '{MAY}' THEN 'first' ELSE 'second' END"
    with empty_warehouse() as connection:
        fill(connection, scenario)
        for table in MONTHLY:
            connection.execute(f"UPDATE {table.qualified_name} SET rules_version = {earlier} WHERE month < '{JUNE}'")
        connection.execute(f"DELETE FROM {KPI_MONTHLY.qualified_name} WHERE month = '{JUNE}'")
        compute(connection, KPI_MONTHLY, {**scenario.variables, "month": JUNE})
        yield connection, scenario


def test_a_month_under_new_rules_is_compared_with_itself_alone(
    under_three_rules: tuple[duckdb.DuckDBPyConnection, Scenario],
) -> None:
    connection, scenario = under_three_rules
    june = tuple(row for row in scenario.rows if scenario.month_of(row) == JUNE)
    alone = ReferenceViews(ReferenceModel(replace(scenario, rows=june, loaded_at={JUNE: NOW})))
    for view in VIEWS.values():
        rows = [row for row in rows_of(connection, view) if row["rules_version"] == RULES]
        compare(view.grain, rows, getattr(alone, view.name)())
    assert rows_of(connection, VIEWS["analytics.month_projection"]) == []


def test_a_week_of_two_rules_is_compared_with_nothing(
    under_three_rules: tuple[duckdb.DuckDBPyConnection, Scenario],
) -> None:
    for view in ("kpi_weekly", "promise_weekly"):
        rules = f"SELECT DISTINCT rules_version FROM analytics.{view} WHERE week_start_date = DATE '2026-04-27'"
        assert under_three_rules[0].execute(rules).fetchall() == [(None,)]
    changes = "SELECT count(change_pp) FROM analytics.kpi_weekly WHERE week_start_date = DATE '2026-04-27'"
    assert under_three_rules[0].execute(changes).fetchall() == [(0,)]
