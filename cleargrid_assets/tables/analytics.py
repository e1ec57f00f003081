"""The tables of schema `analytics`: what a collections manager asks. Add columns here; the SQL is in `assets`.

Symbols, as in `metric_definitions.csv`: A attempts, K connected, C contacts, T third party, R right party, P promises,
B broken promises, U unmapped. Counts are over the rows in scope (CLEARGRID_ROW_SCOPE) unless a column says otherwise.
"""

from dataclasses import replace

from cleargrid_assets.tables.core import CLASSES, LOAD_NUMBER, OUTCOME_MAP_VERSION, RULES_VERSION
from cleargrid_assets.tables.table import MONTH, Column, Table

CHANNEL = Column("communication_type", "VARCHAR", "Channel, as sent; `(null)` if none was sent.")
SOURCE = Column("interaction_source", "VARCHAR", "Interaction source, as sent; `(null)` if none was sent.")
LOCAL_DATE = Column("local_date", "DATE", "Date in the configured time zone.")

ATTEMPTS = Column("attempts", "BIGINT", "A: attempts, the rows in scope.")
CONNECTED = Column("connected", "BIGINT", "K: a machine or a person answered.")
CONTACTS = Column("contacts", "BIGINT", "C: a person answered.")
THIRD_PARTY = Column("third_party", "BIGINT", "T: someone other than the borrower answered.")
RPC = Column("rpc", "BIGINT", "R: the borrower answered; a promise, refusal or settlement implies it.")
PROMISES = Column("promises", "BIGINT", "P: promises to pay.")
BROKEN = Column(
    "broken", "BIGINT", "B: promises that ClearGrid had marked broken at the load; more of them may break later."
)
UNMAPPED = Column(
    "unmapped", "BIGINT", "U: rows whose outcome the map does not know; while U > 0, each rate is a lower bound."
)

FUNNEL = (ATTEMPTS, CONNECTED, CONTACTS, THIRD_PARTY, RPC, PROMISES)
POOL_RESULTS = (
    Column("refusals", "BIGINT", "Right-party contacts that refused to pay."),
    Column("settlements", "BIGINT", "Right-party contacts that settled."),
    Column("callbacks", "BIGINT", "Right-party contacts that asked to be called back."),
    Column("disputes", "BIGINT", "Right-party contacts that disputed the debt."),
)


def rate(name: str, numerator: str, denominator: str) -> tuple[Column, Column, Column]:
    """A rate and its Wilson 95 % interval, all null where the denominator is 0."""
    formula = f"{numerator} / {denominator}"
    return (
        Column(name, "DOUBLE", f"{formula}; null if {denominator} is 0.", nullable=True),
        Column(f"{name}_lo", "DOUBLE", f"Lower end of the Wilson 95 % interval of {formula}.", nullable=True),
        Column(f"{name}_hi", "DOUBLE", f"Upper end of the Wilson 95 % interval of {formula}.", nullable=True),
    )


def per_active_hour(count: Column) -> Column:
    """A count divided by the pool's active hours."""
    return Column(f"{count.name}_per_active_hour", "DOUBLE", f"{count.name} / active_hours, for the whole pool.")


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
        OUTCOME_MAP_VERSION,
        LOAD_NUMBER,
        RULES_VERSION,
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
        OUTCOME_MAP_VERSION,
        LOAD_NUMBER,
        RULES_VERSION,
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
        Column("iso_weekday", "INTEGER", "Local weekday, 1 (Monday) to 7 (Sunday)."),
        Column("local_hour", "INTEGER", "Local hour, 0-23."),
        *FUNNEL,
        BROKEN,
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
        OUTCOME_MAP_VERSION,
        LOAD_NUMBER,
        RULES_VERSION,
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
            "True if it is compared with the month before. Broken promises are not: more of an older month's promises "
            "have had time to break. analytics.ptp_vintage compares them at equal age.",
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
        Column("slice", "VARCHAR", "The level of the figure: `all`, `channel` or `channel x source`."),
        Column("communication_type", "VARCHAR", "Channel, as sent; `(all)` in the slice all."),
        Column("interaction_source", "VARCHAR", "Interaction source, as sent; `(all)` unless the slice names it."),
        Column("metric", "VARCHAR", "The metric; see metric_definitions."),
        Column("numerator", "BIGINT", "The numerator; null for quantiles.", nullable=True),
        Column("denominator", "BIGINT", "The denominator; for a quantile, the number of its rows."),
        Column("value", "DOUBLE", "numerator / denominator, or seconds; null if the denominator is 0.", nullable=True),
        Column("lo", "DOUBLE", "Lower end of a share's Wilson 95 % interval; null for other metrics.", nullable=True),
        Column("hi", "DOUBLE", "Upper end of a share's Wilson 95 % interval; null for other metrics.", nullable=True),
        Column("prev_value", "DOUBLE", "The value of the month before; null if it has none.", nullable=True),
        Column(
            "change_pp",
            "DOUBLE",
            "value - prev_value of a share, in percentage points. Null for broken promises: the month before is older, "
            "and they are compared at equal age only (ptp_vintage).",
            nullable=True,
        ),
        Column("status", "VARCHAR", "`provisional` until the month is loaded after its end, then `final`."),
        Column("definition", "VARCHAR", "The metric's name and formula."),
        UNMAPPED,
        OUTCOME_MAP_VERSION,
        LOAD_NUMBER,
        RULES_VERSION,
    ),
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
    PTP_VINTAGE,
    UNMAPPED_OUTCOMES,
)
