"""The expected raw rows of the warehouse: which row is in which month, after each load.

Written from the contract alone: the version with the later `updated_at` wins, and among equal versions the one
that was read later; what a complete read does not hold is gone from its month.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cleargrid_assets_tests.life.vendor import Fields


@dataclass(frozen=True)
class HeldRow:
    """A row in its month."""

    month: str
    fields: Fields


Rows = dict[str, HeldRow]


@dataclass
class Model:
    """The rows by id, the landed reads in the order in which they began, and the rows after each load.

    `versions`: the rows after each load, by its number; 0 is the empty warehouse.
    """

    rows: Rows = field(default_factory=dict)
    versions: dict[int, Rows] = field(default_factory=lambda: {0: {}})
    last_loads: dict[str, int] = field(default_factory=dict)
    _reads: int = 0
    _read_of_month: dict[str, int] = field(default_factory=dict)

    def begin_read(self) -> int:
        """Number a new read; numbers order reads by when they began."""
        self._reads += 1
        return self._reads

    def land(self, month: str, received: Mapping[str, Fields], read: int) -> bool:
        """Land the rows that `read` received; return False if a read that began later has landed."""
        if self._read_of_month.get(month, 0) > read:
            return False
        other_months = {key: held for key, held in self.rows.items() if held.month != month}
        taken = {key: row for key, row in received.items() if self._takes(other_months.get(key), row, read)}
        self.rows = other_months | {key: HeldRow(month, row) for key, row in taken.items()}
        self._read_of_month[month] = read
        self.last_loads[month] = len(self.versions)
        self.versions[len(self.versions)] = self.rows
        return True

    def month(self, month: str) -> dict[str, Fields]:
        """The month's rows by id."""
        return {key: held.fields for key, held in self.rows.items() if held.month == month}

    def _takes(self, elsewhere: HeldRow | None, row: Fields, read: int) -> bool:
        if elsewhere is None:
            return True
        other = (elsewhere.fields["updated_at"], self._read_of_month[elsewhere.month])
        return (row["updated_at"], read) > other
