"""The assets of the tables that are computed from a month of the raw table, and of their checks: all in one step.

Change what the UI shows of them here; `month_run` computes them. A table over all months is an asset of its own.
"""

from collections.abc import Iterator

import dagster as dg

from cleargrid_assets.asset_keys import UNPREFIXED, AssetKeys
from cleargrid_assets.assets.definition_metadata import (
    FRESHNESS,
    IO_MANAGER,
    OWNERS,
    definition_metadata,
    references_to,
)
from cleargrid_assets.assets.month_checks import check_spec
from cleargrid_assets.assets.month_run import MonthRun, month_tables_of, read_month_checks
from cleargrid_assets.assets.table_run import ComputedTable
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.failures import RETRIES
from cleargrid_assets.marts import NO_MARTS, Marts
from cleargrid_assets.rules_version import files_version

NAME = "month_tables"


def build_month_tables(
    months: dg.MonthlyPartitionsDefinition,
    retries: dg.RetryPolicy = RETRIES,
    keys: AssetKeys = UNPREFIXED,
    marts: Marts = NO_MARTS,
) -> dg.AssetsDefinition:
    """The monthly tables and their checks; any of them can be selected on its own."""
    tables, checks = month_tables_of(marts), read_month_checks(marts)

    @dg.multi_asset(
        name=keys(NAME).to_python_identifier(),
        specs=[_spec(computed, months, keys) for computed in tables],
        check_specs=[
            check_spec(check, months, keys.table(check.table), keys.tables(check.other_tables)) for check in checks
        ],
        can_subset=True,
    )
    def month_tables(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[WarehouseConnection]
    ) -> Iterator[dg.MaterializeResult[None] | dg.Output[None] | dg.AssetCheckEvaluation]:
        run = MonthRun(context, warehouse, tables, checks, retries)
        yield from run.events()
        run.raise_failures()

    return month_tables


def _spec(computed: ComputedTable, months: dg.MonthlyPartitionsDefinition, keys: AssetKeys) -> dg.AssetSpec:
    table = computed.table
    return dg.AssetSpec(
        keys.table(table),
        skippable=True,
        group_name=table.schema,
        deps=keys.tables(computed.sources),
        partitions_def=months,
        description=computed.description,
        metadata={**definition_metadata(table, keys), "dagster/code_references": references_to(*computed.files)},
        code_version=files_version(*computed.files),
        freshness_policy=FRESHNESS if computed.is_as_of_the_load else None,
        owners=OWNERS,
        kinds={"duckdb", computed.language},
    ).with_io_manager_key(IO_MANAGER)
