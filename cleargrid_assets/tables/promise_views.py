"""The views of promises at equal age: when each was flagged broken, as far as that is known. Add another one here.

A flagged row was flagged at or before its `updated_at`; a flag that a load saw change was set between two loads.
"""

from cleargrid_assets.tables.analytics_columns import CHANNEL, RULES_VERSION_OF_A_WEEK, SOURCE, dispersion, rate
from cleargrid_assets.tables.calendar_views import LOADED_DAYS
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS, RULES_VERSION
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS
from cleargrid_assets.tables.table import Column, View

PROMISE_MONTH = Column("month", "DATE", "The month in which the promises were made, its first day in the local zone.")

PROMISE_FLAGS = View(
    "core",
    "promise_flags",
    "The promises in scope, and what is known of the instant at which each was flagged broken.",
    ("public_id",),
    (
        Column("public_id", "VARCHAR", "The row's id."),
        PROMISE_MONTH,
        CHANNEL,
        SOURCE,
        Column("communicated_at", "TIMESTAMP", "When the promise was made, UTC."),
        Column("updated_at", "TIMESTAMP", "When ClearGrid last changed the row, UTC."),
        Column("is_ptp_broken", "BOOLEAN", "True if it is flagged broken."),
        Column("read_at", "TIMESTAMP", "When the load began that last read it, UTC."),
        Column(
            "seen_flagged_at",
            "TIMESTAMP",
            "When the load had landed that first saw its flag, UTC; null if it has none.",
            nullable=True,
        ),
        Column(
            "seen_unflagged_at",
            "TIMESTAMP",
            "When the load before that one began, which saw it without the flag, UTC; null if no load saw it change.",
            nullable=True,
        ),
        RULES_VERSION,
    ),
    sources=(CONTACT_ATTEMPTS, D23_LOADS, D23_CHANGES),
)

PROMISE_AGE_CURVE = View(
    "analytics",
    "promise_age_curve",
    "How many of a month's promises were flagged broken by an age of 7, 14, 30, 60 and 90 days, over the promises that "
    "were that old when the month was last read. Months compare at the same age. Not broken is not kept.",
    ("month", "age_days", "communication_type", "interaction_source"),
    (
        PROMISE_MONTH,
        Column("age_days", "INTEGER", "The age in days since the promise: 7, 14, 30, 60 or 90."),
        CHANNEL,
        SOURCE,
        Column("promises", "BIGINT", "Promises in scope that were that old when the month was last read."),
        Column(
            "broken_by_updated_at",
            "BIGINT",
            "Those flagged broken with an updated_at within the age. It compares across months from the first load on; "
            "a later edit of a flagged row lowers it, most for old months.",
        ),
        Column(
            "broken_within_lo",
            "BIGINT",
            "Those, and the ones that a load saw flagged that had landed within the age: at least so many were broken.",
        ),
        Column(
            "broken_within_hi",
            "BIGINT",
            "Those flagged broken, less the ones that a load saw without the flag after the age: at most so many were.",
        ),
        *rate("broken_by_updated_at_share", "broken_by_updated_at", "promises"),
        *rate("broken_within_lo_share", "broken_within_lo", "promises"),
        *rate("broken_within_hi_share", "broken_within_hi", "promises"),
        RULES_VERSION,
    ),
    sources=PROMISE_FLAGS.sources,
)

PROMISE_WEEKLY = View(
    "analytics",
    "promise_weekly",
    "How many of an ISO week's promises were flagged broken by an age of 30 days, over the promises that were that old "
    "when they were last read, and how much that share varies from week to week. Weeks cross months.",
    ("week_start_date",),
    (
        Column("week_start_date", "DATE", "The Monday of the week in which the promises were made, a local date."),
        Column("promises", "BIGINT", "Promises in scope that were 30 days old when they were last read."),
        Column("broken_by_updated_at", "BIGINT", "Those flagged broken with an updated_at within the 30 days."),
        *rate("broken_by_updated_at_share", "broken_by_updated_at", "promises"),
        Column("is_complete", "BOOLEAN", "True if all 7 days were over when the loads of their months began."),
        *dispersion("such promises"),
        RULES_VERSION_OF_A_WEEK,
    ),
    sources=(CONTACT_ATTEMPTS, *LOADED_DAYS.sources),
)

FLAG_DELAY = View(
    "analytics",
    "flag_delay",
    "How long after a promise it was flagged broken, over the promises whose flag a load saw change. The truth lies "
    "between the two medians.",
    ("month", "communication_type", "interaction_source"),
    (
        PROMISE_MONTH,
        CHANNEL,
        SOURCE,
        Column("n", "BIGINT", "Promises in scope that are flagged broken and whose flag a load saw change."),
        Column(
            "delay_lo_p50_days",
            "DOUBLE",
            "Median of the days from the promise to the start of the load before the one that saw the flag.",
        ),
        Column(
            "delay_hi_p50_days",
            "DOUBLE",
            "Median of the days from the promise to the landing of the load that saw the flag.",
        ),
        RULES_VERSION,
    ),
    sources=PROMISE_FLAGS.sources,
)
