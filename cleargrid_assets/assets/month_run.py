"""Computes and checks the tables of a month within a run: one step, one opening of the warehouse.

Change how a month is computed and checked here. The assets are in `month_tables`, what a table is made of in `core` and
`analytics`.

Each table is a transaction and has checks of its own, which read what was committed. While a blocking one fails, or a
table cannot be computed, nothing is computed from that table, and everything else still is.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets import analytics, core
from cleargrid_assets.assets.mart_tables import MartTable
from cleargrid_assets.assets.materialization_metadata import month_metadata
from cleargrid_assets.assets.month_checks import blocking_checks, run_checks, step_results
from cleargrid_assets.assets.sql_asset import reporting_variables, where_month
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.landing.warehouse_identity import verify_settings
from cleargrid_assets.landings import is_usable
from cleargrid_assets.marts import NO_MARTS
from cleargrid_assets.partitions import month_of
from cleargrid_assets.rules_version import rules_version
from cleargrid_assets.sql_checks import SqlCheck, read_checks, read_mart_checks
from cleargrid_assets.staleness import DataVersions, rules_of, tag_run
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.warehouse.conflicts import retry_conflicts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date
    from pathlib import Path

    import duckdb

    from cleargrid_assets.connections import WarehouseConnection
    from cleargrid_assets.marts import Marts
    from cleargrid_assets.settings import Settings
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.tables.table import Table
    from cleargrid_assets.warehouse.warehouse import Transactions

    StepEvents = Iterator[dg.MaterializeResult[None] | dg.Output[None] | dg.AssetCheckEvaluation]


class MonthTable(Protocol):
    """A table of a month: what it is made of, and how the month is computed."""

    @property
    def table(self) -> Table:
        """The table."""

    @property
    def sources(self) -> tuple[Table, ...]:
        """The tables that its rows are made of."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that its rows follow from, besides those that all tables share."""

    @property
    def language(self) -> str:
        """What computes it, for the UI."""

    @property
    def description(self) -> str:
        """The text of its page."""

    @property
    def is_as_of_the_load(self) -> bool:
        """True if its figures depend on the time of the month's last load."""

    def store(
        self, connection: duckdb.DuckDBPyConnection, settings: Settings, rules: str, month: date
    ) -> Mapping[str, Any]:
        """Replace the month in the open transaction; return metadata of its own."""


MONTH_TABLES: tuple[MonthTable, ...] = (*core.BY_MONTH, *analytics.BY_MONTH)
"""Ours, in the order of computation: each after its sources."""

OF_A_LOAD = (D23.loads, D23.changes, D23.quarantine)
"""What every load writes, whether or not the rows have changed."""


def month_tables_of(marts: Marts) -> tuple[MonthTable, ...]:
    """Our monthly tables, then a lender's own; a mart of figures that depend on a load's time depends on it, too."""
    as_of_the_load = {*OF_A_LOAD, *(computed.table for computed in MONTH_TABLES if computed.is_as_of_the_load)}
    tables: list[MonthTable] = [*MONTH_TABLES]
    for mart in marts.by_month:
        computed = MartTable(mart, is_as_of_the_load=not as_of_the_load.isdisjoint(mart.inputs))
        if computed.is_as_of_the_load:
            as_of_the_load.add(mart.table)
        tables.append(computed)
    return tuple(tables)


def store_month(
    context: dg.AssetExecutionContext,
    transaction: Transactions,
    computed: MonthTable,
    settings: Settings,
    rules: str,
) -> Mapping[str, Any]:
    """Replace the run's month of a table in a transaction, repeated after a conflict; return its metadata.

    Raises `OutcomeMapError` or `WarehouseError`.
    """
    month = month_of(context.partition_key)

    def store() -> Mapping[str, Any]:
        with transaction() as connection:
            own = computed.store(connection, settings, rules, month)
            return {**own, **month_metadata(connection, computed.table.qualified_name, where_month(month))}

    return retry_conflicts(store, on_conflict=lambda conflict: context.log.warning("%s Trying again.", conflict))


def red_datasets(versions: DataVersions, month: str) -> set[RawDataset]:
    """The datasets besides D23 that marts read and whose rows of the month failed a blocking check."""
    return {
        dataset
        for dataset in versions.marts.datasets
        if not is_usable(versions.instance, versions.keys.table(dataset.rows), month, blocking_checks(dataset))
    }


def read_month_checks(marts: Marts = NO_MARTS) -> list[SqlCheck]:
    """The checks of the monthly tables."""
    checks = (*read_checks("core"), *read_checks("analytics"), *read_mart_checks(marts))
    return [check for check in checks if check.table.is_partitioned]


def check_variables(settings: Settings, rules: str, month: date) -> Mapping[str, object]:
    """What the checks of monthly tables read with `getvariable`."""
    return {**reporting_variables(settings), "rules_version": rules, "month": month}


@dataclass
class MonthRun:
    """The step of a run.

    `unusable`: the tables that could not be computed, or of which a blocking check fails. `failures`: by their place.
    """

    context: dg.AssetExecutionContext
    warehouse: WarehouseConnection
    tables: Sequence[MonthTable]
    checks: Sequence[SqlCheck]
    retries: dg.RetryPolicy
    unusable: set[Table] = field(default_factory=set)
    failures: dict[str, dg.Failure] = field(default_factory=dict)

    def events(self) -> StepEvents:
        """Compute and check what the run selects; raise the failures at the end. Dagster adds the failed checks."""
        with self._dagster_failures(), self._transactions() as transaction:
            self._begin(transaction)
            for computed in self.tables:
                if self._is_selected(computed.table):
                    materialization = self._compute(computed, transaction)
                    if materialization is None:
                        continue
                    yield materialization
                yield from self._check(computed.table, transaction)
        if self.failures:
            raise _combined(self.failures)

    def _begin(self, transaction: Transactions) -> None:
        with transaction() as connection:
            verify_settings(connection, self.warehouse.settings, self.warehouse.warehouse().display_name)
        if self.context.selected_asset_keys:
            tag_run(self.context, self._versions.of_month(self.context.partition_key))
        for dataset in red_datasets(self._versions, self.context.partition_key):
            self.unusable.update(dataset.tables)

    def _is_selected(self, table: Table) -> bool:
        return self._keys.table(table) in self.context.selected_asset_keys

    def _transactions(self) -> AbstractContextManager[Transactions]:
        """One opening of the warehouse for the whole step; checks alone only read it."""
        warehouse = self.warehouse.warehouse()
        return warehouse.transactions() if self.context.selected_asset_keys else nullcontext(warehouse.reading)

    def _compute(self, computed: MonthTable, transaction: Transactions) -> dg.MaterializeResult[None] | None:
        """The table's new month; None if it stays as it was."""
        table, unusable = computed.table, [source for source in computed.sources if source in self.unusable]
        if unusable:
            self.unusable.add(table)
            self.context.log.info("%s stays as it was: see %s.", table.qualified_name, unusable[0].qualified_name)
            return None
        with self._collected_failure(table.qualified_name, spoils=table):
            version = self._version_of(computed)
            # The rules of its sources, which are older than the current ones if a source is stale.
            metadata = store_month(self.context, transaction, computed, self.warehouse.settings, rules_of(version))
            return dg.MaterializeResult(
                asset_key=self._keys.table(table), metadata=metadata, data_version=dg.DataVersion(version)
            )
        return None

    def _check(self, table: Table, transaction: Transactions) -> StepEvents:
        """The results of the table's checks, each of which is run although another one cannot be."""
        asset, selected = self._keys.table(table), self.context.selected_asset_check_keys
        results: dict[SqlCheck, dg.AssetCheckResult] = {}
        for check in self.checks:
            if check.table == table and dg.AssetCheckKey(asset, check.name) in selected:
                place, spoiled = (
                    f"The check {check.name} of {table.qualified_name}",
                    table if check.is_blocking else None,
                )
                with self._collected_failure(place, spoils=spoiled), transaction() as connection:
                    results |= run_checks([check], connection, self._variables)
        if any(check.is_blocking and not result.passed for check, result in results.items()):
            self.unusable.add(table)
        yield from step_results(self.context, asset, results, self._month)

    @contextmanager
    def _collected_failure(self, place: str, *, spoils: Table | None) -> Iterator[None]:
        """Keep a failure for the end of the step and go on without the table that it spoils.

        An error that may pass ends the step at once, and Dagster runs it again.
        """
        try:
            with self._dagster_failures():
                yield
        except dg.Failure as failure:
            self.failures[place] = failure
            if spoils:
                self.unusable.add(spoils)

    def _dagster_failures(self) -> dagster_failures:
        return dagster_failures(self.retries, retries_so_far=self.context.retry_number)

    def _version_of(self, computed: MonthTable) -> str:
        """The version of the table's inputs, recorded before their rows are read, so that it is never too new.

        A month that is computed from a stale table is as stale as that table.
        """
        month, monthly = self.context.partition_key, self._versions.tables
        known = ((source, self._known_version(source)) for source in computed.sources if source in monthly)
        stale = (version for source, version in known if version != self._versions.current(source, month))
        version = next(stale, self._versions.current(computed.table, month))
        self._known[computed.table] = version
        return version

    def _known_version(self, table: Table) -> str:
        """The version of a table that this step has computed, or of its last computation."""
        if table not in self._known:
            self._known[table] = self._versions.of_table(table, self.context.partition_key)
        return self._known[table]

    @cached_property
    def _known(self) -> dict[Table, str]:
        return {}

    @cached_property
    def _versions(self) -> DataVersions:
        return DataVersions.of(self.context.instance, self.warehouse)

    @cached_property
    def _rules(self) -> str:
        return rules_version(self.warehouse.settings)

    @cached_property
    def _variables(self) -> Mapping[str, object]:
        return check_variables(self.warehouse.settings, self._rules, self._month)

    @cached_property
    def _keys(self) -> AssetKeys:
        return AssetKeys.of(self.warehouse.settings)

    @property
    def _month(self) -> date:
        return month_of(self.context.partition_key)


def _combined(failures: Mapping[str, dg.Failure]) -> dg.Failure:
    """The step's failure: what failed where, with the metadata of the first."""
    first, *_ = failures.values()
    sentences = " ".join(f"{place}: {failure.description}" for place, failure in failures.items())
    combined = dg.Failure(sentences, metadata=first.metadata, allow_retries=False)
    combined.__cause__ = first
    return combined
