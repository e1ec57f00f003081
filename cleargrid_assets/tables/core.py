"""The tables of schema `core`: landed rows with their meaning. Add columns here; the SQL is in `assets.core`."""

from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.tables.table import MONTH, Column, Table

OUTCOME_MAP_VERSION = Column("outcome_map_version", "VARCHAR", "Hash of the outcome map that classified the row.")
RULES_VERSION = Column(
    "rules_version",
    "VARCHAR",
    "The rules under which the row was computed: row scope, maturity of promises, time zone, outcome map and SQL. "
    "Figures under different rules cannot be compared.",
)
LOAD_NUMBER = Column("load_number", "BIGINT", "The version of the month's rows: the load that last changed them.")
VERSIONS = (OUTCOME_MAP_VERSION, LOAD_NUMBER, RULES_VERSION)
"""The columns that say from which rows and by which rules a row was computed."""

CLASSES = (
    Column(
        "outcome", "VARCHAR", "The outcome map's name for the outcome, or `unmapped`; `(null)` if no outcome was sent."
    ),
    Column(
        "contact_class",
        "VARCHAR",
        "Who answered: no_connect, machine, live_unidentified, third_party, right_party, unknown.",
    ),
    Column("result_class", "VARCHAR", "The result: promise, refusal, settlement, ...; unknown if unmapped."),
    Column("is_mapped", "BOOLEAN", "True if the outcome map knows the spelling."),
)

OUTCOME_SPELLINGS = Table(
    "core",
    "outcome_spellings",
    "Every spelling of an outcome in a month, and how the outcome map classifies it.",
    ("month", "outcome_option"),
    (
        MONTH,
        Column("outcome_option", "VARCHAR", "The spelling as sent.", nullable=True),
        Column(
            "outcome_key",
            "VARCHAR",
            "Its matching key: letters, digits and the marks that distinguish letters, without case and accents.",
            nullable=True,
        ),
        *CLASSES,
        *VERSIONS,
    ),
)

CONTACT_ATTEMPTS = Table(
    "core",
    "contact_attempts",
    "One row per landed row, none dropped, with the outcome map and local time applied.",
    ("public_id",),
    (
        *D23.fields,
        MONTH,
        *CLASSES,
        Column(
            "in_scope", "BOOLEAN", "True if figures count the row, as CLEARGRID_ROW_SCOPE said when it was computed."
        ),
        Column("is_connected", "BOOLEAN", "True if a person or a machine answered."),
        Column("is_contact", "BOOLEAN", "True if a person answered."),
        Column("is_rpc", "BOOLEAN", "Right-party contact: true if the borrower answered."),
        Column("is_promise", "BOOLEAN", "True if the borrower answered and promised to pay."),
        Column("local_at", "TIMESTAMP", "communicated_at in the configured time zone."),
        Column("local_date", "DATE", "The local date of the attempt."),
        Column("local_hour", "INTEGER", "The local hour of the attempt, 0-23."),
        Column("iso_weekday", "INTEGER", "The local weekday of the attempt, 1 (Monday) to 7 (Sunday)."),
        Column(
            "log_lag_seconds",
            "DOUBLE",
            "created_at - communicated_at: how many seconds after the attempt it was logged.",
        ),
        *VERSIONS,
    ),
)

CALLING_HOURS_PROFILES = Table(
    "core",
    "calling_hours_profiles",
    "The hours in which a rule permits calls, from the shipped CSV file of that name. A weekday without a row permits "
    "none.",
    ("name", "weekday"),
    (
        Column("name", "VARCHAR", "The profile."),
        Column("timezone", "VARCHAR", "IANA time zone of its hours; null for the configured time zone.", nullable=True),
        Column("weekday", "INTEGER", "Local weekday, 1 (Monday) to 7 (Sunday)."),
        Column("start", "TIME", "First permitted time of the day."),
        Column("end", "TIME", "End of the permitted time, exclusive: start <= t < end."),
        Column("source", "VARCHAR", "The legal text that states the rule."),
        Column("verified", "BOOLEAN", "True if the rule was checked against the legal text itself."),
    ),
)

CORE_TABLES = (OUTCOME_SPELLINGS, CONTACT_ATTEMPTS, CALLING_HOURS_PROFILES)
