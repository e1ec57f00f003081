"""D23, manual communication logs: the declaration of the dataset. Everything of it that landing must know belongs here.

What its rows mean for the analytics is in `core` and `analytics`.
"""

from cleargrid_assets.client.dataset import D23 as EXPORT
from cleargrid_assets.tables.dataset import RawDataset
from cleargrid_assets.tables.table import Column

D23 = RawDataset(
    export=EXPORT,
    title="manual communication logs",
    source="one row for each outcome that a collections agent logged",
    table_name="manual_communication_logs",
    row_meaning=(
        "ClearGrid's D23: one row is one outcome that a collections agent logged after trying to reach a borrower."
    ),
    fields=(
        Column("public_id", "VARCHAR", "ClearGrid's stable id of the log entry."),
        Column("communication_type", "VARCHAR", "Channel of the manual attempt, as sent.", nullable=True),
        Column("interaction_source", "VARCHAR", "Where the interaction came from, as sent.", nullable=True),
        Column("outcome_option", "VARCHAR", "The outcome that the agent logged, as sent.", nullable=True),
        Column("is_active", "BOOLEAN", "True if ClearGrid considers the entry active."),
        Column("is_ptp_broken", "BOOLEAN", "True if a promise to pay tied to the entry was broken."),
        Column("communicated_at", "TIMESTAMP", "When the attempt happened, UTC."),
        Column("created_at", "TIMESTAMP", "When the entry was logged, UTC."),
        Column("updated_at", "TIMESTAMP", "When the entry was last changed, UTC."),
    ),
    kept_fields="the nine documented fields",
    if_silent="ask whether your agents worked on these days",
    after_a_load="The derived tables are computed automatically.",
)
