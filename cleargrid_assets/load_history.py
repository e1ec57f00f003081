"""Reads from Dagster's history what became of a month's loads: if the last one failed, if its rows may be used.

Add here what follows from the loads of a month; runs in general are in `run_history`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.storage.tags import PARTITION_NAME_TAG

from cleargrid_assets.run_history import evaluations_of, last_materialization, runs_of, succeeded_steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

ENDED = frozenset({dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE})
MAX_LANDINGS = 20
"""The maximum of loads of other months that took rows after a month's own load before that load is forgotten.

A month whose last run failed then counts as failed, also if that run had landed it."""


def months_with_failed_run(instance: dg.DagsterInstance, rows: dg.AssetKey, keys: Sequence[str]) -> list[str]:
    """The months among `keys` whose last run of the raw asset `rows` failed before it landed the month.

    Runs that are under way, were cancelled or only show a preview say nothing, nor does the load of another month that
    took rows from this one.
    """
    # One query tells the months of which no run ever failed, which are nearly all.
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], tags={PARTITION_NAME_TAG: [*keys]})
    suspects = {run.tags[PARTITION_NAME_TAG] for run in instance.get_runs(failed)}
    return [key for key in keys if key in suspects and _has_failed(instance, rows, key)]


def _has_failed(instance: dg.DagsterInstance, rows: dg.AssetKey, month: str) -> bool:
    if not _last_run_failed(instance, rows, month):
        return False
    load = _last_load(instance, rows, month)
    return load is None or _last_run_failed(instance, rows, month, since=load.storage_id)


def _last_run_failed(instance: dg.DagsterInstance, rows: dg.AssetKey, month: str, since: int = 0) -> bool:
    statuses = (run.status for run in runs_of(instance, rows, month, since))
    return next((status for status in statuses if status in ENDED), None) is dg.DagsterRunStatus.FAILURE


def _last_load(instance: dg.DagsterInstance, rows: dg.AssetKey, month: str) -> dg.EventLogRecord | None:
    """The event of the last load of the month itself, which another month's load may have taken rows from since."""
    landed = dg.AssetRecordsFilter(asset_key=rows, asset_partitions=[month])
    records = instance.fetch_materializations(landed, limit=MAX_LANDINGS).records
    runs = ((record, instance.get_run_by_id(record.run_id)) for record in records)
    return next((record for record, run in runs if run is None or run.tags.get(PARTITION_NAME_TAG) == month), None)


def landed_versions(instance: dg.DagsterInstance, rows: dg.AssetKey) -> Mapping[str, str]:
    """The version of each month of the raw asset `rows` that was ever landed."""
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    tags = instance.event_log_storage.get_latest_tags_by_partition(rows, kind, [DATA_VERSION_TAG])
    return {month: values[DATA_VERSION_TAG] for month, values in tags.items()}


def is_usable(instance: dg.DagsterInstance, rows: dg.AssetKey, month: str, blocking_checks: AbstractSet[str]) -> bool:
    """True unless the month of the raw asset `rows` landed with a failed blocking check."""
    landing = last_materialization(instance, rows, month)
    return landing is None or _passed_its_checks(instance, landing, blocking_checks)


def _passed_its_checks(
    instance: dg.DagsterInstance, landing: dg.EventLogRecord, blocking_checks: AbstractSet[str]
) -> bool:
    """True if the load that landed the month's rows passed every blocking check, whatever later loads did.

    A load by an earlier release lacks newer checks; its step succeeded if those it had passed.
    """
    passed = {
        evaluation.check_name: evaluation.passed
        for evaluation in evaluations_of(instance, landing.run_id)
        if (evaluation.asset_key, evaluation.partition) == (landing.asset_key, landing.partition_key)
    }
    if not blocking_checks <= passed.keys() and not _loaded_successfully(instance, landing):
        return False
    return all(passed[name] for name in blocking_checks & passed.keys())


def _loaded_successfully(instance: dg.DagsterInstance, landing: dg.EventLogRecord) -> bool:
    step = landing.asset_key.to_python_identifier() if landing.asset_key else ""
    return step in succeeded_steps(instance, landing.run_id)
