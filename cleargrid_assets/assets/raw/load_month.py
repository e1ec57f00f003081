"""Loads one month within a run: verifies the warehouse's identity, reads, writes, and reports to Dagster.

Add a step of a load here. Reading within a run is in `read_with_progress`, reading in general in `landing.read_month`,
the write in `landing.write`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.assets.raw.latest_check_results import repeat_check_results
from cleargrid_assets.assets.raw.read_with_progress import figures, read, summary
from cleargrid_assets.landing.ledger import Superseded
from cleargrid_assets.landing.warehouse_identity import IdentityGuard
from cleargrid_assets.landing.write import land
from cleargrid_assets.partitions import window_of
from cleargrid_assets.time_zone_data import verify_time_zone

if TYPE_CHECKING:
    from cleargrid_assets.assets.raw.load_config import LoadConfig
    from cleargrid_assets.connections import ClearGridConnection
    from cleargrid_assets.landing.read_month import MonthLoad
    from cleargrid_assets.landing.write import Landed
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.warehouse.warehouse import Warehouse

LOAD_TAG = "cleargrid/load"
"""Tag of a run, which the list of runs shows: what its load found."""

SUPERSEDED_BY_TAG = "cleargrid/superseded_by"
"""Tag of a run whose read was superseded: the run that landed the month from a later read."""


@dataclass(frozen=True)
class MonthLanded:
    """A written month and its result for Dagster."""

    result: dg.MaterializeResult[None]
    landed: Landed


def load_month(
    context: dg.AssetExecutionContext,
    config: LoadConfig,
    dataset: RawDataset,
    months: dg.MonthlyPartitionsDefinition,
    *,
    cleargrid: ClearGridConnection,
    warehouse: Warehouse,
) -> MonthLanded | None:
    """Read and land the run's month; None if a later read landed first. Raises the client's and landing's errors."""
    load, guard = read_verified(context, config, dataset, months, cleargrid=cleargrid, warehouse=warehouse)
    landed = land(
        warehouse,
        load,
        guard=guard,
        run_id=context.run.run_id,
        vanish_limit=config.vanish_limit(cleargrid.settings),
        log=context.log,
    )
    if isinstance(landed, Superseded):
        report_superseded(context, landed)
        repeat_check_results(context)
        return None
    for month, rows in landed.taken.items():
        context.log.info("ClearGrid moved %s rows from %s to this month.", rows, f"{month:%Y-%m}")
    context.instance.add_run_tags(context.run.run_id, {LOAD_TAG: summary(landed)})
    result: dg.MaterializeResult[None] = dg.MaterializeResult(
        metadata=figures(load, landed), data_version=dg.DataVersion(landed.version)
    )
    return MonthLanded(result, landed)


def read_verified(
    context: dg.AssetExecutionContext,
    config: LoadConfig,
    dataset: RawDataset,
    months: dg.MonthlyPartitionsDefinition,
    *,
    cleargrid: ClearGridConnection,
    warehouse: Warehouse,
) -> tuple[MonthLoad, IdentityGuard]:
    """Read the run's month for a warehouse that may hold it, of which the guard makes sure.

    Raises `SettingsError` for a run config that is out of bounds, before anything is sent.
    """
    config.validate_bounds()
    window, settings = window_of(months, context.partition_key), cleargrid.settings
    verify_time_zone(settings.timezone, window.since, window.until)
    client = cleargrid.client()
    guard = IdentityGuard.of(settings, client, warehouse)
    guard.verify_warehouse(warehouse)
    load = read(context, config, dataset, window, client=client, settings=settings, warehouse=warehouse)
    return load, guard


def report_superseded(context: dg.AssetExecutionContext, newer: Superseded) -> None:
    """Log and tag which run landed the month from a later read."""
    context.log.warning(
        "Superseded: run %s began to read %s later than this run (at %s UTC) and has already landed it, as load %s. "
        "This run wrote nothing and computes nothing. There is nothing to do.",
        newer.run_id,
        context.partition_key[:7],
        f"{newer.started_at:%Y-%m-%d %H:%M:%S}",
        newer.load_number,
    )
    context.instance.add_run_tags(context.run.run_id, {SUPERSEDED_BY_TAG: newer.run_id})
