"""A warehouse file has no name that DuckDB would take for one of the schemas in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.warehouse import WarehouseUnreadableError
from cleargrid_assets.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["analytics.duckdb", "Raw", "core.2026.db", ".marts.duckdb"])
def test_a_file_that_is_called_like_a_schema_is_refused_also_behind_a_link(tmp_path: Path, name: str) -> None:
    link = tmp_path / "w.duckdb"
    link.symlink_to(tmp_path / name)
    (tmp_path / name).touch()
    schema = name.lower().strip(".").partition(".")[0]
    for path in (tmp_path / name, link):
        sentence = (
            f"{path} cannot be a warehouse, because a schema in it is called {schema} too: rename the file and correct "
            f"CLEARGRID_WAREHOUSE"
        )
        with pytest.raises(WarehouseUnreadableError, match=re.escape(sentence)):
            Warehouse(str(path)).check_writable()  # what the doctor does
        with pytest.raises(WarehouseUnreadableError, match=re.escape(sentence)), Warehouse(str(path)).writing():
            pass
