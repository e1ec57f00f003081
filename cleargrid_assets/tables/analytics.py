"""The tables of schema `analytics`: what a collections manager asks. Add columns here; the SQL is in `assets`.

Symbols, as in `metric_definitions.csv`: A attempts, K connected, C contacts, T third party, R right party, P promises,
B broken promises, U unmapped. Counts are over the rows in scope (CLEARGRID_ROW_SCOPE) unless a column says otherwise.
"""

from dataclasses import replace

from cleargrid_assets.tables.analytics_columns import (
    ATTEMPTS,
    BROKEN,
    CHANNEL,
    FUNNEL,
    ISO_WEEKDAY,
    KPI_DIMENSIONS,
    KPI_FIGURES,
    LOCAL_DATE,
    LOCAL_HOUR,
    POOL_RESULTS,
    PROMISES,
    SOURCE,
    UNMAPPED,
    per_active_hour,
    rate,
)
from cleargrid_assets.tables.core import CLASSES, LOAD_NUMBER, OUTCOME_MAP_VERSION, RULES_VERSION, VERSIONS
from cleargrid_assets.tables.table import MONTH, Column, Table

OUTCOME_MIX = Table(
    "analytics",
    "outcome_mix",
    "How often each outcome was logged, by day, channel and source, in the spelling that ClearGrid sent.",
    ("month", "local_date", "communication_type", "interaction_source", "outcome_option"),
    (
        MONTH,
        LOCAL_DATE,
        CHANNEL,
        SOURCE,
        Column("outcome_option", "VARCHAR", "The outcome as sent; `(null)` if none was sent."),
        *CLASSES,
        Column(
            "rows_total", "BIGINT", "Landed rows, active or not; the sum over the table is the number of landed rows."
        ),
        Column("rows_active", "BIGINT", "Rows that ClearGrid considers active."),
        Column("rows_inactive", "BIGINT", "Rows that ClearGrid does not consider active."),
        ATTEMPTS,
        BROKEN,
        *VERSIONS,
    ),
)

_POOL_COUNTS = (*FUNNEL, *POOL_RESULTS, UNMAPPED)

AGENT_PRODUCTIVITY = Table(
    "analytics",
    "agent_productivity",
    "The daily figures of each pool, that is, of an interaction source on a channel. D23 has no agent id, so every "
    "figure describes a pool, never a person. A pool has a row for each day on which it has attempts in scope.",
    ("month", "local_date", "interaction_source", "communication_type"),
    (
        MONTH,
        LOCAL_DATE,
        SOURCE,
        CHANNEL,
        *_POOL_COUNTS,
        Column("active_hours", "BIGINT", "Local hours of the day in which the pool logged at least one attempt."),
        Column("first_at", "TIMESTAMP", "The pool's first attempt of the day, UTC."),
        Column("last_at", "TIMESTAMP", "The pool's last attempt of the day, UTC."),
        *(per_active_hour(count) for count in _POOL_COUNTS),
        *rate("contact_rate", "contacts", "attempts"),
        *rate("rpc_per_contact", "rpc", "contacts"),
        *rate("ptp_per_rpc", "promises", "rpc"),
        Column("log_lag_p50_s", "DOUBLE", "Median seconds from the attempt to its log: created_at - communicated_at."),
        Column("log_lag_p90_s", "DOUBLE", "90th percentile of the same in seconds, interpolated between rows."),
        Column("log_lag_p99_s", "DOUBLE", "99th percentile of the same in seconds, interpolated between rows."),
        Column("late_logged_1h", "BIGINT", "Rows logged more than an hour after the attempt."),
        Column("late_logged_24h", "BIGINT", "Rows logged more than 24 hours after the attempt."),
        Column(
            "edited_rows",
            "BIGINT",
            "Rows that were edited after they were logged (updated_at is later than created_at).",
        ),
        *VERSIONS,
    ),
)

SMALL_SAMPLE = 30

COHORT_CONTACT = Table(
    "analytics",
    "cohort_contact",
    "When borrowers are reached: the funnel of a month by channel, source, weekday and local hour.",
    ("month", "communication_type", "interaction_source", "iso_weekday", "local_hour"),
    (
        MONTH,
        CHANNEL,
        SOURCE,
        ISO_WEEKDAY,
        LOCAL_HOUR,
        *FUNNEL,
        *POOL_RESULTS,
        BROKEN,
        Column("promises_aged_30d", "BIGINT", "Promises made at least 30 days before the month was last read."),
        Column(
            "broken_by_updated_at_30d",
            "BIGINT",
            "Those of them that are flagged broken with an updated_at within 30 days of the promise; see "
            "promise_age_curve.",
        ),
        UNMAPPED,
        *rate("connect_rate", "connected", "attempts"),
        *rate("contact_rate", "contacts", "attempts"),
        *rate("rpc_per_attempt", "rpc", "attempts"),
        *rate("rpc_per_contact", "rpc", "contacts"),
        *rate("ptp_per_attempt", "promises", "attempts"),
        *rate("ptp_per_rpc", "promises", "rpc"),
        Column(
            "small_sample",
            "BOOLEAN",
            f"True if there are fewer than {SMALL_SAMPLE} attempts, too few to read a rate from.",
        ),
        *VERSIONS,
    ),
)

METRIC_DEFINITIONS = Table(
    "analytics",
    "metric_definitions",
    "Every metric of this platform, and those that D23 cannot support, with the reason; from a shipped CSV file.",
    ("metric",),
    (
        Column("metric", "VARCHAR", "The metric's key, as in kpi_monthly."),
        Column("name", "VARCHAR", "Its name for people."),
        Column("formula", "VARCHAR", "Its formula; A attempts, K connected, C contacts, R right party, P promises."),
        Column("numerator", "VARCHAR", "The numerator; null for quantiles.", nullable=True),
        Column("denominator", "VARCHAR", "The denominator; for a quantile, the number of its rows.", nullable=True),
        Column("unit", "VARCHAR", "`share`, `ratio` or `seconds`; null if it is not supported.", nullable=True),
        Column(
            "compared",
            "BOOLEAN",
            "True if it is compared with the month before. Broken promises and edits are not: an older month's "
            "promises have had more time to break, and its rows to be edited. analytics.ptp_vintage compares promises "
            "at equal age.",
        ),
        Column("supported", "BOOLEAN", "True if D23 has the data for it."),
        Column("why_not", "VARCHAR", "What D23 lacks for it; null if supported.", nullable=True),
        Column("caveat", "VARCHAR", "What to keep in mind when reading it.", nullable=True),
    ),
)

KPI_MONTHLY = Table(
    "analytics",
    "kpi_monthly",
    "The supported metrics of each month: over all rows, by channel, and by channel and source.",
    ("month", "slice", "communication_type", "interaction_source", "metric"),
    (
        MONTH,
        *KPI_DIMENSIONS,
        *KPI_FIGURES,
        Column("prev_value", "DOUBLE", "The value of the month before; null if it has none.", nullable=True),
        Column(
            "change_pp",
            "DOUBLE",
            "value - prev_value of a share, in percentage points. Null for broken promises and edits: the month before "
            "is older, and promises are compared at equal age only (ptp_vintage).",
            nullable=True,
        ),
        Column(
            "change_lo",
            "DOUBLE",
            "Lower end of the 95% interval of change_pp (Newcombe 1998, method 10), in percentage points.",
            nullable=True,
        ),
        Column("change_hi", "DOUBLE", "Upper end of the same interval, in percentage points.", nullable=True),
        Column("status", "VARCHAR", "`provisional` until the month is loaded after its end, then `final`."),
        Column("definition", "VARCHAR", "The metric's name and formula."),
        UNMAPPED,
        *VERSIONS,
    ),
)

KPI_DAILY = Table(
    "analytics",
    "kpi_daily",
    "The supported shares of each local day: over all rows, by channel, and by channel and source. A day that is not "
    "over when the month is loaded holds what it has so far. broken_per_mature_promise is not in it: it depends on the "
    "time of a load.",
    ("month", "local_date", "slice", "communication_type", "interaction_source", "metric"),
    (MONTH, LOCAL_DATE, *KPI_DIMENSIONS, *KPI_FIGURES, UNMAPPED, *VERSIONS),
)

PTP_VINTAGE = Table(
    "analytics",
    "ptp_vintage",
    "The state of a month's promises at each of its loads: one observation per load and rules version. Recomputing an "
    "observation replaces it; those of earlier loads are kept.",
    ("month", "load_number", "rules_version", "communication_type", "interaction_source"),
    (
        Column(MONTH.name, MONTH.type, "The partition: the month in which the promises were made."),
        Column("load_number", "BIGINT", "The load that observed them."),
        Column("observed_at", "TIMESTAMP", "When that load was committed, UTC."),
        CHANNEL,
        SOURCE,
        PROMISES,
        BROKEN,
        *rate("broken_share", "broken", "promises"),
        Column(
            "age_days",
            "DOUBLE",
            "Days from the month's end to observed_at, the promises' minimum age. Negative while the month is open.",
        ),
        OUTCOME_MAP_VERSION,
        replace(RULES_VERSION, nullable=True),
    ),
    is_history=True,
)

UNMAPPED_OUTCOMES = Table(
    "analytics",
    "unmapped_outcomes",
    "Outcomes that the outcome map does not know, over all months and all landed rows, with the line that maps them.",
    ("outcome_key",),
    (
        Column(
            "outcome_key",
            "VARCHAR",
            "Its matching key; `(null)` if no outcome was sent, `(no letter or digit)` if it contains neither.",
        ),
        Column("raw_spellings", "VARCHAR[]", "The spellings as sent."),
        Column("rows", "BIGINT", "Landed rows with this outcome, active or not."),
        Column("rows_landed", "BIGINT", "All landed rows."),
        *rate("share", "rows", "rows_landed"),
        Column("first_seen_at", "TIMESTAMP", "The first attempt with this outcome, UTC."),
        Column("last_seen_at", "TIMESTAMP", "The last attempt with this outcome, UTC."),
        Column("channels", "VARCHAR[]", "The channels on which it was logged."),
        Column(
            "csv_line",
            "VARCHAR",
            "The line for the CLEARGRID_OUTCOMES file; fill in its classes. Null if the outcome cannot be mapped.",
            nullable=True,
        ),
        OUTCOME_MAP_VERSION,
        RULES_VERSION,
    ),
)

CALLING_HOURS = Table(
    "analytics",
    "calling_hours",
    "Attempts outside the hours that each profile permits. A figure for monitoring, not legal advice.",
    ("month", "profile", "communication_type", "interaction_source"),
    (
        MONTH,
        Column("profile", "VARCHAR", "The profile; see core.calling_hours_profiles."),
        CHANNEL,
        SOURCE,
        Column("attempts", "BIGINT", "Landed rows, active or not."),
        Column(
            "time_known",
            "BIGINT",
            "Attempts with a known time of day; exactly 00:00:00 stands for a date without a time.",
        ),
        Column("outside_early", "BIGINT", "Attempts before the permitted hours of the weekday."),
        Column(
            "outside_late",
            "BIGINT",
            "Attempts at or after their end; on a weekday without permitted hours, all.",
        ),
        *rate("outside_share", "(outside_early + outside_late)", "time_known"),
        Column("verified", "BOOLEAN", "True if the profile's hours were checked against the legal text itself."),
        LOAD_NUMBER,
        RULES_VERSION,
    ),
)

ANALYTICS_TABLES = (
    OUTCOME_MIX,
    AGENT_PRODUCTIVITY,
    COHORT_CONTACT,
    CALLING_HOURS,
    METRIC_DEFINITIONS,
    KPI_MONTHLY,
    KPI_DAILY,
    PTP_VINTAGE,
    UNMAPPED_OUTCOMES,
)
