"""D21, communication logs: the declaration of the dataset. Everything of it that landing must know belongs here.

It is off by default, and no table is computed from it.
"""

from cleargrid_assets.client.dataset import D21 as EXPORT
from cleargrid_assets.tables.dataset import RawDataset
from cleargrid_assets.tables.table import Column

D21 = RawDataset(
    export=EXPORT,
    title="communication logs",
    source="one row for each call or message to or from a borrower",
    table_name="communication_logs",
    row_meaning="ClearGrid's D21: one row is one call or message to or from a borrower, without its number and text.",
    fields=(
        Column("public_id", "VARCHAR", "ClearGrid's stable id of the log entry."),
        Column("communication_type", "VARCHAR", "Channel of the communication, as sent.", nullable=True),
        Column("direction", "VARCHAR", "The direction, to or from the borrower, as sent.", nullable=True),
        Column("status", "VARCHAR", "The state of the communication, as sent.", nullable=True),
        Column("duration", "DOUBLE", "Its length in seconds, with fractions; null if it has no length.", nullable=True),
        Column("communicated_at", "TIMESTAMP", "When the communication happened, UTC."),
        Column("created_at", "TIMESTAMP", "When the entry was logged, UTC."),
        Column("updated_at", "TIMESTAMP", "When the entry was last changed, UTC."),
    ),
    personal_fields=("from", "to", "subject"),
    kept_fields="the eight fields of raw.d21_communication_logs",
    if_silent="ask whether calls were made and messages sent on these days",
    after_a_load="No table is computed from it.",
    view_prefix="d21_",
)
