"""All datasets by code, all tables by name, and their version. The columns are in the modules of the schemas."""

from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.core import CORE_TABLES
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.tables.raw import RAW_TABLES

DATASETS = {dataset.code: dataset for dataset in (D23,)}
"""Every dataset that can be landed; CLEARGRID_DATASETS chooses among them."""

ALL_TABLES = (*RAW_TABLES, *CORE_TABLES, *ANALYTICS_TABLES)
TABLES = {table.qualified_name: table for table in ALL_TABLES}

TABLES_VERSION = 2
"""Goes up with a release that changes a table's columns. 1: release 0.1.0, which did not write it down."""
