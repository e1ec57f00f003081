"""The published database reads files in folders of any name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from cleargrid_assets.assets.reports.publication.database import DATABASE
from cleargrid_assets.assets.reports.publication.month_files import ROW_TABLES
from cleargrid_assets.assets.reports.publication.publish import publish
from cleargrid_assets.tables.catalog import PUBLISHED_TABLES
from cleargrid_assets_tests.platform_copies import compute_months
from cleargrid_assets_tests.platform_under_test import MAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)


def test_a_folder_whose_name_looks_like_a_hive_partition_adds_no_column(
    start_after: Callable[..., Platform],
) -> None:
    folder, _ = publish(start_after(compute_months, MAY).warehouse, "region=gulf", NOW)
    with duckdb.connect(Path(folder, DATABASE), read_only=True) as connection:
        for table in (*PUBLISHED_TABLES, *ROW_TABLES):
            columns = connection.execute(f"DESCRIBE {table.qualified_name}").fetchall()
            assert tuple(column[0] for column in columns) == table.column_names
