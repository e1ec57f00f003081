"""The tables of schema `raw`: those of D23 under their own names, and the warehouse's identity.

The tables of any dataset are described in `dataset`. Nothing that is derived from them belongs here.
"""

from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.tables.table import Column, Table

D23_MANUAL_COMMUNICATION_LOGS = D23.rows
D23_LOADS = D23.loads
D23_CHANGES = D23.changes

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

RAW_TABLES = (*D23.tables, WAREHOUSE_IDENTITY)
