"""Previews a load within a run: reads the month, rehearses the load, and shows what it would change.

What is computed for a preview belongs here; its page is in `preview_page`, the rehearsal in `landing.rehearsal`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.assets.analytics.key_figures import compute_key_figures
from cleargrid_assets.assets.raw.latest_check_results import repeat_check_results
from cleargrid_assets.assets.raw.load_month import read_verified, report_superseded
from cleargrid_assets.assets.raw.preview_page import Preview, preview_metadata, summary
from cleargrid_assets.assets.raw.read_with_progress import summary as load_summary
from cleargrid_assets.landing.ledger import Superseded
from cleargrid_assets.landing.rehearsal import copied_month, rehearse
from cleargrid_assets.tables.d23 import D23

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from cleargrid_assets.assets.analytics.key_figures import KeyFigure
    from cleargrid_assets.assets.raw.load_config import LoadConfig
    from cleargrid_assets.connections import ClearGridConnection, WarehouseConnection
    from cleargrid_assets.landing.read_month import MonthLoad
    from cleargrid_assets.settings import Settings
    from cleargrid_assets.tables.dataset import RawDataset

PREVIEW_TAG = "cleargrid/preview"
"""Tag of a run, which the list of runs shows: what a load would find."""


def show_preview(
    context: dg.AssetExecutionContext,
    asset: dg.AssetKey,
    config: LoadConfig,
    dataset: RawDataset,
    months: dg.MonthlyPartitionsDefinition,
    *,
    cleargrid: ClearGridConnection,
    warehouse: WarehouseConnection,
) -> None:
    """Read and rehearse a load of the run's month, and log what it would change. Raises as `load_month` does.

    However it ends, it repeats the month's check results: it evaluates none of the checks that its run planned.
    """
    try:
        load, _ = read_verified(context, config, dataset, months, cleargrid=cleargrid, warehouse=warehouse.warehouse())
        preview = _preview(context, load, warehouse, config.vanish_limit(cleargrid.settings))
        if isinstance(preview, Superseded):
            report_superseded(context, preview)
        else:
            _report(context, asset, preview)
    finally:
        repeat_check_results(context)


def _report(context: dg.AssetExecutionContext, asset: dg.AssetKey, preview: Preview) -> None:
    """Log the preview as an observation of `asset`: neither a materialization nor a new version.

    It makes nothing fresh or stale.
    """
    context.instance.add_run_tags(context.run.run_id, {PREVIEW_TAG: load_summary(preview.rehearsed.landed)})
    context.log.info("%s", summary(preview))
    context.log_event(
        dg.AssetObservation(
            asset,
            partition=context.partition_key,
            description=summary(preview),
            metadata=preview_metadata(preview),
        )
    )


def _preview(
    context: dg.AssetExecutionContext, load: MonthLoad, warehouse: WarehouseConnection, vanish_limit: float
) -> Preview | Superseded:
    with copied_month(warehouse.warehouse(), load) as connection:
        before = _key_figures(connection, load, warehouse.settings)
        rehearsed = rehearse(connection, load, run_id=context.run.run_id, vanish_limit=vanish_limit)
        if isinstance(rehearsed, Superseded):
            return rehearsed
        after = _key_figures(connection, load, warehouse.settings)
    return Preview(load, rehearsed, before, after)


def _key_figures(connection: duckdb.DuckDBPyConnection, load: MonthLoad, settings: Settings) -> Mapping[str, KeyFigure]:
    """The month's key figures by metric; none for a dataset that the analytics do not read."""
    return compute_key_figures(connection, load.month, settings) if load.dataset == D23 else {}
