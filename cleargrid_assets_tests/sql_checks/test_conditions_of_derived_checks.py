"""Each condition of a check on a derived table counts: a row that violates no other one is found."""

from __future__ import annotations

from datetime import date

import pytest

from cleargrid_assets_tests.sql_checks.tables_of_values import (
    APRIL,
    ATTEMPTS,
    COHORT_RATES,
    DAILY,
    DAY,
    DEFINED,
    DEFINITIONS,
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
    TWO_DAYS,
    VINTAGE,
    VINTAGES,
    funnel,
    kpi,
    landed,
    mix,
    rates,
)
from cleargrid_assets_tests.sql_checks.test_derived_checks import CASES, CHECKS, Tables, violations

BROKEN_INTERVALS = [("-0.1", "0.2", "0.3"), ("0.3", "0.2", "1"), ("0.1", "0.4", "0.3"), ("0.1", "0.2", "1.1")]
BROKEN_FUNNELS = [(4, 5, 4, 3, 2), (5, 3, 4, 3, 2), (5, 4, 3, 4, 2), (5, 4, 3, 2, 3), (5, 4, 3, 2, -1)]
OBSERVED = VINTAGE.format(load=7, broken=1, rates=HALF)
IS_AN_ATTEMPT = "contact_attempts__every_landed_row_is_an_attempt"
MIX = "analytics.outcome_mix"
ONE, TWO = kpi("0.5", "0.1", "0.9"), kpi("0.5", "0.1", "0.9", metric="'ptp_per_rpc'")
DEFINED_TOO = DEFINED.replace("contact_rate", "ptp_per_rpc")
AFTER_APRIL = kpi("0.4", "0.1", "0.9", prev_value="0.4")
OF_APRIL = kpi("0.4", "0.1", "0.9", month="0")
EACH_VIOLATES = {
    "agent_productivity__active_hours_fit_the_day": [
        DAY.format(hours=0, last="2026-05-01 02:00"),
        DAY.format(hours=25, last="2026-05-01 02:00").replace("2 AS attempts", "30 AS attempts"),
        DAY.format(hours=1, last="2026-04-30 23:59"),
    ],
    "agent_productivity__rates_are_within_their_intervals": [
        rates(RATES, *interval, only=name) for name in RATES for interval in BROKEN_INTERVALS
    ],
    "agent_productivity__the_funnel_narrows": [funnel(*counts) for counts in BROKEN_FUNNELS],
    "calling_hours__outside_is_within_the_known_times": [
        HOURS.format(known=4, rates=OUTSIDE),
        HOURS.format(known=2, rates=OUTSIDE).replace("1 AS outside_early", "-1 AS outside_early"),
        HOURS.format(known=2, rates=OUTSIDE).replace("1 AS outside_late", "-1 AS outside_late"),
        HOURS.format(known=2, rates=OUTSIDE.replace("0.5", "NULL")),
        *(HOURS.format(known=2, rates=rates(("outside_share",), *each)[7:]) for each in BROKEN_INTERVALS),
    ],
    "cohort_contact__rates_are_within_their_intervals": [
        rates(COHORT_RATES, *interval, only=name) for name in COHORT_RATES for interval in BROKEN_INTERVALS
    ],
    "cohort_contact__the_funnel_narrows": [funnel(*counts) for counts in BROKEN_FUNNELS],
    "contact_attempts__every_local_date_is_in_its_month": [
        LOCAL.format(first=instant, last=instant) for instant in ("2026-04-30 23:59", "2026-06-01 00:00")
    ],
    "kpi_monthly__rates_are_within_their_intervals": [
        *(kpi(value, low, high) for low, value, high in BROKEN_INTERVALS),
        kpi("0.5", "0.1", "0.9", "3", "2"),
        kpi("0.5", "0.1", "NULL"),
        kpi("'inf'", "NULL", "NULL"),
        kpi("NULL", "NULL", "NULL"),
        kpi("0.5", "NULL", "NULL", "0", "0"),
    ],
    "metric_definitions__every_metric_is_defined_or_says_why_not": [
        DEFINED.replace("'attempts'", "NULL"),
        DEFINED.replace("'share'", "NULL"),
        DEFINED.replace("NULL::VARCHAR", "'no field says so'"),
        DEFINED.replace("true", "false"),
    ],
    "ptp_vintage__broken_promises_are_promises": [
        VINTAGE.format(load=7, broken=-1, rates=HALF),
        VINTAGE.format(load=7, broken=0, rates=HALF).replace("2 AS promises", "0 AS promises"),
        VINTAGE.format(load=7, broken=1, rates=HALF.replace("0.5", "NULL")),
        *(VINTAGE.format(load=7, broken=1, rates=rates(("broken_share",), *each)[7:]) for each in BROKEN_INTERVALS),
    ],
}
ALSO_VIOLATES = [
    ("outcome_mix__rows_add_up_to_the_landed_month", {LANDED: landed(), MIX: mix(3, 3, "machine", "none")}),
    (
        "outcome_mix__rows_add_up_to_the_landed_month",
        {LANDED: landed(), MIX: mix(2, 3, "machine", "none").replace("1 AS rows_inactive", "0 AS rows_inactive")},
    ),
    ("outcome_mix__the_funnel_narrows", {MIX: mix(-1, 3, "right_party", "promise")}),
    ("kpi_monthly__every_metric_is_in_every_slice", {MONTHLY: ONE, DEFINITIONS: f"{DEFINED} UNION ALL {DEFINED_TOO}"}),
    ("kpi_monthly__every_metric_is_in_every_slice", {MONTHLY: f"{ONE} UNION ALL {TWO}", DEFINITIONS: DEFINED}),
    *(
        (
            "kpi_monthly__previous_values_are_those_of_the_month_before",
            {MONTHLY: AFTER_APRIL, f"+{MONTHLY}": f"{APRIL} ({OF_APRIL.replace(same, other)})"},
        )
        for same, other in [("'all'", "'channel'"), ("'v1'", "'v0'"), ("'contact_rate'", "'connect_rate'")]
    ),
    *(
        (
            "contact_attempts__every_landed_row_is_an_attempt",
            {LANDED: landed(), ATTEMPTS: landed().replace(same, other)},
        )
        for same, other in [
            ("'c', false", "'c', true"),
            ("false AS is_ptp_broken", "true AS is_ptp_broken"),
            ("'2026-05-02' AS communicated_at", "'2026-05-03' AS communicated_at"),
            ("'2026-05-02' AS updated_at", "'2026-05-03' AS updated_at"),
        ]
    ),
    (IS_AN_ATTEMPT, {LANDED: f"{landed()} LIMIT 2", ATTEMPTS: landed()}),
    (
        "ptp_vintage__the_last_load_was_observed",
        {
            ATTEMPTS: PROMISED,
            LOADS: LAST_LOAD,
            VINTAGES: VINTAGE.format(load=7, broken=1, rates=HALF).replace("v1", "v0"),
        },
    ),
    (
        "kpi_daily__days_add_up_to_the_month",
        {MONTHLY: kpi("0.5", "0.1", "0.9", "3", "4"), DAILY: TWO_DAYS, DEFINITIONS: DEFINED},
    ),
]
SUMS = [
    (name, table)
    for name, (passing, _) in CASES.items()
    if "add_up_to_the" in name
    for table in passing
    if table not in (DEFINITIONS, "effects" in name and MONTHLY)
]


@pytest.mark.parametrize("name", EACH_VIOLATES)
def test_a_check_finds_the_rows_that_violate_just_one_of_its_conditions(name: str) -> None:
    selects = EACH_VIOLATES[name]
    tables = {CHECKS[name].table.qualified_name: " UNION ALL BY NAME ".join(f"({select})" for select in selects)}
    rows = sum(select.count("('b'") + 1 for select in selects)
    assert violations(name, tables, {}).count == rows


@pytest.mark.parametrize(("name", "tables"), ALSO_VIOLATES)
def test_a_check_finds_what_its_other_conditions_forbid(name: str, tables: Tables) -> None:
    assert violations(name, tables, {"month": date(2026, 5, 1)}).count > 0


@pytest.mark.parametrize(("name", "table"), SUMS)
def test_a_sum_does_not_hold_for_a_month_that_one_of_the_tables_lacks(name: str, table: str) -> None:
    passing, _ = CASES[name]
    tables = {**passing, table: f"FROM ({passing[table]}) LIMIT 0"}
    assert violations(name, tables, {}).count > 0
