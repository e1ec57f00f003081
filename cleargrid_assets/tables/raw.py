"""The tables of schema `raw`: what ClearGrid sent, what was set aside, the ledger of loads, and whose warehouse it is.

Nothing that is derived from them belongs here.
"""

from cleargrid_assets.tables.table import MONTH, Column, Table

LANDED_AT = Column("landed_at", "TIMESTAMP", "When this version of the row was landed, UTC.")

D23_FIELDS = (
    Column("public_id", "VARCHAR", "ClearGrid's stable id of the log entry."),
    Column("communication_type", "VARCHAR", "Channel of the manual attempt, as sent.", nullable=True),
    Column("interaction_source", "VARCHAR", "Where the interaction came from, as sent.", nullable=True),
    Column("outcome_option", "VARCHAR", "The outcome the agent logged, as sent.", nullable=True),
    Column("is_active", "BOOLEAN", "Whether ClearGrid holds the entry active."),
    Column("is_ptp_broken", "BOOLEAN", "Whether a promise to pay tied to the entry was broken."),
    Column("communicated_at", "TIMESTAMP", "When the attempt happened, UTC."),
    Column("created_at", "TIMESTAMP", "When the entry was logged, UTC."),
    Column("updated_at", "TIMESTAMP", "When the entry was last changed, UTC."),
)

D23_MANUAL_COMMUNICATION_LOGS = Table(
    "raw",
    "d23_manual_communication_logs",
    "ClearGrid's D23: one row is one outcome that a collections agent logged after trying to reach a borrower.",
    ("public_id",),
    (*D23_FIELDS, MONTH, LANDED_AT),
    is_history=True,
)

D23_QUARANTINE = Table(
    "raw",
    "d23_quarantine",
    "Rows that ClearGrid sent and that cannot be landed, with the reasons. Replaced with each load of the month.",
    (),
    (
        MONTH,
        Column("public_id", "VARCHAR", "The row's id where it looked like one.", nullable=True),
        Column("reasons", "VARCHAR[]", "Why the row was set aside, one word per reason, e.g. `bad_type:is_active`."),
        Column(
            "row",
            "VARCHAR",
            "The received row as JSON, cut to the nine documented fields; of any value but ids, instants and short "
            "words only type, length and first characters.",
        ),
        LANDED_AT,
    ),
    is_history=True,
)

D23_LOADS = Table(
    "raw",
    "d23_loads",
    "The ledger: one row per completed load of a month. rows_received = rows_landed + rows_quarantined + "
    "duplicates_collapsed + rows_moved. `raw.last_loads` holds the last load of each month.",
    ("load_number",),
    (
        MONTH,
        Column("load_number", "BIGINT", "Increases with every load of the warehouse: the order in which loads landed."),
        Column("run_id", "VARCHAR", "The Dagster run that loaded the month."),
        Column("started_at", "TIMESTAMP", "When the read began, UTC."),
        Column(
            "loaded_at",
            "TIMESTAMP",
            "When the load was committed, UTC; just before `until` when it began before the month's end and went on "
            "after it.",
        ),
        Column("since", "TIMESTAMP", "Inclusive start of the month, UTC."),
        Column("until", "TIMESTAMP", "Exclusive end of the month, UTC."),
        Column("requests", "BIGINT", "Requests sent for rows and counts, retries included."),
        Column("pages", "BIGINT", "Pages of the walks that were kept."),
        Column("empty_pages", "BIGINT", "Pages without a row among them."),
        Column("retries", "BIGINT", "Requests repeated after a fault."),
        Column("splits", "BIGINT", "Windows split in two or more, after a 504 or because they were dense."),
        Column(
            "page_size_used", "BIGINT", "The smallest page size in use at the end; the next load starts at twice that."
        ),
        Column("rows_received", "BIGINT", "Rows in the answers of the walks that were kept."),
        Column("rows_landed", "BIGINT", "Rows of the month after the load."),
        Column("rows_quarantined", "BIGINT", "Rows set aside."),
        Column("duplicates_collapsed", "BIGINT", "Further copies of a public_id; the latest updated_at was kept."),
        Column("expected_total", "BIGINT", "ClearGrid's own count of the month's rows.", nullable=True),
        Column("total_exact", "BOOLEAN", "Whether ClearGrid called that count exact.", nullable=True),
        Column(
            "rows_added",
            "BIGINT",
            "Landed rows that the month did not have before, those that ClearGrid moved here among them.",
        ),
        Column("rows_changed", "BIGINT", "Landed rows that differ from the month's previous version."),
        Column("rows_vanished", "BIGINT", "Rows of the previous version that ClearGrid no longer sends."),
        Column(
            "rows_moved",
            "BIGINT",
            "Received rows that another month holds in a later version: they are landed there and not here.",
            default="0",
        ),
        Column("seconds", "DOUBLE", "Wall time from the first request to the write."),
        Column(
            "unknown_fields",
            "VARCHAR[]",
            "Names of the fields that were sent and are not listed in the contract; their values are kept nowhere.",
            nullable=True,
        ),
    ),
    is_history=True,
)

D23_CHANGES = Table(
    "raw",
    "d23_changes",
    "What loads found changed, appended at each re-read of a month: added rows, changed rows (a record for each field "
    "that changed), vanished and moved rows (a record for each field that they held). A moved row is in the history of "
    "both months.",
    (),
    (
        Column("observed_at", "TIMESTAMP", "When the re-read was committed, UTC."),
        Column("run_id", "VARCHAR", "The Dagster run that re-read the month."),
        Column("load_number", "BIGINT", "The load that found the change."),
        MONTH,
        Column("public_id", "VARCHAR", "The row's id."),
        Column("change", "VARCHAR", "`added`, `changed`, `vanished` or `moved` (to another month)."),
        Column(
            "field",
            "VARCHAR",
            "The field; null for added rows, `month` for the months that a row moved from and to.",
            nullable=True,
        ),
        Column("old", "VARCHAR", "The field's previous value as text.", nullable=True),
        Column("new", "VARCHAR", "The field's new value as text; null for vanished rows.", nullable=True),
    ),
    is_history=True,
)

WAREHOUSE_IDENTITY = Table(
    "raw",
    "warehouse_identity",
    "Whose warehouse it is: one row, written with the first load. Loads of another environment, lender or time zone "
    "are refused.",
    (),
    (
        Column("environment", "VARCHAR", "`production`, `staging` or `emulator`."),
        Column("lender", "VARCHAR", "The lender's name, CLEARGRID_LENDER, at the first load."),
        Column("lender_public_id", "VARCHAR", "ClearGrid's public id of the lender."),
        Column("timezone", "VARCHAR", "IANA zone of month borders, local dates and hours."),
        Column("tables_version", "INTEGER", "Version of the tables; a program that knows only older ones is refused."),
        Column("made_by", "VARCHAR", "The version of cleargrid_assets that wrote this row."),
        Column("made_at", "TIMESTAMP", "When, UTC."),
    ),
    is_history=True,
)

RAW_TABLES = (D23_MANUAL_COMMUNICATION_LOGS, D23_QUARANTINE, D23_LOADS, D23_CHANGES, WAREHOUSE_IDENTITY)
