"""Observes all months of the datasets at ClearGrid in one run, within one budget of requests.

The order of the months and the steps of an observation belong here; the counting is in `month_counts`, the events in
`observation_events`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleargrid_assets.assets.cleargrid.month_counts import SourceMonth, count_changes, count_months
from cleargrid_assets.assets.cleargrid.observation_events import (
    Summary,
    month_event,
    observation_order,
    observed_versions,
)
from cleargrid_assets.assets.identity_guard import identity_guard
from cleargrid_assets.client import Counters
from cleargrid_assets.landing.ledger import last_loads
from cleargrid_assets.partitions import month_of, older_months, window_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    import dagster as dg

    from cleargrid_assets.asset_keys import AssetKeys
    from cleargrid_assets.assets.cleargrid.month_counts import MonthCounts
    from cleargrid_assets.client import ClearGridClient
    from cleargrid_assets.connections import ClearGridConnection
    from cleargrid_assets.landing.ledger import LastLoad
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class Observation:
    """One observation of `keys`, the months of the `datasets`. `counters` hold its budget.

    `loads`: the last loads of the older months, which no schedule reads again, by dataset code and month.
    """

    context: dg.AssetExecutionContext
    datasets: Sequence[RawDataset]
    months: dg.MonthlyPartitionsDefinition
    asset_keys: AssetKeys
    keys: Sequence[str]
    loads: Mapping[str, Mapping[str, LastLoad]]
    client: ClearGridClient
    counters: Counters

    def observe(self) -> list[dg.AssetObservation | dg.ObserveResult]:
        """Ask ClearGrid, log what it did not answer, and return the events of the months, then of the datasets."""
        counts = count_months(
            self.client, {month: window_of(self.months, month.key) for month in self._due()}, self.counters
        )
        for count in counts.asked:
            if count.error:
                self.context.log.warning("The count of %s is not known: %s", count.month, count.error)
        return [event for dataset in self.datasets for event in self._events(dataset, counts)]

    def _due(self) -> list[SourceMonth]:
        """All months, those observed longest ago first."""
        orders = {
            dataset.code: observation_order(self.context.instance, self.asset_keys.source(dataset))
            for dataset in self.datasets
        }
        due = [SourceMonth(dataset, key) for dataset in self.datasets for key in self.keys]
        return sorted(due, key=lambda month: (orders[month.dataset.code].get(month.key, 0), month.key))

    def _events(self, dataset: RawDataset, counts: MonthCounts) -> Iterator[dg.AssetObservation | dg.ObserveResult]:
        source = self.asset_keys.source(dataset)
        versions = observed_versions(self.context.instance, source)
        asked = [count for count in counts.asked if count.month.dataset == dataset]
        summary = Summary(
            dataset,
            counts=asked,
            left_out=[month.key for month in counts.left_out if month.dataset == dataset],
            changes=count_changes(asked, self.loads[dataset.code]),
            requests=self.counters.requests,
            max_requests=self.counters.max_requests or 0,
        )
        self.context.log.log("INFO" if summary.is_complete else "WARNING", summary.sentence)
        yield from (month_event(source, count, versions.get(count.month.key)) for count in asked)
        yield summary.event(source)


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

    A run of one partition observes that month only. Raises the client's errors and `WarehouseError`.
    """
    client = cleargrid.client()
    identity_guard(months, cleargrid, client, warehouse).verify_warehouse(warehouse)
    every_key = months.get_partition_keys(current_time=now)
    older = older_months(months, now, cleargrid.settings.trailing_months)
    return Observation(
        context,
        datasets,
        months,
        asset_keys,
        keys=[context.partition_key] if context.has_partition_key else every_key,
        loads={dataset.code: _loads_of(older, last_loads(warehouse, dataset)) for dataset in datasets},
        client=client,
        counters=Counters(max_requests=cleargrid.settings.observe_requests),
    )


def _loads_of(keys: Sequence[str], loads: Mapping[date, LastLoad]) -> Mapping[str, LastLoad]:
    """The last load of each of `keys` that was ever loaded."""
    return {key: loads[month_of(key)] for key in keys if month_of(key) in loads}
