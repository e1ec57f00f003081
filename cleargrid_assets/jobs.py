"""The jobs: which assets one run refreshes.

Add a selection of assets here; `schedules` decides when it runs and for which months.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.assets.reports import collections_report, published_tables
from cleargrid_assets.checks.freshness import LEDGER
from cleargrid_assets.checks.repair import REFRESH_MONTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

COMPUTE_MONTH = "compute_month"
REFRESH_SUMMARY = "refresh_summary"
CHECK_MONTHS = "check_months"
REPORTS = (collections_report.KEY, published_tables.KEY)


def build_refresh_month(assets: Sequence[dg.AssetsDefinition]) -> UnresolvedAssetJobDefinition:
    """One month from ClearGrid to the analytics."""
    return dg.define_asset_job(
        REFRESH_MONTH,
        selection=dg.AssetSelection.assets(*(asset.key for asset in assets if asset.partitions_def)),
        description="Read a month again and compute everything that is made of it.",
    )


def build_compute_month(derived: Sequence[dg.AssetsDefinition]) -> UnresolvedAssetJobDefinition:
    """What is made of one month, from the rows as they are."""
    return dg.define_asset_job(
        COMPUTE_MONTH,
        selection=dg.AssetSelection.assets(*(asset.key for asset in derived if asset.partitions_def)),
        description="Compute everything that is made of a month from its rows as they are, without reading it again.",
    )


def build_refresh_summary(assets: Sequence[dg.AssetsDefinition]) -> UnresolvedAssetJobDefinition:
    """What is made of all months together."""
    return dg.define_asset_job(
        REFRESH_SUMMARY,
        selection=dg.AssetSelection.assets(*(asset.key for asset in assets if not asset.partitions_def)),
        description="Compute the tables and files that span all months.",
    )


def build_check_months() -> UnresolvedAssetJobDefinition:
    """The ledger's checks on time, which no refresh asks, and whether the reports hold every month."""
    return dg.define_asset_job(
        CHECK_MONTHS,
        selection=dg.AssetSelection.checks_for_assets(LEDGER, *REPORTS),
        description=(
            "Ask whether every month is there, recent and in the reports; list what is not, with the command that "
            "repairs it."
        ),
    )
