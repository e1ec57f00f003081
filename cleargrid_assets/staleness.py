"""Decides which months, and whether the summary, were computed from old rows or under old rules.

Each computed asset records its inputs as its data version in Dagster's event log; this module compares that with the
version that it would have now. It has no clock and no state, so the answer is the same after a restart and in whatever
order months finish. The sensor requests what is stale, the checks report it. Add a new reason for staleness here; the
rules are in `rules_version`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, takewhile
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.storage.tags import BACKFILL_ID_TAG, PARTITION_NAME_TAG

from cleargrid_assets.asset_keys import UNPREFIXED, AssetKeys
from cleargrid_assets.load_history import is_usable
from cleargrid_assets.marts import NO_MARTS, Marts
from cleargrid_assets.rules_version import rules_version
from cleargrid_assets.run_history import awaits_retry, last_materialization, runs_of, step_failures
from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.core import CORE_TABLES
from cleargrid_assets.tables.raw import D23_MANUAL_COMMUNICATION_LOGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cleargrid_assets.connections import WarehouseConnection
    from cleargrid_assets.tables.table import Table

MONTHLY = tuple(table for table in (*CORE_TABLES, *ANALYTICS_TABLES) if table.is_partitioned)
"""The tables that are computed from one month of the raw table."""

VERSION_TAG = "cleargrid/data_version"
"""Tag of a run that computes tables: the data version that it should produce."""

ROW_COUNT = "dagster/partition_row_count"
"""Metadata of the materialization of a month: its number of rows."""

MAX_INTERRUPTIONS = 4
"""The number of runs for one version that may die. The next would likely die too, for example for want of memory."""

ON, NO_ROWS = " on ", "no rows"
INTERRUPTED = DagsterExecutionInterruptedError.__name__


def tag_run(context: dg.AssetExecutionContext, version: str) -> None:
    """Tag the run with the first version that it computes, so that the sensor does not request it again if it fails.

    A run that computes several assets may compute later ones from newer rows; then the sensor requests the first again.
    """
    run = context.instance.get_run_by_id(context.run.run_id)
    if run and VERSION_TAG not in run.tags:
        context.instance.add_run_tags(run.run_id, {VERSION_TAG: version})


def rules_of(version: str) -> str:
    """The rules version in a data version."""
    return version.partition(ON)[0]


@dataclass(frozen=True)
class DataVersions:
    """The data versions in the event log, and those that assets would have if computed now, under `rules`."""

    instance: dg.DagsterInstance
    rules: str
    keys: AssetKeys = UNPREFIXED
    marts: Marts = NO_MARTS

    @classmethod
    def of(cls, instance: dg.DagsterInstance, resource: WarehouseConnection) -> DataVersions:
        """Those under the configured rules, of the marts that the run computes. Their files may have changed since.

        Raises `SettingsError` or `OutcomeMapError`.
        """
        settings = resource.settings
        return cls(instance, rules_version(settings), AssetKeys.of(settings), resource.marts)

    @cached_property
    def raw(self) -> dg.AssetKey:
        """The asset whose rows every figure is computed from."""
        return self.keys.table(D23_MANUAL_COMMUNICATION_LOGS)

    @property
    def tables(self) -> tuple[Table, ...]:
        """The monthly tables, a lender's own among them."""
        return (*MONTHLY, *(mart.table for mart in self.marts.by_month))

    def of_month(self, month: str) -> str:
        """The version of all tables that are computed from the month's current rows: what a run should produce."""
        version = self._version_on(self.rules, month, self._rows(month), self.tables)
        return f"{version} marts {self.marts.version}" if self.marts.version else version

    def current(self, table: Table, month: str) -> str:
        """The version of a table that is computed from the month's current rows."""
        return self._version_of(table, month, self._rows(month))

    def of_table(self, table: Table, month: str) -> str:
        """The version of the month that a monthly table holds."""
        return self._latest(self.keys.table(table), month).get(month, f"{self.rules}{ON}{NO_ROWS}")

    @cached_property
    def of_summary(self) -> str:
        """The version of everything that is computed from all months in their current state."""
        versions = {**self.computed, **self._other_rows}
        months = sorted(
            f"{table.to_user_string()} {month} {version}"
            for table, by_month in versions.items()
            for month, version in by_month.items()
        )
        state = "\n".join([*months, *filter(None, [self.marts.version])])
        return f"{self.rules}{ON}{hashlib.sha256(state.encode()).hexdigest()[:12]}"

    @cached_property
    def computed(self) -> Mapping[dg.AssetKey, Mapping[str, str]]:
        """The version of each month that was ever computed, by monthly table."""
        return {table: self._latest(table) for table in self.keys.tables(self.tables)}

    def rows_written(self, table: Table, month: str) -> int:
        """The number of rows that the last computation of the month of a table stored; 0 if there was none."""
        record = last_materialization(self.instance, self.keys.table(table), month)
        event = record.asset_materialization if record else None
        count = event.metadata.get(ROW_COUNT) if event else None
        return (count.value or 0) if isinstance(count, dg.IntMetadataValue) else 0

    def stale_tables(self) -> dict[str, list[dg.AssetKey]]:
        """The tables of each loaded month that were computed from old rows or under old rules."""
        stale = {month: self._stale(month, rows) for month, rows in sorted(self._latest(self.raw).items())}
        return {month: tables for month, tables in stale.items() if tables}

    def is_computed(self, month: str, rows: str) -> bool:
        """True if each table of a month was computed under the rules from the rows of the version `rows`."""
        return all(
            self._latest(self.keys.table(table), month).get(month) == self._version_of(table, month, rows)
            for table in self.tables
        )

    def _stale(self, month: str, rows: str) -> list[dg.AssetKey]:
        return [
            key
            for table in self.tables
            if self.computed[key := self.keys.table(table)].get(month) != self._version_of(table, month, rows)
        ]

    def _rows(self, month: str) -> str | None:
        if month not in self._known_rows:
            self._known_rows[month] = self._latest(self.raw, month).get(month)
        return self._known_rows[month]

    @cached_property
    def _known_rows(self) -> dict[str, str | None]:
        return {}

    @cached_property
    def _other_rows(self) -> Mapping[dg.AssetKey, Mapping[str, str]]:
        """The version of the rows of each month, by dataset, of the datasets besides D23 that marts read."""
        keys = self.keys.tables(dataset.rows for dataset in self.marts.datasets)
        return {key: self._latest(key) for key in keys}

    def _version_of(self, table: Table, month: str, rows: str | None) -> str:
        return self._version_on(self.marts.rules_of(table, self.rules), month, rows, [table])

    def _version_on(self, rules: str, month: str, rows: str | None, tables: Sequence[Table]) -> str:
        """The version of `tables`: the rules, the version `rows` of D23's rows, and those of the other datasets."""
        keys = self.keys.tables(dataset.rows for dataset in self.marts.other_datasets(*tables))
        others = [self._other_rows[key].get(month, NO_ROWS) for key in keys]
        return f"{rules}{ON}{', '.join([rows or NO_ROWS, *others])}"

    def _latest(self, key: dg.AssetKey, *months: str) -> Mapping[str, str]:
        """The asset's latest version of `months`, or of every month."""
        storage, kind = self.instance.event_log_storage, dg.DagsterEventType.ASSET_MATERIALIZATION
        tags = storage.get_latest_tags_by_partition(key, kind, [DATA_VERSION_TAG], months or None)
        return {month: values[DATA_VERSION_TAG] for month, values in tags.items()}


@dataclass(frozen=True)
class Backlog:
    """The stale months and the stale summary for which a run is due.

    `blocking_checks`: of each dataset, by the key of its rows.
    """

    versions: DataVersions
    blocking_checks: Mapping[dg.AssetKey, frozenset[str]]
    summary: Sequence[dg.AssetKey]

    def months(self) -> list[str]:
        """Stale months whose rows passed their blocking checks, unless a run tried to compute them and failed.

        A failed computation waits for a person, another load or other rules: trying again changes nothing.
        """
        stale = self.versions.stale_tables().items()
        return [month for month, tables in stale if self._is_due(month, self._computable(month, tables))]

    def includes_summary(self) -> bool:
        """True if an asset over all months was computed from another state of the months than the current one."""
        if not any(self.versions.computed.values()):
            return False
        version = self.versions.of_summary
        return any(
            self._version_of(asset) != version and not self._was_tried(version, runs_of(self.versions.instance, asset))
            for asset in self.summary
        )

    def _computable(self, month: str, tables: Sequence[dg.AssetKey]) -> Sequence[dg.AssetKey]:
        """The tables without the marts of a dataset whose rows of the month failed a blocking check."""
        marts, keys = self.versions.marts, self.versions.keys
        red = {dataset for dataset in marts.datasets if not self._is_usable(keys.table(dataset.rows), month)}
        unusable = {keys.table(mart.table) for mart in marts.by_month if red & mart.other_datasets}
        return [table for table in tables if table not in unusable]

    def _is_usable(self, rows: dg.AssetKey, month: str) -> bool:
        return is_usable(self.versions.instance, rows, month, self.blocking_checks[rows])

    def _is_due(self, month: str, tables: Sequence[dg.AssetKey]) -> bool:
        landing = last_materialization(self.versions.instance, self.versions.raw, month)
        if not tables or landing is None:
            return False
        was_tried = self._was_tried(self.versions.of_month(month), self._runs_since(landing, tables[0], month))
        return not was_tried and self._is_usable(self.versions.raw, month)

    def _runs_since(self, landing: dg.EventLogRecord, table: dg.AssetKey, month: str) -> Iterator[dg.DagsterRun]:
        """The runs that meant to compute a month's table since its last load of any dataset, the latest first.

        The load may have found the rows unchanged; its own run may have meant to compute the table, too.
        """
        marts, keys = self.versions.marts, self.versions.keys
        others = keys.tables(dataset.rows for dataset in marts.datasets)
        landings = [landing, *(last_materialization(self.versions.instance, rows, month) for rows in others)]
        since = max(each.storage_id for each in landings if each)
        yield from runs_of(self.versions.instance, table, month, since=since)
        run = self.versions.instance.get_run_by_id(landing.run_id)
        is_of_month = run is not None and run.tags.get(PARTITION_NAME_TAG) == month  # not one that took rows from it
        if run and is_of_month and table in (run.asset_selection or {table}):
            yield run

    def _version_of(self, asset: dg.AssetKey) -> str | None:
        record = last_materialization(self.versions.instance, asset)
        event = record.asset_materialization if record else None
        return event.tags.get(DATA_VERSION_TAG) if event and event.tags else None

    def _was_tried(self, version: str, runs: Iterable[dg.DagsterRun]) -> bool:
        """True if a run for this version came to its end, or so many died that another would die too.

        `runs`: the latest first.
        """
        of_version = takewhile(lambda run: run.tags.get(VERSION_TAG) == version, runs)
        latest = list(islice(of_version, MAX_INTERRUPTIONS))
        return len(latest) == MAX_INTERRUPTIONS or not all(self._was_interrupted(run) for run in latest)

    def _was_interrupted(self, run: dg.DagsterRun) -> bool:
        """True if the run failed without a step's error, because its process died, and Dagster will start no other.

        Dagster skips a run of a backfill that is finished.
        """
        is_retried = BACKFILL_ID_TAG not in run.tags and awaits_retry(self.versions.instance, run)
        if run.status is not dg.DagsterRunStatus.FAILURE or is_retried:
            return False
        errors = [failure.step_failure_data.error for failure in step_failures(self.versions.instance, run.run_id)]
        return all(error is not None and error.cls_name == INTERRUPTED for error in errors)
