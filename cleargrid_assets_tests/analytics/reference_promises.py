"""Recomputes the views of promises at equal age in plain Python, from rows, loads and changes.

Add a model of what is known of a promise's flag here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from cleargrid_assets_tests.analytics.expected_values import Computed, Key, rate

if TYPE_CHECKING:
    from datetime import date, datetime

    from cleargrid_assets_tests.analytics.reference_model import ReferenceModel
    from cleargrid_assets_tests.analytics.small_warehouse import Change, LandedRow

AGES = (7, 14, 30, 60, 90)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Promise:
    """A promise, when it was last read, and what its flag's history proves; instants naive UTC."""

    row: LandedRow
    key: Key
    read_at: datetime
    seen_flagged_at: datetime | None
    seen_unflagged_at: datetime | None

    def broken(self, days: int) -> tuple[bool, bool, bool]:
        """By `updated_at`, at least and at most, within an age."""
        if not self.row.is_ptp_broken:
            return False, False, False
        aged = self.row.communicated_at + days * DAY
        by_updated_at = self.row.updated_at <= aged
        assert self.seen_flagged_at is not None
        unseen = self.seen_unflagged_at is None or self.seen_unflagged_at <= aged
        return by_updated_at, by_updated_at or self.seen_flagged_at <= aged, unseen


class ReferencePromises:
    """The views of promises."""

    model: ReferenceModel

    def promises(self) -> list[Promise]:
        model = self.model
        promised = [row for row in model.rows if model.in_scope(row) and model.classes(row)[2] == "promise"]
        return [self._promise(row) for row in promised]

    def _promise(self, row: LandedRow) -> Promise:
        scenario, month = self.model.scenario, self.model.scenario.month_of(row)
        last = scenario.latest_load(month)
        loads = sorted((*scenario.earlier_loads.get(month, ()), last), key=lambda load: load.load_number)
        sightings = [change for change in scenario.changes if change.public_id == row.public_id and is_sighting(change)]
        latest = max(sightings, key=lambda change: change.load_number, default=None)
        numbers = [load.load_number for load in loads]
        place = numbers.index(latest.load_number) if latest else 0
        is_change = latest is not None and latest.change == "changed"
        key = month, self.model.channel(row), self.model.source(row)
        flagged, unflagged = loads[place].loaded_at, loads[place - 1].started_at if is_change else None
        if not row.is_ptp_broken:
            flagged, unflagged = None, None  # type: ignore[assignment]
        return Promise(row, key, last.started_at, flagged, unflagged)

    def promise_flags(self) -> Computed:
        return {
            (promise.row.public_id,): {
                "month": promise.key[0],
                "communication_type": promise.key[1],
                "interaction_source": promise.key[2],
                "communicated_at": promise.row.communicated_at,
                "updated_at": promise.row.updated_at,
                "is_ptp_broken": promise.row.is_ptp_broken,
                "read_at": promise.read_at,
                "seen_flagged_at": promise.seen_flagged_at,
                "seen_unflagged_at": promise.seen_unflagged_at,
            }
            for promise in self.promises()
        }

    def promise_age_curve(self) -> Computed:
        aged: dict[Key, list[tuple[bool, bool, bool]]] = defaultdict(list)
        for promise in self.promises():
            month, *pool = promise.key
            for days in AGES:
                if promise.row.communicated_at <= promise.read_at - days * DAY:
                    aged[month, days, *pool].append(promise.broken(days))
        names = ("broken_by_updated_at", "broken_within_lo", "broken_within_hi")
        computed = {}
        for key, flags in aged.items():
            counts = dict(zip(names, map(sum, zip(*flags, strict=True)), strict=True))
            shares = [rate(f"{name}_share", counts[name], len(flags)) for name in names]
            computed[key] = {"promises": len(flags), **counts, **shares[0], **shares[1], **shares[2]}
        return computed

    def flag_delay(self) -> Computed:
        delays: dict[Key, list[tuple[float, float]]] = defaultdict(list)
        for promise in self.promises():
            if promise.seen_unflagged_at is not None and promise.seen_flagged_at is not None:
                made_at = promise.row.communicated_at
                bounds = (promise.seen_unflagged_at - made_at) / DAY, (promise.seen_flagged_at - made_at) / DAY
                delays[promise.key].append(bounds)
        return {
            key: {
                "n": len(bounds),
                "delay_lo_p50_days": median(low for low, _ in bounds),
                "delay_hi_p50_days": median(high for _, high in bounds),
            }
            for key, bounds in delays.items()
        }


def is_sighting(change: Change) -> bool:
    """Whether the record brings the row into its month, or sets its flag."""
    moved_here = change.change == "moved" and change.field == "month" and change.new == str(change.month)
    flagged = change.change == "changed" and change.field == "is_ptp_broken" and change.new == "true"
    return change.change == "added" or moved_here or flagged


def month_after(month: date) -> date:
    return (month + 32 * DAY).replace(day=1)
