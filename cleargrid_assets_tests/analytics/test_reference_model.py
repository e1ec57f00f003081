"""Every table equals its recomputation in plain Python, on small random months of a few time zones."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleargrid_assets.outcome_map import OutcomeMap
from cleargrid_assets.tables import analytics, core
from cleargrid_assets.tables.catalog import VIEWS
from cleargrid_assets_tests.analytics.comparison import compare
from cleargrid_assets_tests.analytics.expected_values import BY_HAND, SPELLINGS
from cleargrid_assets_tests.analytics.reference_model import ReferenceModel
from cleargrid_assets_tests.analytics.reference_rows import RESULTS
from cleargrid_assets_tests.analytics.reference_views import ReferenceViews
from cleargrid_assets_tests.analytics.small_warehouse import (
    LandedRow,
    Scenario,
    compute,
    empty_warehouse,
    fill,
    rows_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

pytestmark = pytest.mark.slow

at = datetime.fromisoformat
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
AFTER_MARCH = {MARCH: at("2026-04-02T00:00:00")}
ZONES = ("UTC", "Asia/Dubai", "America/New_York", "Europe/London", "Asia/Kathmandu")
EDGES = (
    at("2026-03-01T00:00:00"), at("2026-03-31T23:59:59.999"), at("2026-04-01T00:00:00"), at("2026-04-30T20:00:00"),
    at("2026-03-08T06:59:59"), at("2026-03-08T07:00:00"), at("2026-03-29T00:59:00"), at("2026-03-29T01:00:00"),
    at("2026-03-15T08:00:00"), at("2026-03-15T21:00:00"), at("2026-03-15T20:59:59.999"),
    at("2026-03-15T00:00:00.001"), at("2026-03-20T04:00:00"), at("2026-03-10T20:00:00"),
)  # fmt: skip
LAGS = (0.0, 1.25, 3600.0, 3600.001, 86400.0, 90000.5)


@st.composite
def landed_rows(draw: st.DrawFn) -> LandedRow:
    minutes = st.integers(0, 60 * 24 * 62)
    instant = draw(
        st.sampled_from(EDGES) | minutes.map(lambda each: at("2026-02-28T00:00:00") + timedelta(minutes=each))
    )
    created = instant + timedelta(seconds=draw(st.sampled_from(LAGS)))
    return LandedRow(
        public_id=f"{draw(st.integers(0, 16**12)):024x}",
        communication_type=draw(st.sampled_from((None, "CALL", "CALL", "call", "SMS"))),
        interaction_source=draw(st.sampled_from((None, "AGENT", "AGENT", "DIALER"))),
        outcome_option=draw(st.sampled_from(SPELLINGS)),
        is_active=draw(st.sampled_from((True, True, False))),
        is_ptp_broken=draw(st.booleans()),
        communicated_at=instant,
        created_at=created,
        updated_at=created + timedelta(seconds=draw(st.sampled_from((0, 5)))),
    )


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    rows = draw(st.lists(landed_rows(), max_size=45, unique_by=lambda row: row.public_id))
    april = draw(st.sampled_from((at("2026-04-20T00:00:00"), at("2026-04-30T22:00:00"), at("2026-05-20T01:02:03"))))
    march = draw(st.sampled_from((at("2026-04-01T04:00:00"), april)))
    return Scenario(
        tuple(rows),
        timezone=draw(st.sampled_from(ZONES)),
        row_scope=draw(st.sampled_from(("active", "all"))),
        ptp_maturity_days=draw(st.sampled_from((0, 15, 30))),
        loaded_at={MARCH: march, APRIL: april},
    )


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_warehouse() as connection:
        yield connection


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(scenario=scenarios())
def test_every_table_equals_its_recomputation_in_plain_python(
    warehouse: duckdb.DuckDBPyConnection, scenario: Scenario
) -> None:
    compare_all(warehouse, scenario)


def compare_all(warehouse: duckdb.DuckDBPyConnection, scenario: Scenario) -> None:
    fill(warehouse, scenario)
    expected = ReferenceModel(scenario)
    for table in (core.CONTACT_ATTEMPTS, *analytics.ANALYTICS_TABLES):
        if table is not analytics.METRIC_DEFINITIONS:
            grain = tuple(name for name in table.grain if name != "rules_version")
            compare(grain, rows_of(warehouse, table), getattr(expected, table.name)())
    for view in VIEWS.values():
        compare(view.grain, rows_of(warehouse, view), getattr(ReferenceViews(expected), view.name)())


def landed(number: int, instant: str, outcome: str = "RPC") -> LandedRow:
    """An agent's call of March."""
    moment = at(f"2026-03-{instant}")
    return LandedRow(str(number), "CALL", "AGENT", outcome, True, False, moment, moment, moment)  # noqa: FBT003 - as the fields stand


def test_an_hour_is_active_on_the_local_clock_where_that_is_half_an_hour_off(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    rows = (landed(1, "03T04:10"), landed(2, "03T04:50"))
    compare_all(warehouse, Scenario(rows, "Asia/Kolkata", loaded_at=AFTER_MARCH))


def test_what_another_person_answered_is_in_no_count_of_right_party_contacts(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    own = {
        spelling: (spelling, "third_party", result) for spelling, (*_, result) in BY_HAND.items() if result in RESULTS
    }
    rows = tuple(landed(number, "03T12:00", spelling) for number, spelling in enumerate(own))
    compare_all(warehouse, Scenario(rows, loaded_at=AFTER_MARCH, outcomes={**BY_HAND, **own}))


def test_a_profile_with_a_zone_is_on_its_own_clock_and_key_figures_follow_reg_f(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """04:30 in UTC is 08:30 in Dubai."""
    scenario = Scenario((landed(1, "03T04:30"),), loaded_at=AFTER_MARCH)
    fill(warehouse, scenario)
    expected = ReferenceModel(scenario).kpi_monthly()
    profiles = core.CALLING_HOURS_PROFILES.qualified_name
    in_dubai = f"SELECT * REPLACE ('uae' AS name, 'Asia/Dubai' AS timezone) FROM {profiles}"
    warehouse.execute(f"INSERT INTO {profiles} {in_dubai}")
    for table in (analytics.CALLING_HOURS, analytics.KPI_MONTHLY):
        warehouse.execute(f"DELETE FROM {table.qualified_name}")
        compute(warehouse, table, {**scenario.variables, "month": MARCH})
    outside = {row["profile"]: row["outside_early"] for row in rows_of(warehouse, analytics.CALLING_HOURS)}
    assert outside == {"reg_f": 1, "uae": 0}
    grain = tuple(name for name in analytics.KPI_MONTHLY.grain if name != "rules_version")
    compare(grain, rows_of(warehouse, analytics.KPI_MONTHLY), expected)


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(scenario=scenarios())
def test_counts_of_every_slice_narrow_from_attempts_to_promises(
    warehouse: duckdb.DuckDBPyConnection, scenario: Scenario
) -> None:
    fill(warehouse, scenario)
    for table in (analytics.AGENT_PRODUCTIVITY, analytics.COHORT_CONTACT):
        for row in rows_of(warehouse, table):
            counts = [row[name] for name in ("attempts", "connected", "contacts", "rpc", "promises")]
            assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(0, 5, 0, 0.434), (1, 10, 0.018, 0.404), (10, 100, 0.055, 0.174), (5, 5, 0.566, 1)]
)
def test_wilson_intervals_are_the_published_ones(
    warehouse: duckdb.DuckDBPyConnection, k: int, n: int, low: float, high: float
) -> None:
    interval = warehouse.execute(f"SELECT round(wilson_lo({k}, {n}), 3), round(wilson_hi({k}, {n}), 3)").fetchall()
    assert interval == [(low, high)]


def test_a_rate_of_nothing_is_null_and_has_no_interval(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert warehouse.execute("SELECT rate(0, 0), wilson_lo(0, 0), wilson_hi(0, 0)").fetchall() == [(None, None, None)]


def test_every_row_names_the_load_that_last_changed_its_month(warehouse: duckdb.DuckDBPyConnection) -> None:
    scenario = Scenario((landed(1, "03T12:00", "PTP"),), loaded_at=AFTER_MARCH)
    fill(warehouse, scenario)
    for table in (core.CONTACT_ATTEMPTS, *analytics.ANALYTICS_TABLES):
        if "load_number" in table.column_names:
            assert {each["load_number"] for each in rows_of(warehouse, table)} == {scenario.load_number(MARCH)}


def test_every_row_names_the_outcome_map_that_classified_it(warehouse: duckdb.DuckDBPyConnection) -> None:
    fill(warehouse, Scenario((landed(1, "03T12:00", "PTP"),), loaded_at=AFTER_MARCH))
    for table in analytics.ANALYTICS_TABLES:
        if "outcome_map_version" in table.column_names:
            versions = {each["outcome_map_version"] for each in rows_of(warehouse, table)}
            assert versions <= {OutcomeMap.load().version}
