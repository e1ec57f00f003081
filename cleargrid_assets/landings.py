"""Reads from Dagster's history whether the rows of a month may be used: what its last load and its checks say.

Add here what follows from the event of a landed month; runs in general are in `run_history`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet


def last_landing(instance: dg.DagsterInstance, rows: dg.AssetKey, month: str) -> dg.EventLogRecord | None:
    """The event of the load that last landed the month of the raw asset `rows`; None if there is none."""
    landed = dg.AssetRecordsFilter(asset_key=rows, asset_partitions=[month])
    return next(iter(instance.fetch_materializations(landed, limit=1).records), None)


def is_usable(instance: dg.DagsterInstance, rows: dg.AssetKey, month: str, blocking_checks: AbstractSet[str]) -> bool:
    """True unless the month of the raw asset `rows` landed with a failed blocking check."""
    landing = last_landing(instance, rows, month)
    return landing is None or _passed_its_checks(instance, landing, blocking_checks)


def _passed_its_checks(
    instance: dg.DagsterInstance, landing: dg.EventLogRecord, blocking_checks: AbstractSet[str]
) -> bool:
    """True if the load that landed the month's rows passed every blocking check, whatever later loads did.

    A load by an earlier release lacks newer checks; its step succeeded if those it had passed.
    """
    passed = {
        evaluation.check_name: evaluation.passed
        for evaluation in _evaluations(instance, landing.run_id)
        if (evaluation.asset_key, evaluation.partition) == (landing.asset_key, landing.partition_key)
    }
    if not blocking_checks <= passed.keys() and not _loaded_successfully(instance, landing):
        return False
    return all(passed[name] for name in blocking_checks & passed.keys())


def _evaluations(instance: dg.DagsterInstance, run_id: str) -> Iterator[dg.AssetCheckEvaluation]:
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    evaluations = (record.event_log_entry.asset_check_evaluation for record in records)
    return (evaluation for evaluation in evaluations if evaluation)


def _loaded_successfully(instance: dg.DagsterInstance, landing: dg.EventLogRecord) -> bool:
    step = landing.asset_key.to_python_identifier() if landing.asset_key else ""
    records = instance.get_records_for_run(landing.run_id, of_type=dg.DagsterEventType.STEP_SUCCESS).records
    return any(record.event_log_entry.step_key == step for record in records)
