"""The data dictionary is generated from the tables' descriptions."""

from __future__ import annotations

from pathlib import Path

import cleargrid_assets
from cleargrid_assets.tables.dictionary import dictionary

WRITTEN = Path(cleargrid_assets.__file__).parents[1] / "docs" / "data_dictionary.md"


def test_the_data_dictionary_says_what_the_tables_are() -> None:
    """`python -m cleargrid_assets.tables.dictionary > docs/data_dictionary.md` updates it."""
    assert WRITTEN.read_text(encoding="utf-8") == dictionary()
