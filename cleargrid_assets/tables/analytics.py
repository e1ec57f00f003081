"""The tables of schema `analytics`: what a collections manager asks. Add columns here; the SQL is in `assets`.

Symbols, as in `metric_definitions.csv`: A attempts, K connected, C contacts, T third party, R right party, P promises,
B broken promises, U unmapped. Counts are over the rows in scope (CLEARGRID_ROW_SCOPE) unless a column says otherwise.
"""

from dataclasses import replace

from cleargrid_assets.tables.core import CLASSES, LOAD_NUMBER, OUTCOME_MAP_VERSION, RULES_VERSION
from cleargrid_assets.tables.table import MONTH, Column, Table

CHANNEL = Column("communication_type", "VARCHAR", "Channel, as sent; `(null)` where none was sent.")
SOURCE = Column("interaction_source", "VARCHAR", "Interaction source, as sent; `(null)` where none was sent.")
LOCAL_DATE = Column("local_date", "DATE", "Day on the clock of the configured time zone.")

ATTEMPTS = Column("attempts", "BIGINT", "A: rows in scope.")
CONNECTED = Column("connected", "BIGINT", "K: a machine or a person answered.")
CONTACTS = Column("contacts", "BIGINT", "C: a person answered.")
THIRD_PARTY = Column("third_party", "BIGINT", "T: somebody else than the borrower answered.")
RPC = Column("rpc", "BIGINT", "R: right-party contacts; a promise, refusal or settlement implies one.")
PROMISES = Column("promises", "BIGINT", "P: promises to pay.")
BROKEN = Column(
    "broken", "BIGINT", "B: promises flagged broken as of the load; a lower bound while promises are young."
)
UNMAPPED = Column(
    "unmapped", "BIGINT", "U: rows whose outcome the map does not know; each rate is a lower bound while U > 0."
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
        Column(name, "DOUBLE", f"{formula}; null where {denominator} is 0.", nullable=True),
        Column(f"{name}_lo", "DOUBLE", f"Lower end of the Wilson 95 % interval of {formula}.", nullable=True),
        Column(f"{name}_hi", "DOUBLE", f"Upper end of the Wilson 95 % interval of {formula}.", nullable=True),
    )


def per_active_hour(count: Column) -> Column:
    """A count divided by the pool's active hours."""
    return Column(
        f"{count.name}_per_active_hour", "DOUBLE", f"{count.name} / active_hours: a pool's pace, not a person's."
    )


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
        Column("rows_total", "BIGINT", "Landed rows, active or not: they add up to the landed month."),
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
    "The daily figures of each pool, an interaction source on a channel. D23 has no agent id, so every figure is a "
    "pool's, never a person's. Only pools with a row in scope on that day.",
    ("month", "local_date", "interaction_source", "communication_type"),
    (
        MONTH,
        LOCAL_DATE,
        SOURCE,
        CHANNEL,
        *_POOL_COUNTS,
        Column("active_hours", "BIGINT", "Local clock hours with at least one log of the pool: a pool, not a person."),
        Column("first_at", "TIMESTAMP", "The pool's first attempt of the day, UTC."),
        Column("last_at", "TIMESTAMP", "The pool's last attempt of the day, UTC."),
        *(per_active_hour(count) for count in _POOL_COUNTS),
        *rate("contact_rate", "contacts", "attempts"),
        *rate("rpc_per_contact", "rpc", "contacts"),
        *rate("ptp_per_rpc", "promises", "rpc"),
        Column(
            "log_lag_p50_s",
            "DOUBLE",
            "Median of created_at - communicated_at, seconds: how late an outcome is typed in.",
        ),
        Column("log_lag_p90_s", "DOUBLE", "90th percentile of the same (linear between rows), seconds."),
        Column("log_lag_p99_s", "DOUBLE", "99th percentile of the same (linear between rows), seconds."),
        Column("late_logged_1h", "BIGINT", "Rows logged more than an hour after the attempt."),
        Column("late_logged_24h", "BIGINT", "Rows logged more than 24 hours after the attempt."),
        Column("edited_rows", "BIGINT", "Rows changed after they were logged (updated_at after created_at)."),
        OUTCOME_MAP_VERSION,
        LOAD_NUMBER,
        RULES_VERSION,
    ),
)

SMALL_SAMPLE = 30

COHORT_CONTACT = Table(
    "analytics",
    "cohort_contact",
    "When each cohort is reached: by weekday and local hour of a channel and source, for a month.",
    ("month", "communication_type", "interaction_source", "iso_weekday", "local_hour"),
    (
        MONTH,
        CHANNEL,
        SOURCE,
        Column("iso_weekday", "INTEGER", "Local weekday, 1 (Monday) to 7."),
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
        Column("small_sample", "BOOLEAN", f"Fewer than {SMALL_SAMPLE} attempts: too few to read a rate from."),
        OUTCOME_MAP_VERSION,
        LOAD_NUMBER,
        RULES_VERSION,
    ),
)

METRIC_DEFINITIONS = Table(
    "analytics",
    "metric_definitions",
    "Every metric of this platform, and those that D23 cannot support, with the reason; from the shipped file of that "
    "name.",
    ("metric",),
    (
        Column("metric", "VARCHAR", "The metric, as kpi_monthly names it."),
        Column("name", "VARCHAR", "What people call it."),
        Column("formula", "VARCHAR", "Its formula; A attempts, K connected, C contacts, R right party, P promises."),
        Column("numerator", "VARCHAR", "The count above the line; null for quantiles.", nullable=True),
        Column("denominator", "VARCHAR", "The count below the line; of a quantile, its rows.", nullable=True),
        Column("unit", "VARCHAR", "`share`, `ratio` or `seconds`; null where it is not supported.", nullable=True),
        Column(
            "compared",
            "BOOLEAN",
            "Whether it is compared with the month before. Broken promises are not: they grow with age, and the month "
            "before is older. analytics.ptp_vintage compares them at equal age.",
        ),
        Column("supported", "BOOLEAN", "Whether D23 has the data for it."),
        Column("why_not", "VARCHAR", "What D23 lacks for it; null if supported.", nullable=True),
        Column("caveat", "VARCHAR", "What to keep in mind when reading it.", nullable=True),
    ),
)

KPI_MONTHLY = Table(
    "analytics",
    "kpi_monthly",
    "The supported metrics of a month: in total, by channel, and by channel and source.",
    ("month", "slice", "communication_type", "interaction_source", "metric"),
    (
        MONTH,
        Column("slice", "VARCHAR", "`all`, `channel` or `channel x source`: the level of the figure."),
        Column("communication_type", "VARCHAR", "Channel, as sent; `(all)` in the slice all."),
        Column("interaction_source", "VARCHAR", "Interaction source, as sent; `(all)` unless the slice names it."),
        Column("metric", "VARCHAR", "The metric; see metric_definitions."),
        Column("numerator", "BIGINT", "The count above the line; null for quantiles.", nullable=True),
        Column("denominator", "BIGINT", "The count below the line; of a quantile, its rows."),
        Column("value", "DOUBLE", "numerator / denominator, or seconds; null if the denominator is 0.", nullable=True),
        Column(
            "lo", "DOUBLE", "Lower end of a share's Wilson 95 % interval; null for anything but shares.", nullable=True
        ),
        Column(
            "hi", "DOUBLE", "Upper end of a share's Wilson 95 % interval; null for anything but shares.", nullable=True
        ),
        Column("prev_value", "DOUBLE", "The value of the month before; null if it has none.", nullable=True),
        Column(
            "change_pp",
            "DOUBLE",
            "value - prev_value of a share, in percentage points. Null for broken promises: the month before is older, "
            "and they are compared at equal age only (ptp_vintage).",
            nullable=True,
        ),
        Column("status", "VARCHAR", "`provisional` until the month was loaded after its end, then `final`."),
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
            "Days from the month's end to observed_at, the promises' minimum age. Below 0 while the month is open.",
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
            "The matching key; `(null)` if no outcome was sent, `(no letter or digit)` if it has neither.",
        ),
        Column("raw_spellings", "VARCHAR[]", "The spellings as sent."),
        Column("rows", "BIGINT", "Landed rows with it, active or not."),
        Column("rows_landed", "BIGINT", "All landed rows."),
        *rate("share", "rows", "rows_landed"),
        Column("first_seen_at", "TIMESTAMP", "Its first attempt, UTC."),
        Column("last_seen_at", "TIMESTAMP", "Its last attempt, UTC."),
        Column("channels", "VARCHAR[]", "The channels it was logged on."),
        Column(
            "csv_line",
            "VARCHAR",
            "The line for the file of CLEARGRID_OUTCOMES: fill in its classes. Null if the outcome cannot be mapped.",
            nullable=True,
        ),
        OUTCOME_MAP_VERSION,
        RULES_VERSION,
    ),
)

CALLING_HOURS = Table(
    "analytics",
    "calling_hours",
    "Attempts outside the hours that a profile permits. A monitoring figure, not legal advice.",
    ("month", "profile", "communication_type", "interaction_source"),
    (
        MONTH,
        Column("profile", "VARCHAR", "The profile; see core.calling_hours_profiles."),
        CHANNEL,
        SOURCE,
        Column("attempts", "BIGINT", "Landed rows, active or not."),
        Column("time_known", "BIGINT", "Attempts with a time of day; exactly 00:00:00 is a date without one."),
        Column("outside_early", "BIGINT", "Attempts before the permitted hours of their weekday."),
        Column("outside_late", "BIGINT", "Attempts at or after their end; all attempts on a weekday without hours."),
        *rate("outside_share", "(outside_early + outside_late)", "time_known"),
        Column("verified", "BOOLEAN", "Whether the profile's hours were verified in the primary text."),
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
