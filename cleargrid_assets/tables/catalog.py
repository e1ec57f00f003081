"""All datasets by code, all tables by name, and their version. The columns are in the modules of the schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.analytics_views import ANALYTICS_VIEWS
from cleargrid_assets.tables.core import CORE_TABLES
from cleargrid_assets.tables.d21 import D21
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.tables.promise_views import PROMISE_FLAGS
from cleargrid_assets.tables.raw import RAW_TABLES

if TYPE_CHECKING:
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.tables.table import Table

DATASETS = {dataset.code: dataset for dataset in (D23, D21)}
"""Every dataset that can be landed; CLEARGRID_DATASETS chooses among them."""

D23_TABLES = (*RAW_TABLES, *CORE_TABLES, *ANALYTICS_TABLES)
"""The tables of every warehouse: those of D23, and those computed from them."""


def tables_of(dataset: RawDataset) -> tuple[Table, ...]:
    """The tables that a warehouse gets when the dataset is landed."""
    return D23_TABLES if dataset == D23 else dataset.tables


TABLES = {table.qualified_name: table for dataset in DATASETS.values() for table in tables_of(dataset)}
"""Every table that a warehouse can have."""

VIEWS = {view.qualified_name: view for view in (PROMISE_FLAGS, *ANALYTICS_VIEWS)}
"""The views that are described as tables are. Those of schema `raw` are the datasets' own."""

PUBLISHED_TABLES = (*ANALYTICS_TABLES, *ANALYTICS_VIEWS)
"""What is published for other tools as a whole; the row-level tables are published month by month."""

TABLES_VERSION = 2
"""Goes up with a release that changes a table's columns. 1: release 0.1.0, which did not record it."""
