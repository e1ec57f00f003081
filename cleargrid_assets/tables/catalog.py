"""All tables by name. Here: the list. Not here: any column."""

from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.core import CORE_TABLES
from cleargrid_assets.tables.raw import RAW_TABLES

ALL_TABLES = (*RAW_TABLES, *CORE_TABLES, *ANALYTICS_TABLES)
TABLES = {table.qualified_name: table for table in ALL_TABLES}
