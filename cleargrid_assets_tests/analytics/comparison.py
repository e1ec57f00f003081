"""Compares a table's rows with their recomputation."""

from __future__ import annotations

from typing import Any

import pytest


def compare(grain: tuple[str, ...], rows: list[dict[str, Any]], expected: dict[Any, dict[str, Any]]) -> None:
    """Fail unless `rows` are exactly the `expected` rows, matched by their grain."""
    by_key = {tuple(row[name] for name in grain): row for row in rows}
    assert len(by_key) == len(rows)
    assert by_key.keys() == expected.keys()
    for key, figures in expected.items():
        for name, value in figures.items():
            actual = by_key[key][name]
            expected_value = pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
            assert actual == expected_value, (key, name)
        unchecked = by_key[key].keys() - figures.keys() - set(grain)
        assert unchecked <= {"outcome_map_version", "load_number", "rules_version", "definition", "csv_line"}
