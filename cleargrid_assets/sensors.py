"""The sensors that start runs: for changed rows and rules, for changes at ClearGrid, and for interrupted loads.

Add a sensor here. What makes a table stale is in `staleness`; alerts are in `alert_sensors`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES
from dagster._core.storage.tags import BACKFILL_ID_TAG, PARTITION_NAME_TAG

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.cleargrid import changed_months
from cleargrid_assets.client import SettingsError
from cleargrid_assets.jobs import COMPUTE_MONTH, REFRESH_MONTH, REFRESH_SUMMARY, report_keys
from cleargrid_assets.marts import Marts
from cleargrid_assets.outcome_map import OutcomeMapError
from cleargrid_assets.rules_version import rules_version
from cleargrid_assets.run_history import awaits_retry, is_preview, last_materialization
from cleargrid_assets.settings import Settings
from cleargrid_assets.staleness import MONTHLY, VERSION_TAG, Backlog, DataVersions
from cleargrid_assets.tables.analytics import UNMAPPED_OUTCOMES
from cleargrid_assets.tables.dataset import RawDataset

if TYPE_CHECKING:
    from dagster._core.execution.backfill import PartitionBackfill

RESTART_WITHIN = timedelta(days=1)
"""After a failure. Limits what a tick reads; if the sensor was off for longer, the schedule reads the month again."""

CHANGE_TAG = "cleargrid/change"
"""Tag of a requested run: the change at ClearGrid because of which the month is loaded again."""

JOBS = frozenset({REFRESH_MONTH, COMPUTE_MONTH, REFRESH_SUMMARY})


def build_follow_sensor(
    settings: Settings,
    months: dg.MonthlyPartitionsDefinition,
    blocking_checks: Mapping[dg.AssetKey, frozenset[str]],
    jobs: Sequence[UnresolvedAssetJobDefinition],
    marts: Marts,
) -> dg.SensorDefinition:
    """The sensor that requests one run per stale month and, at the end, one run over all months.

    Automation conditions were tried first. A condition decides for each asset at each tick: a blocking check between
    two tables splits a month over several runs, an asset over all months is requested while months are still being
    loaded, and an update in the tick of a request is lost for good. This sensor compares the whole state (`staleness`)
    at each tick, so it misses nothing, and requests whole jobs, so nothing runs twice.
    """
    keys = AssetKeys.of(settings)
    summary = [*keys.tables([UNMAPPED_OUTCOMES, *(mart.table for mart in marts.over_all_months)]), *report_keys(keys)]
    monthly = (*MONTHLY, *(mart.table for mart in marts.by_month))
    assets = frozenset({*blocking_checks, *keys.tables(monthly), *summary})

    @dg.sensor(
        name="derived_tables_follow",
        jobs=jobs,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description=(
            "When a month's rows or the rules have changed, one run computes everything that depends on the month. "
            "Once no month is left to load or compute, one run computes the tables and files over all months. A month "
            "with a failed blocking check waits until it is loaded again."
        ),
    )
    def derived_tables_follow(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        # Read before the state: a run that ends in between costs one more tick, but is never overlooked.
        unfinished = context.instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
        ours = [run for run in unfinished if _is_ours(run, assets)]
        is_busy = bool(ours) or _is_backfilling(context.instance, assets)
        try:
            versions = DataVersions(context.instance, rules_version(settings), keys, marts)
        except (SettingsError, OutcomeMapError) as error:
            yield dg.SkipReason(f"{error}. Nothing can be computed until this is corrected.")
            return
        backlog = Backlog(versions, blocking_checks, summary)
        taken = _months_of(ours)
        due = [month for month in _existing(months, backlog.months()) if month not in taken]
        yield from (_request(COMPUTE_MONTH, versions.of_month(month), month) for month in due)
        if due:
            return
        if is_busy:
            yield dg.SkipReason("Months are still being loaded, computed or summarized.")
        elif backlog.includes_summary():
            yield _request(REFRESH_SUMMARY, versions.of_summary)
        else:
            yield dg.SkipReason("Everything is up to date.")

    return derived_tables_follow


def _request(job: str, version: str, month: str | None = None) -> dg.RunRequest:
    return dg.RunRequest(job_name=job, partition_key=month, tags={VERSION_TAG: version})


def _existing(months: dg.MonthlyPartitionsDefinition, keys: Iterable[str]) -> list[str]:
    """The keys without the months before CLEARGRID_START_MONTH, which may be later than when they were loaded."""
    return [key for key in keys if months.has_partition_key(key)]


def _months_of(runs: Iterable[dg.DagsterRun]) -> set[str]:
    """The months that the runs load or compute."""
    return {run.tags[PARTITION_NAME_TAG] for run in runs if PARTITION_NAME_TAG in run.tags}


def _is_ours(work: "dg.DagsterRun | PartitionBackfill", assets: frozenset[dg.AssetKey]) -> bool:
    """True if a run or backfill loads, computes or summarizes months."""
    return work.job_name in JOBS or not assets.isdisjoint(work.asset_selection or ())


def _is_backfilling(instance: dg.DagsterInstance, assets: frozenset[dg.AssetKey]) -> bool:
    """True if a backfill of months may still create runs."""
    from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus  # noqa: PLC0415 - slow to import

    unfinished = [BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING]
    backfills = instance.get_backfills(filters=BulkActionsFilter(statuses=unfinished))
    return any(_is_ours(backfill, assets) for backfill in backfills)


def build_restart_sensor(
    months: dg.MonthlyPartitionsDefinition,
    refresh_month: UnresolvedAssetJobDefinition,
    raw_assets: Iterable[dg.AssetKey],
) -> dg.SensorDefinition:
    """The sensor that loads months again if their runs were interrupted and Dagster's run retries skip them.

    Run retries skip a run whose backfill is finished. A backfill of `dagster job backfill` is finished as soon as its
    runs are queued, and one of the UI fails if the code server stops before the daemon. Interrupted computations need
    no restart: `derived_tables_follow` finds their months stale.
    """
    raw = frozenset(raw_assets)

    @dg.sensor(
        name="interrupted_months_resume",
        job=refresh_month,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description=(
            "Loads a month of a finished backfill again if its run died with the machine or its process. Dagster's run "
            "retries do the same for all other runs."
        ),
    )
    def interrupted_months_resume(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest]:
        failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=datetime.now(UTC) - RESTART_WITHIN)
        for run in context.instance.get_runs(failed):
            if (
                _loads_a_month(run, raw)
                and not is_preview(context.instance, run)
                and awaits_retry(context.instance, run)
                and _is_skipped_by_retries(context.instance, run)
            ):
                for month in _existing(months, [run.tags[PARTITION_NAME_TAG]]):
                    yield dg.RunRequest(run_key=run.run_id, partition_key=month)

    return interrupted_months_resume


def build_change_sensor(
    months: dg.MonthlyPartitionsDefinition,
    datasets: Sequence[RawDataset],
    refresh_month: UnresolvedAssetJobDefinition,
    keys: AssetKeys,
) -> dg.SensorDefinition:
    """The sensor that loads older months again in which the nightly observation found a change.

    Its run keys name the change, the load that lacks it, and the event of the dataset's latest landing. So a load that
    fails is not requested again for the same change, but one that a restored warehouse has lost is.
    """
    raw = frozenset(keys.table(dataset.rows) for dataset in datasets)

    @dg.sensor(
        name="changed_months_refresh",
        job=refresh_month,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description=(
            "Loads a month again that no schedule reads any more, if the latest observation of ClearGrid found that it "
            "has changed since its last load: once for each change, and never beside another load of the month."
        ),
    )
    def changed_months_refresh(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest]:
        unfinished = context.instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
        changes: dict[str, list[str]] = defaultdict(list)
        landings: dict[str, list[str]] = defaultdict(list)
        for dataset in datasets:
            for month, change in changed_months(context.instance, dataset, keys).items():
                changes[month].append(f"{dataset.code}: {change}")
                landing = last_materialization(context.instance, keys.table(dataset.rows), month)
                landings[month].append(f"{landing.storage_id if landing else 0}")
        busy = _months_of(run for run in unfinished if _loads_a_month(run, raw))
        for month in _existing(months, sorted(changes.keys() - busy)):
            reasons = "; ".join(changes[month])
            run_key = f"{month} {reasons} (after event {', '.join(landings[month])})"
            yield dg.RunRequest(run_key=run_key, partition_key=month, tags={CHANGE_TAG: reasons})

    return changed_months_refresh


def _loads_a_month(run: dg.DagsterRun, raw_assets: frozenset[dg.AssetKey]) -> bool:
    is_load = run.job_name == REFRESH_MONTH or not raw_assets.isdisjoint(run.asset_selection or ())
    return is_load and PARTITION_NAME_TAG in run.tags


def _is_skipped_by_retries(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """True if run retries do not start the run because its backfill is finished."""
    from dagster._core.execution.backfill import (  # noqa: PLC0415 - slow to import
        BULK_ACTION_TERMINAL_STATUSES,
        BulkActionStatus,
    )

    backfill = instance.get_backfill(run.tags[BACKFILL_ID_TAG]) if BACKFILL_ID_TAG in run.tags else None
    finished = {*BULK_ACTION_TERMINAL_STATUSES} - {BulkActionStatus.CANCELED}
    return backfill is not None and backfill.status in finished
