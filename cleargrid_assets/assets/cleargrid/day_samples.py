"""Compares a day of each older month with ClearGrid, once a week, with what the counts left of the night's budget.

Which days are due belongs here; choosing, reading and comparing one is in `landing.sampled_days`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cleargrid_assets.assets.cleargrid.month_counts import NOT_KNOWN, is_overloaded, note_on
from cleargrid_assets.landing.sampled_days import (
    Day,
    landed_rows,
    last_samples,
    random_day,
    read_day,
    record_day,
    unread_differences,
    version_of,
)
from cleargrid_assets.partitions import day_window, monday_before

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import dagster as dg

    from cleargrid_assets.client import ClearGridClient, ClearGridError, Counters
    from cleargrid_assets.landing.ledger import LastLoad
    from cleargrid_assets.landing.sampled_days import SampledDay
    from cleargrid_assets.settings import Settings
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.warehouse.warehouse import Warehouse

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
LOADED_MEANWHILE, NO_BUDGET_LEFT, OVERLOADED = "loaded meanwhile", "no budget left", "overloaded"


@dataclass(frozen=True)
class DueDay:
    """A day to compare. `last_sample`: when a day of its month was last compared. `requests`: how many it will take.

    `version`: the load that last changed the month.
    """

    day: Day
    version: int
    last_sample: datetime
    page_size: int
    requests: int


@dataclass(frozen=True)
class DaySample:
    """The result for a day; None if it was not compared, because of `error` or because a load changed its month."""

    day: Day
    sampled: SampledDay | None
    error: ClearGridError | None = None

    @property
    def note(self) -> str:
        """Why the day was not compared, in a word or two; empty if it was."""
        if self.error:
            return note_on(self.error)
        return "" if self.sampled else LOADED_MEANWHILE


@dataclass(frozen=True)
class DaySamples:
    """The days that were read, and why each of the others was left out, in a word or two."""

    read: Sequence[DaySample] = ()
    left_out: Mapping[Day, str] = field(default_factory=dict)

    @property
    def compared(self) -> Sequence[SampledDay]:
        """The results of those that could be read."""
        return [sample.sampled for sample in self.read if sample.sampled]

    def of(self, dataset: RawDataset) -> DaySamples:
        """Those of one dataset."""
        return DaySamples(
            [sample for sample in self.read if sample.day.dataset == dataset],
            {day: note for day, note in self.left_out.items() if day.dataset == dataset},
        )


@dataclass(frozen=True)
class Sampler:
    """Compares days within one run. `now`: when its observation began."""

    client: ClearGridClient
    counters: Counters
    warehouse: Warehouse
    settings: Settings
    run_id: str
    now: datetime
    log: dg.DagsterLogManager

    def due_days(
        self, dataset: RawDataset, months: dg.MonthlyPartitionsDefinition, loads: Iterable[LastLoad]
    ) -> list[DueDay]:
        """This week's days of the loaded months of which none has been compared this week."""
        monday = monday_before(months, self.now)
        begin_of_week, due = day_window(months, monday).since, []
        with self.warehouse.reading() as connection:
            samples = last_samples(connection, dataset)
            for load in loads:
                last_sample = samples.get(load.month, NEVER)
                if last_sample < begin_of_week:
                    date = random_day(load.month, monday)
                    day = Day(dataset, load.month, date, day_window(months, date))
                    page_size = load.next_page_size(self.settings.page_size)
                    requests = landed_rows(connection, day) // page_size + 1
                    due.append(DueDay(day, version_of(connection, day), last_sample, page_size, requests))
        return due

    def sample(self, due: Iterable[DueDay]) -> DaySamples:
        """Compare the days that the budget suffices for, the months sampled longest ago first."""
        read: list[DaySample] = []
        left_out: dict[Day, str] = {}
        for each in sorted(due, key=lambda each: (each.last_sample, each.day.month)):
            if is_overloaded(read):
                left_out[each.day] = OVERLOADED
            elif each.requests > self.counters.requests_left:
                left_out[each.day] = NO_BUDGET_LEFT
            else:
                read.append(self._sample(each))
        return DaySamples(read, left_out)

    def _sample(self, due: DueDay) -> DaySample:
        try:
            rows = read_day(
                self.client,
                due.day,
                page_size=due.page_size,
                counters=self.counters,
                load_seconds=self.settings.load_seconds,
            )
        except NOT_KNOWN as error:
            return DaySample(due.day, None, error)
        sampled = record_day(
            self.warehouse,
            due.day,
            rows,
            version=due.version,
            run_id=self.run_id,
            sampled_at=self.now,
            log=self.log,
        )
        return DaySample(due.day, sampled)


def day_changes(warehouse: Warehouse, dataset: RawDataset, loads: Mapping[str, LastLoad]) -> Mapping[str, str]:
    """What changed, for each month of `loads` of which a sampled day differed and that was not loaded since."""
    with warehouse.reading() as connection:
        differences = unread_differences(connection, dataset)
    return {
        key: f"{difference.day} differs from load {difference.load_number}, rows: {difference.rows_different}"
        for difference in differences
        if (key := f"{difference.month:%Y-%m-%d}") in loads
    }
