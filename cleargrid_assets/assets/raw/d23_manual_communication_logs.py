"""`raw.d23_manual_communication_logs`: a month of D23, read completely and landed exactly.

Here: the asset. Not here: reading a month in a run (`reading`), writing (`landing.write`), checks (`claims_checked`).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from cleargrid_assets.assets.cleargrid import D23
from cleargrid_assets.assets.presentation import FRESHNESS, OWNERS, definition_metadata, description
from cleargrid_assets.assets.raw.claims_checked import check_fields, check_month, check_specs, failure_of_checks
from cleargrid_assets.failures import RETRIES, explained
from cleargrid_assets.partitions import window_of
from cleargrid_assets.resources import ClearGridResource, WarehouseResource
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS, D23_MANUAL_COMMUNICATION_LOGS, D23_QUARANTINE

SIDE_TABLES = (D23_QUARANTINE, D23_LOADS, D23_CHANGES)
KEY = dg.AssetKey(D23_MANUAL_COMMUNICATION_LOGS.key)
HOW_TO = """
**To load months**: *Materialize*, *Show all partitions*, pick them, *Launch backfill*. Each month is read completely
and replaced at once; one that fails keeps its previous rows, and its run says why and what to do. What is computed
from the months follows by itself.

**Is all there?** *Partitions* shows which months were loaded; *Checks*, then a check's own *Partitions*, what is wrong
with a month; the checks of `raw/d23_loads`, whether every month is there and recent.
"""


def build_d23_manual_communication_logs(
    months: dg.MonthlyPartitionsDefinition, retries: dg.RetryPolicy = RETRIES
) -> dg.AssetsDefinition:
    """The raw asset over `months`; `retries` are for errors that may go away by themselves."""

    @dg.asset(
        key=KEY,
        group_name="raw",
        deps=[D23],
        partitions_def=months,
        description=f"{description(D23_MANUAL_COMMUNICATION_LOGS)}\n\n{HOW_TO}",
        metadata=definition_metadata(D23_MANUAL_COMMUNICATION_LOGS),
        check_specs=check_specs(months),
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"duckdb", "python"},
    )
    def d23_manual_communication_logs(
        context: dg.AssetExecutionContext,
        cleargrid: dg.ResourceParam[ClearGridResource],
        warehouse: dg.ResourceParam[WarehouseResource],
    ) -> Iterator[dg.Output[Any] | dg.AssetCheckResult]:
        # Arrow costs a quarter of start-up, and loading definitions reads no month.
        from cleargrid_assets.assets.raw.reading import figures, read  # noqa: PLC0415

        with explained(retries, retries_so_far=context.retry_number):
            load = read(context, window_of(months, context.partition_key), cleargrid, warehouse.warehouse())
        month, unknown_fields = load.month, load.unknown_fields
        yield dg.Output(load, metadata=figures(load))
        del load  # a large month fills memory that the checks need
        for table in SIDE_TABLES:
            context.log_event(dg.AssetMaterialization(dg.AssetKey(table.key), partition=context.partition_key))
        variables = {"month": month, "quarantine_limit": cleargrid.settings.quarantine_limit}
        with explained():
            results = check_month(warehouse.warehouse(), variables)
        yield from results
        yield check_fields(unknown_fields)
        if failure := failure_of_checks(results):
            raise failure

    return d23_manual_communication_logs


def build_side_tables(months: dg.MonthlyPartitionsDefinition) -> list[dg.AssetSpec]:
    """The tables that a load writes along with its rows; they are never materialized on their own."""
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
