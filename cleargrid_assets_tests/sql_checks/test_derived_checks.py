"""Each check on a derived table passes for one small table of VALUES and fails for another."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

from cleargrid_assets.sql_checks import Violations, check_result, read_checks
from cleargrid_assets.tables.catalog import VIEWS
from cleargrid_assets.warehouse.schema import prepare
from cleargrid_assets_tests.sql_checks.tables_of_values import (
    APRIL,
    ATTEMPTS,
    CHANGED,
    COHORT_RATES,
    DAILY,
    DAY,
    DEFINED,
    DEFINITIONS,
    EFFECT,
    EFFECTS,
    HALF,
    HOURS,
    LANDED,
    LAST_LOAD,
    LOADS,
    LOCAL,
    MONTHLY,
    OUTSIDE,
    PROMISED,
    RATES,
    SPELLED,
    TWO_DAYS,
    UNSPELLED,
    VINTAGE,
    VINTAGES,
    attempts,
    funnel,
    kpi,
    landed,
    mix,
    rates,
    rates_at_bounds,
)

CHECKS = {f"{check.table.name}__{check.name}": check for check in (*read_checks("core"), *read_checks("analytics"))}
Tables = dict[str, str]

CASES: dict[str, tuple[Tables, Tables]] = {
    "agent_productivity__active_hours_fit_the_day": (
        {"analytics.agent_productivity": DAY.format(hours=2, last="2026-05-01 02:00")},
        {"analytics.agent_productivity": DAY.format(hours=3, last="2026-05-01 02:00")},
    ),
    "agent_productivity__attempts_add_up_to_the_landed_rows": (
        {LANDED: landed(), "analytics.agent_productivity": attempts(2)},
        {LANDED: landed(), "analytics.agent_productivity": attempts(3)},
    ),
    "agent_productivity__rates_are_within_their_intervals": (
        {"analytics.agent_productivity": rates_at_bounds(RATES)},
        {"analytics.agent_productivity": rates(RATES, "0.1", "'nan'", "0.3", only="ptp_per_rpc")},
    ),
    "agent_productivity__the_funnel_narrows": (
        {"analytics.agent_productivity": funnel(0, 0, 0, 0, 0)},
        {"analytics.agent_productivity": funnel(5, 4, 3, 4, 1)},
    ),
    "calling_hours__attempts_add_up_to_the_landed_rows": (
        {LANDED: landed(), "analytics.calling_hours": HOURS.format(known=3, rates=OUTSIDE)},
        {LANDED: f"{landed()} LIMIT 2", "analytics.calling_hours": HOURS.format(known=3, rates=OUTSIDE)},
    ),
    "calling_hours__outside_is_within_the_known_times": (
        {"analytics.calling_hours": HOURS.format(known=2, rates=OUTSIDE)},
        {"analytics.calling_hours": HOURS.format(known=1, rates=OUTSIDE)},
    ),
    "cohort_contact__attempts_add_up_to_the_landed_rows": (
        {LANDED: landed(), "analytics.cohort_contact": attempts(2)},
        {LANDED: landed(), "analytics.cohort_contact": attempts(1)},
    ),
    "cohort_contact__rates_are_within_their_intervals": (
        {"analytics.cohort_contact": rates_at_bounds(COHORT_RATES)},
        {"analytics.cohort_contact": rates(COHORT_RATES, "0.1", "'inf'", "0.3", only="ptp_per_rpc")},
    ),
    "cohort_contact__the_funnel_narrows": (
        {"analytics.cohort_contact": funnel(5, 5, 5, 5, 5)},
        {"analytics.cohort_contact": funnel(4, 5, 5, 5, 5)},
    ),
    "contact_attempts__every_local_date_is_in_its_month": (
        {ATTEMPTS: LOCAL.format(first="2026-05-01 00:00", last="2026-05-31 23:59:59.999")},
        {ATTEMPTS: LOCAL.format(first="2026-04-30 23:12", last="2026-05-31 23:59:59.999")},
    ),
    "contact_attempts__every_landed_row_is_an_attempt": (
        {LANDED: landed(), ATTEMPTS: landed()},
        {LANDED: landed(), ATTEMPTS: f"{landed()} LIMIT 2"},
    ),
    "kpi_daily__days_add_up_to_the_month": (
        {MONTHLY: kpi("0.5", "0.1", "0.9", "2", "4"), DAILY: TWO_DAYS, DEFINITIONS: DEFINED},
        {MONTHLY: kpi("0.5", "0.1", "0.9", "2", "5"), DAILY: TWO_DAYS, DEFINITIONS: DEFINED},
    ),
    "kpi_monthly__attempts_add_up_to_the_landed_rows": (
        {LANDED: landed(), "analytics.kpi_monthly": kpi("0.5", "0.1", "0.9")},
        {LANDED: landed(), "analytics.kpi_monthly": kpi("0.5", "0.1", "0.9", denominator="3")},
    ),
    "kpi_monthly__effects_add_up_to_the_change": (
        {MONTHLY: CHANGED, EFFECTS: EFFECT.format("0.2", "-0.1")},
        {MONTHLY: CHANGED, EFFECTS: EFFECT.format("0.2", "-0.100000002")},
    ),
    "kpi_monthly__every_metric_is_in_every_slice": (
        {"analytics.kpi_monthly": kpi("0.5", "0.1", "0.9"), "analytics.metric_definitions": DEFINED},
        {
            "analytics.kpi_monthly": kpi("0.5", "0.1", "0.9", metric="'ptp_per_rpc'"),
            "analytics.metric_definitions": DEFINED,
        },
    ),
    "kpi_monthly__previous_values_are_those_of_the_month_before": (
        {
            "analytics.kpi_monthly": kpi("0.5", "0.1", "0.9", prev_value="0.4"),
            "+analytics.kpi_monthly": f"{APRIL} ({kpi('0.4', '0.1', '0.9', month='0')})",
        },
        {"analytics.kpi_monthly": kpi("0.5", "0.1", "0.9", prev_value="0.4")},
    ),
    "kpi_monthly__rates_are_within_their_intervals": (
        {
            "analytics.kpi_monthly": kpi("0.5", "0.1", "0.9"),
            "+analytics.kpi_monthly": kpi("2.5", "NULL", "NULL", "5", "2"),
        },
        {"analytics.kpi_monthly": kpi("0.5", "0.6", "0.9")},
    ),
    "metric_definitions__every_metric_is_defined_or_says_why_not": (
        {"analytics.metric_definitions": DEFINED},
        {"analytics.metric_definitions": DEFINED.replace("true AS supported", "false AS supported")},
    ),
    "outcome_mix__rows_add_up_to_the_landed_month": (
        {LANDED: landed(), "analytics.outcome_mix": mix(2, 3, "machine", "none")},
        {LANDED: landed(), "analytics.outcome_mix": mix(2, 2, "machine", "none")},
    ),
    "outcome_mix__the_funnel_narrows": (
        {"analytics.outcome_mix": mix(2, 3, "right_party", "promise")},
        {"analytics.outcome_mix": mix(2, 3, "machine", "promise")},
    ),
    "outcome_spellings__outcomes_are_mapped": (
        {"core.outcome_spellings": f"{SPELLED} UNION ALL SELECT NULL, '', false, 'v1'"},
        {"core.outcome_spellings": UNSPELLED},
    ),
    "ptp_vintage__broken_promises_are_promises": (
        {VINTAGES: VINTAGE.format(load=7, broken=1, rates=HALF)},
        {VINTAGES: VINTAGE.format(load=7, broken=3, rates=HALF)},
    ),
    "ptp_vintage__the_last_load_was_observed": (
        {ATTEMPTS: PROMISED, LOADS: LAST_LOAD, VINTAGES: VINTAGE.format(load=7, broken=1, rates=HALF)},
        {ATTEMPTS: PROMISED, LOADS: LAST_LOAD, VINTAGES: VINTAGE.format(load=6, broken=1, rates=HALF)},
    ),
    "unmapped_outcomes__every_month_follows_the_current_rules": (
        {"core.outcome_spellings": SPELLED},
        {"core.outcome_spellings": SPELLED.replace("v1", "v0")},
    ),
    "unmapped_outcomes__rows_add_up_to_the_unmapped_rows": (
        {ATTEMPTS: UNSPELLED, "analytics.unmapped_outcomes": "SELECT 1 AS rows"},
        {ATTEMPTS: UNSPELLED, "analytics.unmapped_outcomes": "SELECT 2 AS rows"},
    ),
}


def violations(name: str, tables: Tables, variables: dict[str, Any]) -> Violations:
    with duckdb.connect() as connection:
        prepare(connection)
        for table, select in tables.items():
            rows = select if select.startswith(APRIL) else f"SELECT *, DATE '2026-05-01' AS month FROM ({select})"
            kind = "VIEW" if table == LOADS or table in VIEWS else "TABLE"
            what = (
                f"INSERT INTO {table[1:]} BY NAME" if table.startswith("+") else f"CREATE OR REPLACE {kind} {table} AS"
            )
            connection.execute(f"{what} {rows}")
        return CHECKS[name].find_violations(connection, variables)


def test_every_check_has_its_examples() -> None:
    assert CASES.keys() == CHECKS.keys()


@pytest.mark.parametrize("month", [None, date(2026, 5, 1)])
@pytest.mark.parametrize("name", sorted(CASES))
def test_a_check_passes_on_rows_without_a_violation_and_fails_on_rows_with_one(name: str, month: date | None) -> None:
    variables = {"rules_version": "v1", "month": month}
    passing, failing = CASES[name]
    without = violations(name, passing, variables)
    assert check_result(CHECKS[name], without).passed
    assert bool(without.observed) == bool(CHECKS[name].observed)
    assert violations(name, failing, variables).count > 0


def test_the_warning_of_an_unknown_outcome_carries_the_line_to_paste() -> None:
    unknown = violations("outcome_spellings__outcomes_are_mapped", {"core.outcome_spellings": UNSPELLED}, {})
    (example,) = unknown.examples
    assert dict(zip(unknown.columns, example, strict=True))["csv_line"] == 'b_p,unknown,unknown,"B,P"'


def test_the_warning_of_other_rules_names_the_months() -> None:
    name = "unmapped_outcomes__every_month_follows_the_current_rules"
    outdated = violations(name, {"core.outcome_spellings": SPELLED}, {"rules_version": "v2"})
    assert [str(row[0]) for row in outdated.examples] == ["2026-05-01"]
