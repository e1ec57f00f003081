"""`raw.d23_manual_communication_logs`: a month of D23, read completely and landed exactly.

Change the asset's definition here; a load within a run is in `load_month`, its checks are in `claims_checked`.
"""

from collections.abc import Iterator

import dagster as dg

from cleargrid_assets.assets.cleargrid import D23
from cleargrid_assets.assets.presentation import FRESHNESS, OWNERS, definition_metadata, description
from cleargrid_assets.assets.raw.claims_checked import check_month, check_specs, failure_of_checks
from cleargrid_assets.assets.raw.other_months import report_other_months
from cleargrid_assets.failures import RETRIES, dagster_failures
from cleargrid_assets.partitions import month_of
from cleargrid_assets.resources import ClearGridResource, WarehouseResource
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS, D23_MANUAL_COMMUNICATION_LOGS, D23_QUARANTINE

SIDE_TABLES = (D23_QUARANTINE, D23_LOADS, D23_CHANGES)
KEY = dg.AssetKey(D23_MANUAL_COMMUNICATION_LOGS.key)
HOW_TO = """
**To load months**: *Materialize*, *Show all partitions*, pick them, *Launch backfill*. Each month is read completely
and replaced at once; a month that fails keeps its previous rows, and its run says why and what to do. The derived
tables are computed automatically.

**Is everything there?** *Partitions* shows which months were loaded. *Checks*, then a check's own *Partitions*, shows
what is wrong with a month. The checks of `raw/d23_loads` show whether every month is present and recent.
"""


def build_d23_manual_communication_logs(
    months: dg.MonthlyPartitionsDefinition, retries: dg.RetryPolicy = RETRIES
) -> dg.AssetsDefinition:
    """The raw asset, partitioned by `months`; `retries` apply to errors that may go away by themselves."""
    spec = dg.AssetSpec(
        KEY,
        skippable=True,  # a superseded read materializes nothing, and Dagster skips what depends on it
        group_name="raw",
        deps=[D23],
        description=f"{description(D23_MANUAL_COMMUNICATION_LOGS)}\n\n{HOW_TO}",
        metadata=definition_metadata(D23_MANUAL_COMMUNICATION_LOGS),
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"duckdb", "python"},
    )

    @dg.multi_asset(
        name=KEY.to_python_identifier(),
        specs=[spec],
        partitions_def=months,
        check_specs=check_specs(months),
        can_subset=True,
    )
    def d23_manual_communication_logs(
        context: dg.AssetExecutionContext,
        cleargrid: dg.ResourceParam[ClearGridResource],
        warehouse: dg.ResourceParam[WarehouseResource],
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetMaterialization | dg.AssetCheckResult]:
        if KEY in context.selected_asset_keys:
            # Importing Arrow takes a quarter of start-up, and loading definitions does not need it.
            from cleargrid_assets.assets.raw.load_month import load_month  # noqa: PLC0415

            with dagster_failures(retries, retries_so_far=context.retry_number):
                month = load_month(context, months, cleargrid, warehouse.warehouse())
            if month is None:
                return
            yield month.result
            for table in SIDE_TABLES:
                yield dg.AssetMaterialization(dg.AssetKey(table.key), partition=context.partition_key)
            with dagster_failures():
                yield from report_other_months(context, warehouse, month.landed)
        yield from _checked(context, warehouse)

    return d23_manual_communication_logs


def _checked(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> Iterator[dg.AssetCheckResult]:
    """Evaluate the selected checks of the month. Raises `dagster.Failure` if a blocking one fails."""
    with dagster_failures():
        results = check_month(warehouse, month_of(context.partition_key))
    selected = {key.name for key in context.selected_asset_check_keys}
    yield from (result for result in results if result.check_name in selected)
    if failure := failure_of_checks(results):
        raise failure


def build_side_tables(months: dg.MonthlyPartitionsDefinition) -> list[dg.AssetSpec]:
    """The tables that a load writes besides its rows; they are never materialized on their own."""
    return [
        dg.AssetSpec(
            dg.AssetKey(table.key),
            group_name="raw",
            deps=[KEY],
            partitions_def=months,
            description=description(table),
            metadata=definition_metadata(table),
            owners=OWNERS,
            kinds={"duckdb"},
        )
        for table in SIDE_TABLES
    ]
