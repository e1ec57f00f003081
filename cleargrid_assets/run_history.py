"""Reads runs from Dagster's history: their month and name, why they failed, which of their checks failed.

Add here what several modules need from a run's tags and events.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import dagster as dg
from dagster._core.errors import DagsterAssetCheckFailedError
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import (
    COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES as EVALUATED,
)
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as CheckStatus
from dagster._core.storage.tags import AUTO_RETRY_RUN_ID_TAG, PARTITION_NAME_TAG, RUN_KEY_TAG, WILL_RETRY_TAG

from cleargrid_assets.tables.catalog import DATASETS
from cleargrid_assets.tables.d23 import D23

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord, AssetCheckPartitionInfo

BLOCKING_CHECK_FAILED = DagsterAssetCheckFailedError.__name__
Kind = dg.DagsterEventType
ENDS: tuple[Literal[Kind.RUN_FAILURE, Kind.RUN_SUCCESS], ...] = (Kind.RUN_FAILURE, Kind.RUN_SUCCESS)
RAW_STEPS = tuple(dg.AssetKey(dataset.rows.key).to_python_identifier() for dataset in DATASETS.values())
"""What the names of the steps that load a month end with; the key prefix of an embedding project comes before."""

D23_STEP = dg.AssetKey(D23.rows.key).to_python_identifier()
MAX_RUNS = 100
"""The maximum of ended runs to read of each kind."""

MAX_PREVIEWS = 20
"""The maximum of previews after a run before that run is forgotten."""

MAX_AGE = timedelta(days=7)
"""Older runs are not worth an alert, for example when alerts are switched on again after a long time."""


@dataclass(frozen=True)
class FailedCheck:
    """A failed check of severity ERROR: its asset, name and message; and its month, which may not be the run's."""

    asset: str
    name: str
    sentence: str
    month: str


@dataclass(frozen=True)
class FailedRun:
    """A failed run: the causes in its steps' words, and its failed checks.

    `steps`: the keys of the failed steps. `kind`: equal for runs that failed for the same reason, whatever month and
    numbers their causes name.
    """

    run: dg.DagsterRun
    causes: tuple[str, ...]
    checks: tuple[FailedCheck, ...]
    steps: tuple[str, ...]
    kind: tuple[str, ...]


@dataclass(frozen=True)
class EndedRun:
    """An ended run with its position and time in the event log."""

    position: int
    at: datetime
    is_failure: bool
    run: dg.DagsterRun


def ended_runs(instance: dg.DagsterInstance, position: int) -> list[EndedRun]:
    """The runs that failed or succeeded after `position`, in order; the oldest ones first, if there are many."""
    oldest = (datetime.now(UTC) - MAX_AGE).timestamp()
    filters = [
        dg.RunStatusChangeRecordsFilter(kind, after_storage_id=position, after_timestamp=oldest) for kind in ENDS
    ]
    pages = [instance.fetch_run_status_changes(it, limit=MAX_RUNS, ascending=True) for it in filters]
    cut_at = min((page.records[-1].storage_id for page in pages if page.has_more), default=None)
    records = sorted((record for page in pages for record in page.records), key=lambda record: record.storage_id)
    records = [record for record in records if cut_at is None or record.storage_id <= cut_at]
    if not records:
        return []
    run_ids = [record.run_id for record in records]
    runs = {run.run_id: run for run in instance.get_runs(dg.RunsFilter(run_ids=run_ids))}
    return [
        EndedRun(
            position=record.storage_id,
            at=datetime.fromtimestamp(record.timestamp, UTC),
            is_failure=record.event_log_entry.dagster_event_type is Kind.RUN_FAILURE,
            run=runs[record.run_id],
        )
        for record in records
        if record.run_id in runs  # the run may have been deleted
    ]


def run_month(run: dg.DagsterRun) -> str:
    """The run's month, such as `2026-10`; empty if it has none."""
    return run.tags.get(PARTITION_NAME_TAG, "")[:7]


def run_name(run: dg.DagsterRun) -> str:
    """The job's name, or, for a run that somebody started by hand, its assets."""
    if not run.job_name.startswith("__"):
        return run.job_name
    assets = {key.to_user_string() for key in run.asset_selection or ()}
    checked = {key.asset_key.to_user_string() for key in run.asset_check_selection or ()}
    names = sorted(assets or checked)
    if not names:
        return "checks"
    name = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    return name if assets else f"checks of {name}"


def is_preview(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """True if the run only shows what its loads would change: its end says nothing about the month."""
    previewed = previewed_steps(run)
    return bool(previewed) and previewed >= _planned_loads(instance, run)


def previewed_steps(run: dg.DagsterRun) -> set[str]:
    """The steps of loads that the run config turns into previews."""
    ops = run.run_config.get("ops", {}) if isinstance(run.run_config, dict) else {}
    return {
        name for name, op in ops.items() if name.endswith(RAW_STEPS) and (op.get("config") or {}).get("preview") is True
    }


def _planned_loads(instance: dg.DagsterInstance, run: dg.DagsterRun) -> set[str]:
    """The steps of the run that load a month of a dataset, or preview it."""
    planned = _events(instance, run.run_id, Kind.ASSET_MATERIALIZATION_PLANNED)
    steps = (event.asset_key.to_python_identifier() for event in planned if event.asset_key)
    return {step for step in steps if step.endswith(RAW_STEPS)}


def _only_shows(run: dg.DagsterRun, asset: dg.AssetKey) -> bool:
    """True if the run previews the rows of `asset`, or those of D23, which all other tables are computed from."""
    step = asset.to_python_identifier()
    rows = step if step.endswith(RAW_STEPS) else D23_STEP
    return any(previewed.endswith(rows) for previewed in previewed_steps(run))


def runs_of(
    instance: dg.DagsterInstance, asset: dg.AssetKey, month: str | None = None, since: int = 0
) -> Iterator[dg.DagsterRun]:
    """The runs that meant to materialize the asset after the event `since`, the latest first; previews do not."""
    planned = dg.EventRecordsFilter(
        Kind.ASSET_MATERIALIZATION_PLANNED,
        asset_key=asset,
        asset_partitions=[month] if month else None,
        after_cursor=since,
    )
    records = instance.event_log_storage.get_event_records(planned, limit=MAX_PREVIEWS + 1)
    runs = (instance.get_run_by_id(record.run_id) for record in records)
    return (run for run in runs if run and not _only_shows(run, asset))


def last_materialization(
    instance: dg.DagsterInstance, asset: dg.AssetKey, month: str | None = None
) -> dg.EventLogRecord | None:
    """The event of the last materialization of the asset, or of a month of it; None if there is none."""
    materialized = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=[month] if month else None)
    return next(iter(instance.fetch_materializations(materialized, limit=1).records), None)


def check_results_by_month(
    instance: dg.DagsterInstance, checks: Sequence[dg.AssetCheckKey]
) -> Iterator[tuple[str, dg.AssetCheckKey, bool]]:
    """Each month in which a check was ever evaluated, with the check and whether it passed the last time."""
    for info in instance.event_log_storage.get_asset_check_partition_info(checks):
        result = _last_result(instance, info)
        if info.partition_key and result:
            yield info.partition_key, info.check_key, result is CheckStatus.SUCCEEDED


def _last_result(instance: dg.DagsterInstance, info: AssetCheckPartitionInfo) -> CheckStatus | None:
    """The last result of a check of a month; a run that has planned to evaluate it hides none of an earlier run."""
    if info.latest_execution_status in EVALUATED:
        return info.latest_execution_status
    record = last_evaluation(instance, info.check_key, info.partition_key)
    return record.status if record else None


def last_evaluation(
    instance: dg.DagsterInstance, check: dg.AssetCheckKey, month: str | None
) -> AssetCheckExecutionRecord | None:
    """The record of a check when it was last evaluated, in the month or, with None, without months."""
    records = instance.event_log_storage.get_asset_check_execution_history(
        check, limit=1, status=EVALUATED, partition_filter=PartitionKeyFilter(key=month)
    )
    return next(iter(records), None)


def is_retried(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """True if the failed run was started again, by Dagster's run retries or by our sensor."""
    by_sensor = dg.RunsFilter(tags={RUN_KEY_TAG: run.run_id})
    return AUTO_RETRY_RUN_ID_TAG in run.tags or instance.get_runs_count(by_sensor) > 0


def awaits_retry(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """True if the failed run should be started again but has not been yet."""
    return run.tags.get(WILL_RETRY_TAG) == "true" and not is_retried(instance, run)


def failed_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> FailedRun:
    """Why the run failed, each reason once: a failed check's message is not repeated as a step's cause."""
    checks = tuple(failed_checks_of(instance, run.run_id))
    failures = step_failures(instance, run.run_id)
    ends = list(_events(instance, run.run_id, Kind.RUN_FAILURE))
    causes = tuple(_causes(failures, checks)) if failures else tuple(event.message or "failed" for event in ends[-1:])
    return FailedRun(
        run=run,
        causes=causes,
        checks=checks,
        steps=tuple(event.step_key for event in failures if event.step_key),
        kind=(run.job_name, *(_kind(event) for event in failures), *(check.name for check in checks)),
    )


def failed_checks_of(instance: dg.DagsterInstance, run_id: str) -> list[FailedCheck]:
    """The failed checks of severity ERROR in the run; warnings belong in the UI, not in an alert at night."""
    return [
        FailedCheck(
            evaluation.asset_key.to_user_string(),
            evaluation.check_name,
            evaluation.description or "failed",
            (evaluation.partition or "")[:7],
        )
        for evaluation in evaluations_of(instance, run_id)
        if not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.ERROR
    ]


def evaluations_of(instance: dg.DagsterInstance, run_id: str) -> list[dg.AssetCheckEvaluation]:
    """The results of the run's checks."""
    events = _events(instance, run_id, Kind.ASSET_CHECK_EVALUATION)
    return [event.asset_check_evaluation_data for event in events]


def step_failures(instance: dg.DagsterInstance, run_id: str) -> list[dg.DagsterEvent]:
    """The events of the steps that failed in the run."""
    return list(_events(instance, run_id, Kind.STEP_FAILURE))


def succeeded_steps(instance: dg.DagsterInstance, run_id: str) -> set[str]:
    """The keys of the steps that the run completed."""
    return {event.step_key for event in _events(instance, run_id, Kind.STEP_SUCCESS) if event.step_key}


def _events(instance: dg.DagsterInstance, run_id: str, kind: Kind) -> Iterator[dg.DagsterEvent]:
    entries = instance.all_logs(run_id, of_type=kind)
    return (entry.dagster_event for entry in entries if entry.dagster_event)


def _causes(failures: Sequence[dg.DagsterEvent], checks: Sequence[FailedCheck]) -> Iterator[str]:
    for event in failures:
        error = event.step_failure_data.error
        if checks and error and error.cls_name == BLOCKING_CHECK_FAILED:
            continue
        cause = cause_of(event)
        for check in checks:
            cause = cause.replace(check.sentence, "")
        if cause.strip():
            yield cause.strip()


def cause_of(event: dg.DagsterEvent) -> str:
    """A failed step's message with its next step, or else the error's first line."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    return data.error.message.strip().split("\n", 1)[0] if data.error else event.message or "failed"


def _kind(failure: dg.DagsterEvent) -> str:
    """The step and the class of its error."""
    data = failure.step_failure_data
    named = data.user_failure_data.metadata.get("error") if data.user_failure_data else None
    kind = named.value if named else data.error.cls_name if data.error else ""
    return f"{failure.step_key}: {kind}"
