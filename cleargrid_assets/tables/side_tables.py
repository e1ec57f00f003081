"""The tables beside the rows of any dataset: quarantine, ledger and history of changes, and the sampled days.

Add a column of theirs here. Each dataset has its own; `dataset` names them.
"""

from cleargrid_assets.tables.table import MONTH, Column, Table

LANDED_AT = Column("landed_at", "TIMESTAMP", "When this version of the row was landed, UTC.")


def quarantine_table(name: str, kept_fields: str) -> Table:
    """The table of rows that cannot be landed; `kept_fields`: the fields that it may hold, as its description says."""
    columns = (
        MONTH,
        Column("public_id", "VARCHAR", "The row's id, if it looked like one.", nullable=True),
        Column(
            "reasons",
            "VARCHAR[]",
            "Why the row cannot be landed; each reason is one word, such as `bad_type:is_active`.",
        ),
        Column(
            "row",
            "VARCHAR",
            f"The received row as JSON, limited to {kept_fields}; of values other than ids, timestamps and "
            "short words, only type, length and first characters.",
        ),
        LANDED_AT,
    )
    return Table(
        "raw",
        name,
        "Rows that ClearGrid sent but that cannot be landed, with the reasons. Each load of the month replaces them.",
        (),
        columns,
        is_history=True,
    )


def loads_table(name: str, last_loads: str) -> Table:
    """The ledger; `last_loads`: the view of each month's last load."""
    return Table(
        "raw",
        name,
        "The ledger: one row per completed load of a month. rows_received = rows_landed + rows_quarantined + "
        f"duplicates_collapsed + rows_moved. `{last_loads}` holds the last load of each month.",
        ("load_number",),
        LOADS_COLUMNS,
        is_history=True,
    )


def changes_table(name: str) -> Table:
    """The history of landed rows."""
    return Table(
        "raw",
        name,
        "The changes that each re-read of a month found: added rows, changed rows (one record per changed field), "
        "vanished and moved rows (one record per field that they held). A moved row is in the history of both months.",
        (),
        CHANGES_COLUMNS,
        is_history=True,
    )


def sampled_days_table(name: str) -> Table:
    """The history of the days that were compared with ClearGrid."""
    return Table(
        "raw",
        name,
        "The days of older months that were read again and compared with the landed rows, one row per comparison. Only "
        "this finds changes in place in months that no schedule reads any more.",
        (),
        SAMPLED_DAYS_COLUMNS,
        is_history=True,
    )


LOADS_COLUMNS = (
    MONTH,
    Column("load_number", "BIGINT", "The load's number in this warehouse; it increases with every load that lands."),
    Column("run_id", "VARCHAR", "The Dagster run that loaded the month."),
    Column("started_at", "TIMESTAMP", "When the read began, UTC."),
    Column(
        "loaded_at",
        "TIMESTAMP",
        "When the load was committed, UTC; just before `until` if it began before the month's end and ended after it.",
    ),
    Column("since", "TIMESTAMP", "Inclusive start of the month, UTC."),
    Column("until", "TIMESTAMP", "Exclusive end of the month, UTC."),
    Column("requests", "BIGINT", "Requests sent for rows and counts, including retries."),
    Column("pages", "BIGINT", "Pages of the completed windows."),
    Column("empty_pages", "BIGINT", "The number of these pages that had no rows."),
    Column("retries", "BIGINT", "Requests repeated after a fault."),
    Column(
        "splits",
        "BIGINT",
        "Windows that were split and read again in parts: ClearGrid was too slow (504 or time-out), sent too many "
        "empty pages, or sent rows out of order.",
    ),
    Column(
        "page_size_used",
        "BIGINT",
        "The smallest page size in use at the end; the next load starts with twice this size. A load that ended with a "
        "size set for its run alone has the size that it would have started with otherwise.",
    ),
    Column("rows_received", "BIGINT", "Rows on the pages of the completed windows."),
    Column("rows_landed", "BIGINT", "The month's rows after the load."),
    Column("rows_quarantined", "BIGINT", "Rows in quarantine."),
    Column(
        "duplicates_collapsed",
        "BIGINT",
        "Received copies of a row beyond the first; the copy with the latest updated_at was kept.",
    ),
    Column("expected_total", "BIGINT", "ClearGrid's own count of the month's rows.", nullable=True),
    Column("total_exact", "BOOLEAN", "True if ClearGrid called that count exact.", nullable=True),
    Column(
        "count_request_id",
        "VARCHAR",
        "ClearGrid's id of the request that counted the month, or its first day if it was counted by the day; null if "
        "the response named none.",
        nullable=True,
    ),
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
        "Received rows that stay in another month, because it holds a later version of them.",
        default="0",
    ),
    Column("seconds", "DOUBLE", "Wall time from the first request to the write."),
    Column(
        "unknown_fields",
        "VARCHAR[]",
        "Names of received fields that the contract does not list; their values are not stored anywhere.",
        nullable=True,
    ),
    Column(
        "ids_digest",
        "VARCHAR",
        "Digest of the ids of the month's rows, `ids_digest(public_id)`, if the load found none of them in another "
        "month; null otherwise.",
        nullable=True,
    ),
)

CHANGES_COLUMNS = (
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
)

SAMPLED_DAYS_COLUMNS = (
    Column("sampled_at", "TIMESTAMP", "When the observation that compared the day began, UTC."),
    Column("run_id", "VARCHAR", "The Dagster run that compared the day."),
    MONTH,
    Column("day", "DATE", "The local date, chosen by chance from the days of the month."),
    Column("load_number", "BIGINT", "The month's last load, whose rows were compared."),
    Column("rows", "BIGINT", "Rows that ClearGrid sent for the day and that can be landed."),
    Column("rows_different", "BIGINT", "Rows that were added, changed or removed at ClearGrid since that load."),
)
