"""The raw asset of a dataset: one month of it, read completely and landed exactly.

Change the definition of raw assets here; a load within a run is in `load_month`, its checks run in `month_checks`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.cleargrid import API_POOL
from cleargrid_assets.assets.definition_metadata import (
    FRESHNESS,
    OWNERS,
    definition_metadata,
    description,
    references_to,
)
from cleargrid_assets.assets.month_checks import check_raw_month, check_spec, failure_of_checks, step_results
from cleargrid_assets.assets.raw.load_config import LoadConfig
from cleargrid_assets.assets.raw.report_moved_rows import report_other_months
from cleargrid_assets.connections import ClearGridConnection, WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.partitions import month_of
from cleargrid_assets.sql_checks import SqlCheck, read_raw_checks
from cleargrid_assets.tables import dataset as declarations
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.tables.dataset import RawDataset

DECLARATIONS = Path(declarations.__file__).parent
HOW_TO = """
**To load months**: *Materialize*, *Show all partitions*, pick them, *Launch backfill*. Each month is read completely
and replaced at once; a month that fails keeps its previous rows, and its run says why and what to do.
{after_a_load}

**What would a load change?** *Materialize*, one month, *Open launchpad*, `preview: true`. The run reads the month and
shows what would change in rows and key figures, as an observation; it writes nothing.

**Is everything there?** *Partitions* shows which months were loaded. *Checks*, then a check's own *Partitions*, shows
what is wrong with a month. The checks of `{ledger}` show whether every month is present and recent.
"""


def build_raw(
    dataset: RawDataset,
    months: dg.MonthlyPartitionsDefinition,
    retries: dg.RetryPolicy,
    keys: AssetKeys,
) -> dg.AssetsDefinition:
    """The dataset's raw asset by `months`; `retries` apply to transient errors."""
    key, checks = keys.table(dataset.rows), read_raw_checks(dataset)
    how_to = HOW_TO.format(after_a_load=dataset.after_a_load, ledger=keys.table(dataset.loads).to_user_string())
    sources = references_to(DECLARATIONS / f"{dataset.code.lower()}.py", Path(__file__))
    spec = dg.AssetSpec(
        key,
        skippable=True,  # the rest is skipped after a preview, a superseded read, or one that found nothing changed
        group_name="raw",
        deps=[keys.source(dataset)],
        description=f"{description(dataset.rows)}\n\n{how_to}",
        metadata={**definition_metadata(dataset.rows, keys), "dagster/code_references": sources},
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"duckdb", "python"},
    )

    @dg.multi_asset(
        name=key.to_python_identifier(),
        specs=[spec],
        partitions_def=months,
        check_specs=[check_spec(check, months, key) for check in checks],
        pool=API_POOL,
        can_subset=True,
    )
    def rows_of_month(
        context: dg.AssetExecutionContext,
        config: LoadConfig,
        cleargrid: dg.ResourceParam[ClearGridConnection],
        warehouse: dg.ResourceParam[WarehouseConnection],
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetMaterialization | dg.Output[None] | dg.AssetCheckEvaluation]:
        if config.preview:
            from cleargrid_assets.assets.raw.preview_month import show_preview  # noqa: PLC0415 - see below

            with dagster_failures(retries, retries_so_far=context.retry_number):
                show_preview(context, key, config, dataset, months, cleargrid=cleargrid, warehouse=warehouse)
            return
        unchanged = None
        if key in context.selected_asset_keys:
            # Importing Arrow and DuckDB takes a quarter of start-up, and loading definitions needs neither.
            from cleargrid_assets.assets.raw.load_month import load_month  # noqa: PLC0415
            from cleargrid_assets.assets.raw.unchanged_month import find_unchanged  # noqa: PLC0415

            with dagster_failures(retries, retries_so_far=context.retry_number):
                month = load_month(
                    context, config, dataset, months, cleargrid=cleargrid, warehouse=warehouse.warehouse()
                )
            if month is None:
                return
            with dagster_failures():
                unchanged = find_unchanged(context, month, warehouse) if dataset == D23 else None
            yield unchanged.rows(month) if unchanged else month.result
            for table in dataset.side_tables:
                yield dg.AssetMaterialization(keys.table(table), partition=context.partition_key)
            with dagster_failures():
                yield from report_other_months(context, key, checks, warehouse, month.landed)
        yield from _checked(context, key, checks, warehouse)
        if unchanged:
            with dagster_failures(retries, retries_so_far=context.retry_number):
                yield from unchanged.derived_tables()

    return rows_of_month


def _checked(
    context: dg.AssetExecutionContext, asset: dg.AssetKey, checks: Sequence[SqlCheck], warehouse: WarehouseConnection
) -> Iterator[dg.Output[None] | dg.AssetCheckEvaluation]:
    """Evaluate the selected checks of the month. Raises `dagster.Failure` if a blocking one fails."""
    month, selected = month_of(context.partition_key), {key.name for key in context.selected_asset_check_keys}
    with dagster_failures():
        results = check_raw_month(checks, warehouse, month)
    chosen = {check: result for check, result in results.items() if check.name in selected}
    yield from step_results(context, asset, chosen, month)
    if failure := failure_of_checks(results):
        raise failure


def build_side_tables(
    dataset: RawDataset, months: dg.MonthlyPartitionsDefinition, keys: AssetKeys
) -> list[dg.AssetSpec]:
    """The tables beside the rows, which loads and observations write; they are never materialized on their own."""
    return [
        dg.AssetSpec(
            keys.table(table),
            group_name="raw",
            deps=[keys.table(dataset.rows)],
            partitions_def=months,
            description=description(table),
            metadata=definition_metadata(table, keys),
            owners=OWNERS,
            kinds={"duckdb"},
        )
        for table in (*dataset.side_tables, dataset.sampled_days)
    ]
