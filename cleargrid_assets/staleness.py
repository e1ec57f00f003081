"""Staleness: which months, and whether the summary, were computed before what they are made of.

The one place that decides what is out of date; the sensor requests it, the checks report it. It reads the order in
which Dagster stored materializations, never a clock, and keeps no state: the answer is the same after a restart and
whatever order months finish in. Add here what makes a table stale, such as another data version or other rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MATERIALIZATION = dg.DagsterEventType.ASSET_MATERIALIZATION
INTERRUPTED = DagsterExecutionInterruptedError.__name__
NEVER = -1
"""Older than every event."""


@dataclass(frozen=True)
class Lineage:
    """The raw asset, the tables made of one month of it with their monthly parents, and what spans all months."""

    raw: dg.AssetKey
    blocking_checks: frozenset[str]
    parents: Mapping[dg.AssetKey, frozenset[dg.AssetKey]]
    summary: tuple[dg.AssetKey, ...]

    @classmethod
    def of(cls, raw: dg.AssetsDefinition, derived: Iterable[dg.AssetsDefinition]) -> Lineage:
        """The lineage of the assets that are computed from `raw`."""
        assets = list(derived)
        monthly = {raw.key, *(asset.key for asset in assets if asset.partitions_def)}
        return cls(
            raw=raw.key,
            blocking_checks=frozenset(spec.name for spec in raw.check_specs if spec.blocking),
            parents={
                asset.key: frozenset(asset.asset_deps[asset.key]) & monthly | {raw.key}
                for asset in assets
                if asset.partitions_def
            },
            summary=tuple(asset.key for asset in assets if not asset.partitions_def),
        )

    @property
    def keys(self) -> frozenset[dg.AssetKey]:
        """The raw asset and the monthly tables."""
        return frozenset({self.raw, *self.parents})


class Staleness:
    """What is out of date at the moment of asking."""

    def __init__(self, instance: dg.DagsterInstance, lineage: Lineage) -> None:
        self._instance, self._lineage = instance, lineage
        latest = instance.event_log_storage.get_latest_storage_id_by_partition
        self._latest = {key: latest(key, MATERIALIZATION) for key in lineage.keys}

    def stale_tables(self) -> dict[str, list[dg.AssetKey]]:
        """For each month that has any, the tables that are older than something they are made of."""
        stale = {month: self._stale_tables_of(month) for month in self._latest[self._lineage.raw]}
        return {month: tables for month, tables in stale.items() if tables}

    def months_to_compute(self) -> list[str]:
        """Stale months whose rows passed their blocking checks and whose computation has not failed since.

        A failed computation waits for a person, or for the month's next load: trying again changes nothing.
        """
        return [
            month
            for month, tables in sorted(self.stale_tables().items())
            if any(self._is_untried(month, table) for table in tables) and self._passed_its_checks(month)
        ]

    def is_summary_stale(self) -> bool:
        """Whether a month was computed since the summary's last run was created, which may have read too early."""
        computed = max((id_ for table in self._lineage.parents for id_ in self._latest[table].values()), default=NEVER)
        return computed > NEVER and any(self._is_older(asset, computed) for asset in self._lineage.summary)

    def _is_older(self, asset: dg.AssetKey, computed: int) -> bool:
        """Whether no run was created after the event `computed` that made, or failed to make, the asset."""
        storage = self._instance.event_log_storage
        planned = storage.get_latest_planned_materialization_info(asset)
        if planned is None or planned.storage_id < computed:
            return True
        made = storage.get_latest_materialization_storage_ids([asset]).get(asset) or NEVER
        return made < planned.storage_id and not self._is_settled(planned.run_id)

    def _stale_tables_of(self, month: str) -> list[dg.AssetKey]:
        parents = self._lineage.parents
        return [table for table in parents if self._latest[table].get(month, NEVER) < self._newest(month, table)[0]]

    def _newest(self, month: str, table: dg.AssetKey) -> tuple[int, dg.AssetKey]:
        """The table's parent that was materialized last, with the event's storage id."""
        return max((self._latest[parent].get(month, NEVER), parent) for parent in self._lineage.parents[table])

    def _is_untried(self, month: str, table: dg.AssetKey) -> bool:
        """Whether no run has tried to compute the table from its parents as they are now."""
        planned = self._instance.event_log_storage.get_latest_planned_materialization_info(table, month)
        if planned is None:
            return True
        newest, parent = self._newest(month, table)
        is_older = planned.storage_id < newest and planned.run_id != self._run_of(parent, month)
        return is_older or not self._is_settled(planned.run_id)

    def _is_settled(self, run_id: str) -> bool:
        """Whether repeating the run is not for a sensor to decide: it goes on, was cancelled, or failed at a table.

        A run that was interrupted from outside, or whose load failed, never came to the tables it had planned.
        """
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.status is not dg.DagsterRunStatus.FAILURE:
            return True
        events = (record.event_log_entry for record in self._records(run_id, dg.DagsterEventType.STEP_FAILURE))
        return any(self._is_of_a_table(event) for event in events)

    def _is_of_a_table(self, failure: dg.EventLogEntry) -> bool:
        """Whether a step other than the load failed, and not because its process was told to stop."""
        if failure.step_key == self._lineage.raw.to_python_identifier() or failure.dagster_event is None:
            return False
        error = failure.dagster_event.step_failure_data.error
        return error is None or error.cls_name != INTERRUPTED

    def _records(self, run_id: str, kind: dg.DagsterEventType) -> Sequence[dg.EventLogRecord]:
        return self._instance.get_records_for_run(run_id, of_type=kind).records

    def _run_of(self, asset: dg.AssetKey, month: str) -> str:
        """The run that materialized the asset's month last."""
        records = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[month])
        return self._instance.fetch_materializations(records, limit=1).records[0].run_id

    def _passed_its_checks(self, month: str) -> bool:
        """Whether the load that landed the month's rows passed every blocking check, whatever later loads did."""
        run_id = self._run_of(self._lineage.raw, month)
        records = self._records(run_id, dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        evaluations = [record.event_log_entry.asset_check_evaluation for record in records]
        passed = {
            evaluation.check_name
            for evaluation in evaluations
            if evaluation and evaluation.passed and evaluation.asset_key == self._lineage.raw
        }
        return self._lineage.blocking_checks <= passed
