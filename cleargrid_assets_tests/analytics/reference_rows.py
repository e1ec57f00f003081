"""The landed rows of a scenario and the additive counts over any of them, in plain Python.

Add a count that several tables of the reference model hold here.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from cleargrid_assets_tests.analytics.expected_values import CONNECTED, CONTACTS, Classes, Key, classes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cleargrid_assets_tests.analytics.small_warehouse import LandedRow, Scenario

RESULTS = ("refusal", "settlement", "callback", "dispute", "hardship")


class ReferenceRows:
    """The rows of a scenario in the months that are loaded."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.rows = [row for row in scenario.rows if scenario.month_of(row) in scenario.loaded_at]

    def in_scope(self, row: LandedRow) -> bool:
        return row.is_active or self.scenario.row_scope == "all"

    def classes(self, row: LandedRow) -> Classes:
        return classes(row, self.scenario.outcomes)

    def channel(self, row: LandedRow) -> str:
        return "(null)" if row.communication_type is None else row.communication_type

    def source(self, row: LandedRow) -> str:
        return "(null)" if row.interaction_source is None else row.interaction_source

    def grouped(self, rows: Iterable[LandedRow], key: Callable[[LandedRow], Key]) -> dict[Key, list[LandedRow]]:
        groups = defaultdict(list)
        for row in rows:
            groups[key(row)].append(row)
        return groups

    def counts(self, rows: list[LandedRow]) -> dict[str, int]:
        """The additive counts over rows that are in scope already."""
        classified = [(*self.classes(row), row) for row in rows]
        right = [(result, row) for _, who, result, row in classified if who == "right_party"]
        promised = [row for result, row in right if result == "promise"]
        return {
            "attempts": len(rows),
            "connected": sum(who in CONNECTED for _, who, _, _ in classified),
            "contacts": sum(who in CONTACTS for _, who, _, _ in classified),
            "third_party": sum(who == "third_party" for _, who, _, _ in classified),
            "rpc": len(right),
            "promises": len(promised),
            **{f"{name}s": sum(result == name for result, _ in right) for name in RESULTS},
            "broken": sum(row.is_ptp_broken for row in promised),
            "unmapped": sum(row.outcome_option not in self.scenario.outcomes for row in rows),
        }
