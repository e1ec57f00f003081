"""The assets of the tables that are computed from a month of the raw table, and of their checks: all in one step.

`month_run` computes them; what the UI shows of them is in `definition_metadata`. A table over all months is an asset of
its own.
"""

from collections.abc import Iterator

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.definition_metadata import table_spec
from cleargrid_assets.assets.month_checks import check_spec
from cleargrid_assets.assets.month_run import MonthRun, month_tables_of, read_month_checks
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.marts import Marts

NAME = "month_tables"


def build_month_tables(
    months: dg.MonthlyPartitionsDefinition,
    retries: dg.RetryPolicy,
    keys: AssetKeys,
    marts: Marts,
) -> dg.AssetsDefinition:
    """The monthly tables and their checks; any of them can be selected on its own."""
    tables, checks = month_tables_of(marts), read_month_checks(marts)

    @dg.multi_asset(
        name=keys(NAME).to_python_identifier(),
        specs=[table_spec(computed, keys, months) for computed in tables],
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
