"""The jobs: which assets one run refreshes.

Add a selection of assets here; `schedules` decides when it runs and for which months.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.assets.reports import collections_report, published_tables
from cleargrid_assets.checks.repair import REFRESH_MONTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

COMPUTE_MONTH = "compute_month"
REFRESH_SUMMARY = "refresh_summary"
CHECK_MONTHS = "check_months"
REPORTS = (collections_report.KEY, published_tables.KEY)


def build_refresh_month(assets: Sequence[dg.AssetsDefinition]) -> UnresolvedAssetJobDefinition:
    """The job that reads one month from ClearGrid and computes its analytics."""
    return dg.define_asset_job(
        REFRESH_MONTH,
        selection=dg.AssetSelection.assets(*(asset.key for asset in assets if asset.partitions_def)),
        description="Read a month again and compute everything that depends on it.",
    )


def build_compute_month(derived: Sequence[dg.AssetsDefinition]) -> UnresolvedAssetJobDefinition:
    """The job that computes one month's tables from its landed rows."""
    return dg.define_asset_job(
        COMPUTE_MONTH,
        selection=dg.AssetSelection.assets(*(asset.key for asset in derived if asset.partitions_def)),
        description="Compute everything that depends on a month from its landed rows, without reading it again.",
    )


def build_refresh_summary(assets: Sequence[dg.AssetsDefinition]) -> UnresolvedAssetJobDefinition:
    """The job that computes the tables and files over all months."""
    return dg.define_asset_job(
        REFRESH_SUMMARY,
        selection=dg.AssetSelection.assets(*(asset.key for asset in assets if not asset.partitions_def)),
        description="Compute the tables and files over all months.",
    )


def build_check_months(ledgers: Sequence[dg.AssetKey]) -> UnresolvedAssetJobDefinition:
    """The job that runs the freshness checks, which no refresh runs, and checks that the reports hold every month."""
    return dg.define_asset_job(
        CHECK_MONTHS,
        selection=dg.AssetSelection.checks_for_assets(*ledgers, *REPORTS),
        description=(
            "Check that every month is present, recent and in the reports; list those that are not, with the command "
            "that repairs them."
        ),
    )
