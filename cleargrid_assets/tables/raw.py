"""The tables of schema `raw`: landed rows, quarantine, the ledger of loads, changes, and the warehouse's identity.

Nothing that is derived from them belongs here.
"""

from cleargrid_assets.tables.table import MONTH, Column, Table

LANDED_AT = Column("landed_at", "TIMESTAMP", "When this version of the row was landed, UTC.")

D23_FIELDS = (
    Column("public_id", "VARCHAR", "ClearGrid's stable id of the log entry."),
    Column("communication_type", "VARCHAR", "Channel of the manual attempt, as sent.", nullable=True),
    Column("interaction_source", "VARCHAR", "Where the interaction came from, as sent.", nullable=True),
    Column("outcome_option", "VARCHAR", "The outcome the agent logged, as sent.", nullable=True),
    Column("is_active", "BOOLEAN", "Whether ClearGrid considers the entry active."),
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
    "Rows that ClearGrid sent but that cannot be landed, with the reasons. Each load of the month replaces them.",
    (),
    (
        MONTH,
        Column("public_id", "VARCHAR", "The row's id, if it looked like one.", nullable=True),
        Column("reasons", "VARCHAR[]", "Why the row cannot be landed, one word per reason, e.g. `bad_type:is_active`."),
        Column(
            "row",
            "VARCHAR",
            "The received row as JSON, limited to the nine documented fields; of values other than ids, timestamps and "
            "short words, only type, length and first characters.",
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
            "When the load was committed, UTC; just before `until` if it began before the month's end and ended after "
            "it.",
        ),
        Column("since", "TIMESTAMP", "Inclusive start of the month, UTC."),
        Column("until", "TIMESTAMP", "Exclusive end of the month, UTC."),
        Column("requests", "BIGINT", "Requests sent for rows and counts, including retries."),
        Column("pages", "BIGINT", "Pages of the completed windows."),
        Column("empty_pages", "BIGINT", "How many of these pages had no row."),
        Column("retries", "BIGINT", "Requests repeated after a fault."),
        Column("splits", "BIGINT", "Windows split in two or more, after a 504 or because they were dense."),
        Column(
            "page_size_used", "BIGINT", "The smallest page size in use at the end; the next load starts at twice that."
        ),
        Column("rows_received", "BIGINT", "Rows on the pages of the completed windows."),
        Column("rows_landed", "BIGINT", "Rows of the month after the load."),
        Column("rows_quarantined", "BIGINT", "Rows in quarantine."),
        Column("duplicates_collapsed", "BIGINT", "Further copies of a public_id; the latest updated_at was kept."),
        Column("expected_total", "BIGINT", "ClearGrid's own count of the month's rows.", nullable=True),
        Column("total_exact", "BOOLEAN", "Whether ClearGrid called that count exact.", nullable=True),
        Column(
            "rows_added",
            "BIGINT",
            "Landed rows that the month did not have before, including those that ClearGrid moved here.",
        ),
        Column("rows_changed", "BIGINT", "Landed rows that differ from the month's previous version."),
        Column("rows_vanished", "BIGINT", "Rows of the previous version that ClearGrid no longer sends."),
        Column(
            "rows_moved",
            "BIGINT",
            "Received rows of which another month holds a later version: they stay there.",
            default="0",
        ),
        Column("seconds", "DOUBLE", "Wall time from the first request to the write."),
        Column(
            "unknown_fields",
            "VARCHAR[]",
            "Names of received fields that the contract does not list; their values are not stored anywhere.",
            nullable=True,
        ),
    ),
    is_history=True,
)

D23_CHANGES = Table(
    "raw",
    "d23_changes",
    "The changes that each re-read of a month found: added rows, changed rows (one record per changed field), vanished "
    "and moved rows (one record per field that they held). A moved row is in the history of both months.",
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
    "The identity of the warehouse: one row, written by the first load. Loads of another environment, lender or time "
    "zone are refused.",
    (),
    (
        Column("environment", "VARCHAR", "`production`, `staging` or `emulator`."),
        Column("lender", "VARCHAR", "The lender's name, CLEARGRID_LENDER, at the first load."),
        Column("lender_public_id", "VARCHAR", "ClearGrid's public id of the lender."),
        Column("timezone", "VARCHAR", "IANA zone of month borders, local dates and hours."),
        Column("tables_version", "INTEGER", "Version of the tables; a program that knows only older ones is refused."),
        Column("made_by", "VARCHAR", "The version of cleargrid_assets that wrote this row."),
        Column("made_at", "TIMESTAMP", "When this row was written, UTC."),
    ),
    is_history=True,
)

RAW_TABLES = (D23_MANUAL_COMMUNICATION_LOGS, D23_QUARANTINE, D23_LOADS, D23_CHANGES, WAREHOUSE_IDENTITY)
