"""The tables of schema `core`: landed rows with their meaning. Add columns here; the SQL is in `assets.core`."""

from cleargrid_assets.tables.raw import D23_FIELDS
from cleargrid_assets.tables.table import MONTH, Column, Table

OUTCOME_MAP_VERSION = Column("outcome_map_version", "VARCHAR", "Hash of the outcome map that classified the row.")
RULES_VERSION = Column(
    "rules_version",
    "VARCHAR",
    "The rules under which the row was computed: row scope, maturity of promises, time zone, outcome map and SQL. "
    "Figures under different rules cannot be compared.",
)
LOAD_NUMBER = Column("load_number", "BIGINT", "The load that last changed the month's rows: their version.")
CLASSES = (
    Column("outcome", "VARCHAR", "The outcome map's name for it, or `unmapped`; `(null)` if no outcome was sent."),
    Column(
        "contact_class",
        "VARCHAR",
        "Who answered: no_connect, machine, live_unidentified, third_party, right_party, unknown.",
    ),
    Column("result_class", "VARCHAR", "The result: promise, refusal, settlement, ...; unknown if unmapped."),
    Column("is_mapped", "BOOLEAN", "Whether the outcome map knows the spelling."),
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
            "Its matching key: letters, digits and the marks that distinguish letters; case and accents folded.",
            nullable=True,
        ),
        *CLASSES,
        OUTCOME_MAP_VERSION,
        LOAD_NUMBER,
        RULES_VERSION,
    ),
)

CONTACT_ATTEMPTS = Table(
    "core",
    "contact_attempts",
    "One row per landed row, none dropped, with the outcome map and local time applied.",
    ("public_id",),
    (
        *D23_FIELDS,
        MONTH,
        *CLASSES,
        Column("in_scope", "BOOLEAN", "Whether figures count the row: CLEARGRID_ROW_SCOPE, as of the computation."),
        Column("is_connected", "BOOLEAN", "Whether somebody or something answered."),
        Column("is_contact", "BOOLEAN", "Whether a person answered."),
        Column("is_rpc", "BOOLEAN", "Right-party contact: whether the debtor answered."),
        Column("is_promise", "BOOLEAN", "Whether the debtor answered and promised to pay."),
        Column("local_at", "TIMESTAMP", "communicated_at in the configured time zone."),
        Column("local_date", "DATE", "Its local date."),
        Column("local_hour", "INTEGER", "Its local hour, 0-23."),
        Column("iso_weekday", "INTEGER", "Its local weekday, 1 (Monday) to 7."),
        Column("log_lag_seconds", "DOUBLE", "created_at - communicated_at in seconds: how late it was typed in."),
        OUTCOME_MAP_VERSION,
        LOAD_NUMBER,
        Column(
            "last_load_number",
            "BIGINT",
            "The month's last load when the attempts were computed, whose rows these are.",
        ),
        RULES_VERSION,
    ),
)

CALLING_HOURS_PROFILES = Table(
    "core",
    "calling_hours_profiles",
    "The hours in which a rule permits calls, from the shipped file of that name. A weekday without a row has none.",
    ("name", "weekday"),
    (
        Column("name", "VARCHAR", "The profile."),
        Column("timezone", "VARCHAR", "IANA zone of its clock; null: the configured time zone.", nullable=True),
        Column("weekday", "INTEGER", "Local weekday, 1 (Monday) to 7."),
        Column("start", "TIME", "First permitted time of the day."),
        Column("end", "TIME", "First time that is no longer permitted: start <= t < end."),
        Column("source", "VARCHAR", "The legal text with the rule."),
        Column("verified", "BOOLEAN", "Whether the rule was verified in the primary text."),
    ),
)

CORE_TABLES = (OUTCOME_SPELLINGS, CONTACT_ATTEMPTS, CALLING_HOURS_PROFILES)
