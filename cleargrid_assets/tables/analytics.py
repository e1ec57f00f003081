"""The tables of schema `analytics`: what a collections manager asks. Here: columns. Not here: the SQL that fills them.

Symbols are those of the metrics page: A attempts, K connected, C contacts, T third party, R right party, P promises,
B broken promises, U unmapped. Counts are over the rows in scope (CLEARGRID_ROW_SCOPE) unless a column says otherwise.
"""

from cleargrid_assets.tables.core import CLASSES
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
        Column("outcome_option", "VARCHAR", "The outcome as sent; `(null)` where none was sent."),
        *CLASSES,
        Column("rows_total", "BIGINT", "Landed rows, active or not: they add up to the landed month."),
        Column("rows_active", "BIGINT", "Rows that ClearGrid holds active."),
        Column("rows_inactive", "BIGINT", "Rows that it does not."),
        ATTEMPTS,
        BROKEN,
    ),
)

_POOL_COUNTS = (*FUNNEL, *POOL_RESULTS, UNMAPPED)

AGENT_PRODUCTIVITY = Table(
    "analytics",
    "agent_productivity",
    "A day of a pool: an interaction source on a channel. D23 has no agent id, so every figure is a pool's, never a "
    "person's. Only pools with a row in scope on that day.",
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
    ),
)

SMALL_SAMPLE = 30

COHORT_CONTACT = Table(
    "analytics",
    "cohort_contact",
    "When which cohort is reached: a month's weekday and local hour of a channel and source.",
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
    ),
)

ANALYTICS_TABLES = (OUTCOME_MIX, AGENT_PRODUCTIVITY, COHORT_CONTACT)
