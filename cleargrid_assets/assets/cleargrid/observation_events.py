"""The observations in Dagster's event log: one of each month that was asked about, and one summary without a partition.

Writing and reading these events belongs here. The data version of a month is ClearGrid's count of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from cleargrid_assets.partitions import month_ranges

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cleargrid_assets.asset_keys import AssetKeys
    from cleargrid_assets.assets.cleargrid.day_samples import DaySamples
    from cleargrid_assets.assets.cleargrid.month_counts import MonthCount, MonthCounts
    from cleargrid_assets.landing.sampled_days import SampledDay
    from cleargrid_assets.tables.dataset import RawDataset

OBSERVED, LANDED = dg.DagsterEventType.ASSET_OBSERVATION, dg.DagsterEventType.ASSET_MATERIALIZATION
CHANGES = "months_changed"
BUDGET_USED_UP = "the budget CLEARGRID_OBSERVE_REQUESTS was used up"
CLEARGRID_OVERLOADED = "ClearGrid was overloaded or out of reach"


@dataclass(frozen=True)
class Summary:
    """What one observation learned about a dataset. `requests` and `max_requests` are those of all datasets.

    `changes`: what changed since the last load, for each older month that must be read again.
    """

    dataset: RawDataset
    counts: MonthCounts
    samples: DaySamples
    changes: Mapping[str, str]
    requests: int
    max_requests: int

    @property
    def months_not_known(self) -> Mapping[str, str]:
        """Why the count is not known, by month."""
        return {count.month.key: count.note for count in self.counts.asked if count.rows is None}

    @property
    def days_not_compared(self) -> Mapping[str, str]:
        """Why a day that was due was not compared, by month."""
        notes = {f"{sample.day.month:%Y-%m-%d}": sample.note for sample in self.samples.read if sample.note}
        return notes | {f"{day.month:%Y-%m-%d}": note for day, note in self.samples.left_out.items()}

    @property
    def is_complete(self) -> bool:
        """True if ClearGrid counted every month and every day that was due was compared."""
        return not (self.months_not_known or self.counts.left_out or self.days_not_compared)

    @property
    def sentence(self) -> str:
        """The same for a person."""
        return " ".join(self._sentences())

    def event(self, source: dg.AssetKey, version: str | None) -> dg.ObserveResult:
        """The event without a partition, or that of a run of one month, with the month's `version` once more."""
        return dg.ObserveResult(
            asset_key=source,
            data_version=dg.DataVersion(version) if version else None,
            metadata={
                "summary": self.sentence,
                "months_counted": len(self.counts.asked) - len(self.months_not_known),
                "months_not_known": dg.MetadataValue.json(dict(self.months_not_known)),
                "months_left_out": dg.MetadataValue.json([month.key for month in self.counts.left_out]),
                "days_compared": len(self.samples.compared),
                "days_not_compared": dg.MetadataValue.json(dict(self.days_not_compared)),
                CHANGES: dg.MetadataValue.json(dict(self.changes)),
                "requests": self.requests,
                "request_budget": self.max_requests,
            },
        )

    def _sentences(self) -> Iterator[str]:
        months, counted = len(self.counts.asked) + len(self.counts.left_out), len(self.counts.asked)
        yield f"ClearGrid counted {counted - len(self.months_not_known)} of {months} months of {self.dataset.code}."
        if self.months_not_known:
            yield f"Not known, so these months keep their version: {_listed(self.months_not_known)}."
        if self.counts.left_out:
            left_out = ", ".join(month_ranges(month.key for month in self.counts.left_out))
            reason = CLEARGRID_OVERLOADED if self.counts.was_overloaded else BUDGET_USED_UP
            yield f"Left out, because {reason}: {left_out}. They come first next time."
        if days := self.samples.compared:
            different = sum(1 for day in days if day.rows_different)
            yield f"Days of older months that were compared: {len(days)}, of which {different} held changes."
        if self.days_not_compared:
            yield f"No day was compared this time for {_listed(self.days_not_compared)}."
        if self.changes:
            changes = ", ".join(f"{key[:7]} ({change})" for key, change in self.changes.items())
            yield f"Changed since the last load, so these months are read again: {changes}."
        yield f"The observation sent {self.requests} of {self.max_requests} requests."


def month_event(source: dg.AssetKey, count: MonthCount, previous_version: str | None) -> dg.AssetObservation:
    """The event of a month; a count that is not known repeats the month's previous version, if there is one."""
    version = previous_version if count.rows is None else str(count.rows)
    metadata: dict[str, Any] = {"is_known": count.rows is not None}
    if count.rows is not None:
        metadata["rows_at_cleargrid"] = count.rows
    else:
        metadata["not_known_because"] = count.note
    if count.total.request_id:
        metadata["request_id"] = count.total.request_id
    return dg.AssetObservation(
        source,
        partition=count.month.key,
        metadata=metadata,
        tags={DATA_VERSION_TAG: version} if version else {},
    )


def day_event(table: dg.AssetKey, sampled: SampledDay) -> dg.AssetMaterialization:
    """The event of a row that was added to the table of sampled days."""
    return dg.AssetMaterialization(
        table,
        partition=f"{sampled.day:%Y-%m}-01",
        metadata={"day": f"{sampled.day}", "rows": sampled.rows, "rows_different": sampled.rows_different},
    )


def observed_versions(instance: dg.DagsterInstance, source: dg.AssetKey) -> Mapping[str, str]:
    """The data version of each observed month: ClearGrid's latest count that was known."""
    storage = instance.event_log_storage
    tags = storage.get_latest_tags_by_partition(source, OBSERVED, [DATA_VERSION_TAG])
    return {month: values[DATA_VERSION_TAG] for month, values in tags.items()}


def observation_order(instance: dg.DagsterInstance, source: dg.AssetKey) -> Mapping[str, int]:
    """A number for each observed month that increases with the time of its latest observation."""
    return instance.event_log_storage.get_latest_storage_id_by_partition(source, OBSERVED)


@dataclass(frozen=True)
class FoundChanges:
    """What an observation found changed, by month, and the position of its event in the log."""

    months: Mapping[str, str]
    position: int

    def not_landed_since(self, instance: dg.DagsterInstance, rows: dg.AssetKey) -> Mapping[str, str]:
        """Those of the months that the raw asset `rows` has not landed again."""
        landed = instance.event_log_storage.get_latest_storage_id_by_partition(rows, LANDED) if self.months else {}
        return {key: change for key, change in self.months.items() if landed.get(key, 0) < self.position}


def latest_changes(instance: dg.DagsterInstance, source: dg.AssetKey) -> FoundChanges:
    """What the latest complete observation of `source` found changed."""
    record = next(iter(instance.fetch_observations(source, limit=1).records), None)
    event = record.event_log_entry.asset_observation if record else None
    changes = event.metadata.get(CHANGES) if event else None
    if record is None or not isinstance(changes, dg.JsonMetadataValue) or not isinstance(changes.value, dict):
        return FoundChanges({}, 0)
    return FoundChanges(changes.value, record.storage_id)


def changed_months(instance: dg.DagsterInstance, dataset: RawDataset, keys: AssetKeys) -> Mapping[str, str]:
    """What the latest complete observation found changed, by month, except in months that have landed since."""
    return latest_changes(instance, keys.source(dataset)).not_landed_since(instance, keys.table(dataset.rows))


def _listed(notes: Mapping[str, str]) -> str:
    """The months in ranges, by note: `2024-01 to 2024-03 (capped), 2024-05 (timeout)`."""
    return ", ".join(
        f"{months} ({note})" for note in sorted({*notes.values()}) for months in month_ranges(_keys_of(notes, note))
    )


def _keys_of(notes: Mapping[str, str], note: str) -> Iterable[str]:
    return (key for key, reason in notes.items() if reason == note)
