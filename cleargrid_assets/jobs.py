"""The jobs: which assets one run refreshes, and the maintenance of a lake.

Add a selection of assets here; `schedules` decides when it runs and for which months.
"""

from collections.abc import Iterable, Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.reports import collections_report, month_certificates, published_tables
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.failures import dagster_failures

REFRESH_MONTH = "refresh_month"
COMPUTE_MONTH = "compute_month"
REFRESH_SUMMARY = "refresh_summary"
CHECK_MONTHS = "check_months"
OBSERVE_CLEARGRID = "observe_cleargrid"


def build_refresh_month(assets: Sequence[dg.AssetsDefinition]) -> UnresolvedAssetJobDefinition:
    """The job that reads one month from ClearGrid and computes its analytics."""
    return _asset_job(
        REFRESH_MONTH, _with_months(assets), "Read a month again and compute everything that depends on it."
    )


def build_compute_month(derived: Sequence[dg.AssetsDefinition]) -> UnresolvedAssetJobDefinition:
    """The job that computes one month's tables from its landed rows."""
    return _asset_job(
        COMPUTE_MONTH,
        _with_months(derived),
        "Compute everything that depends on a month from its landed rows, without reading it again.",
    )


def build_refresh_summary(assets: Sequence[dg.AssetsDefinition]) -> UnresolvedAssetJobDefinition:
    """The job that computes the tables and files over all months."""
    keys = (key for asset in assets if not asset.partitions_def for key in asset.keys)
    return _asset_job(REFRESH_SUMMARY, dg.AssetSelection.assets(*keys), "Compute the tables and files over all months.")


def build_observe_cleargrid(sources: Iterable[dg.AssetKey]) -> UnresolvedAssetJobDefinition:
    """The job that asks ClearGrid about every month, in one run."""
    return _asset_job(
        OBSERVE_CLEARGRID,
        dg.AssetSelection.assets(*sources),
        "Ask ClearGrid for its count of every month, in one run without a partition, within CLEARGRID_OBSERVE_REQUESTS "
        "requests.",
    )


def report_keys(keys: AssetKeys) -> list[dg.AssetKey]:
    """The assets that are files over all months."""
    return [keys(*report.PATH) for report in (collections_report, published_tables, month_certificates)]


def build_check_months(ledgers: Sequence[dg.AssetKey], keys: AssetKeys) -> UnresolvedAssetJobDefinition:
    """The job that runs the freshness checks, which no refresh runs, and checks that the reports hold every month."""
    return _asset_job(
        CHECK_MONTHS,
        dg.AssetSelection.checks_for_assets(*ledgers, *report_keys(keys)),
        "Check that every month is present, recent and in the reports; list those that are not, with the command that "
        "repairs them.",
    )


def _with_months(assets: Sequence[dg.AssetsDefinition]) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*(key for asset in assets if asset.partitions_def for key in asset.keys))


def _asset_job(name: str, selection: dg.AssetSelection, description: str) -> UnresolvedAssetJobDefinition:
    """A job that brings the executor that it was tested with, also into an embedding project."""
    return dg.define_asset_job(name, selection, description=description, executor_def=dg.in_process_executor)


@dg.op
def expire_old_snapshots(context: dg.OpExecutionContext, warehouse: dg.ResourceParam[WarehouseConnection]) -> None:
    """Drop old snapshots and the files that only they need; do nothing if there is no lake yet."""
    from cleargrid_assets.warehouse.ducklake_maintenance import expire  # noqa: PLC0415 - start-up needs no DuckDB

    with dagster_failures():
        lake = warehouse.warehouse()
        if not lake.exists:
            context.log.info("There is no lake yet.")
            return
        expired = expire(lake, warehouse.settings.lake_keep_days)
    context.log.info("Dropped %s snapshots and %s replaced files.", expired.snapshots, expired.files)


@dg.job(
    description=(
        "Expire the lake's snapshots that are older than CLEARGRID_LAKE_KEEP_DAYS, delete the files that only they "
        "need and the files of killed writes, and merge small files."
    )
)
def maintain_lake() -> None:
    """Maintain the lake; a warehouse in a file needs none of it."""
    expire_old_snapshots()
