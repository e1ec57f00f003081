"""Observes all months of the datasets at ClearGrid in one run, within one budget of requests.

The order of the months and the steps of an observation belong here; counting is in `month_counts`, comparing days in
`day_samples`, the events in `observation_events`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleargrid_assets.assets.cleargrid.day_samples import Sampler, day_changes
from cleargrid_assets.assets.cleargrid.month_counts import SourceMonth, count_changes, count_months
from cleargrid_assets.assets.cleargrid.observation_events import (
    Summary,
    day_event,
    latest_changes,
    month_event,
    observation_order,
    observed_versions,
)
from cleargrid_assets.client import Counters
from cleargrid_assets.landing.ledger import last_loads
from cleargrid_assets.landing.warehouse_identity import IdentityGuard
from cleargrid_assets.partitions import month_of, older_months, window_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    import dagster as dg

    from cleargrid_assets.asset_keys import AssetKeys
    from cleargrid_assets.assets.cleargrid.day_samples import DaySamples
    from cleargrid_assets.assets.cleargrid.month_counts import MonthCounts
    from cleargrid_assets.assets.cleargrid.observation_events import FoundChanges
    from cleargrid_assets.connections import ClearGridConnection
    from cleargrid_assets.landing.ledger import LastLoad
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class Observation:
    """One observation of `keys`, the months of the `datasets`. `sampler` has the client, the budget and the warehouse.

    `loads`: the last loads of those months that no schedule reads again, by dataset code and month. `before`: what the
    observation before this one found changed, by dataset code.
    """

    context: dg.AssetExecutionContext
    datasets: Sequence[RawDataset]
    months: dg.MonthlyPartitionsDefinition
    asset_keys: AssetKeys
    keys: Sequence[str]
    loads: Mapping[str, Mapping[str, LastLoad]]
    before: Mapping[str, FoundChanges]
    sampler: Sampler

    def observe(self) -> Iterator[dg.AssetObservation | dg.AssetMaterialization | dg.ObserveResult]:
        """Count the months, then compare days; yield the events of the months and days, then of the datasets."""
        counts = self._count()
        for dataset in self.datasets:
            source = self.asset_keys.source(dataset)
            versions = observed_versions(self.context.instance, source)
            yield from (month_event(source, count, versions.get(count.month.key)) for count in counts.of(dataset).asked)
        samples = self._sample()
        for dataset in self.datasets:
            table = self.asset_keys.table(dataset.sampled_days)
            yield from (day_event(table, sample) for sample in samples.of(dataset).compared)
            summary = self._summary(dataset, counts.of(dataset), samples.of(dataset))
            self.context.log.log("INFO" if summary.is_complete else "WARNING", summary.sentence)
            source = self.asset_keys.source(dataset)
            yield summary.event(source, self._version(source))

    def _count(self) -> MonthCounts:
        """Count the months, those observed longest ago first."""
        orders = {
            dataset.code: observation_order(self.context.instance, self.asset_keys.source(dataset))
            for dataset in self.datasets
        }
        months = [SourceMonth(dataset, key) for dataset in self.datasets for key in self.keys]
        months.sort(key=lambda month: (orders[month.dataset.code].get(month.key, 0), month.key))
        windows = {month: window_of(self.months, month.key) for month in months}
        counts = count_months(self.sampler.client, windows, self.sampler.counters)
        for count in counts.asked:
            if count.error:
                self.context.log.warning("The count of %s is not known: %s", count.month, count.error)
        return counts

    def _sample(self) -> DaySamples:
        due = [
            day
            for dataset in self.datasets
            if self.loads[dataset.code]
            for day in self.sampler.due_days(dataset, self.months, self.loads[dataset.code].values())
        ]
        samples = self.sampler.sample(due)
        for sample in samples.read:
            if sample.error:
                self.context.log.warning("%s was not compared: %s", sample.day, sample.error)
        return samples

    def _version(self, source: dg.AssetKey) -> str | None:
        """The version of the run's month, which the event of a run of one month is about, too."""
        if not self.context.has_partition_key:
            return None
        return observed_versions(self.context.instance, source).get(self.context.partition_key)

    def _summary(self, dataset: RawDataset, counts: MonthCounts, samples: DaySamples) -> Summary:
        loads = _loads_of(self.loads[dataset.code], self.sampler.warehouse, dataset)  # some have landed meanwhile
        counted = count_changes(counts.asked, loads)
        sampled = day_changes(self.sampler.warehouse, dataset, loads) if loads else {}
        found = {
            key: "; ".join(change[key] for change in (counted, sampled) if key in change)
            for key in sorted({*counted, *sampled})
        }
        return Summary(
            dataset,
            counts,
            samples,
            changes={**self._known_changes(dataset), **found},
            requests=self.sampler.counters.requests,
            max_requests=self.sampler.settings.observe_requests,
        )

    def _known_changes(self, dataset: RawDataset) -> Mapping[str, str]:
        """What was found before in other months than `keys`, and has not landed meanwhile."""
        before = self.before[dataset.code]
        known = before.not_landed_since(self.context.instance, self.asset_keys.table(dataset.rows))
        return {key: change for key, change in known.items() if key not in self.keys}


def begin_observation(
    context: dg.AssetExecutionContext,
    datasets: Sequence[RawDataset],
    months: dg.MonthlyPartitionsDefinition,
    asset_keys: AssetKeys,
    *,
    cleargrid: ClearGridConnection,
    warehouse: Warehouse,
    now: datetime,
) -> Observation:
    """Log in and verify that the warehouse belongs to the account; nothing is counted yet.

    A run of one partition observes that month only, and keeps what is known of the others. Raises the client's errors
    and `WarehouseError`.
    """
    client, settings = cleargrid.client(), cleargrid.settings
    counters = Counters(max_requests=settings.observe_requests)
    IdentityGuard.of(settings, client, warehouse).verify_warehouse(warehouse)
    keys = [context.partition_key] if context.has_partition_key else months.get_partition_keys(current_time=now)
    older = [key for key in older_months(months, now, settings.trailing_months) if key in keys]
    return Observation(
        context,
        datasets,
        months,
        asset_keys,
        keys,
        loads={dataset.code: _loads_of(older, warehouse, dataset) for dataset in datasets},
        before={dataset.code: latest_changes(context.instance, asset_keys.source(dataset)) for dataset in datasets},
        sampler=Sampler(client, counters, warehouse, settings, context.run.run_id, now, context.log),
    )


def _loads_of(keys: Iterable[str], warehouse: Warehouse, dataset: RawDataset) -> Mapping[str, LastLoad]:
    """The last load of each of `keys` that was ever loaded."""
    loads = last_loads(warehouse, dataset)
    return {key: loads[month_of(key)] for key in keys if month_of(key) in loads}
