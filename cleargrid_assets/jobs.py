"""The jobs: which assets one run refreshes.

Here: selections. Not here: when they run (`schedules`) or for which months.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

CRASH_RETRY = {"dagster/max_retries": "1"}

REFRESH_MONTH = "refresh_month"
REFRESH_SUMMARY = "refresh_summary"


def build_refresh_month(assets: Sequence[dg.AssetsDefinition]) -> UnresolvedAssetJobDefinition:
    """One month from ClearGrid to the analytics; a crashed run is started once more."""
    return dg.define_asset_job(
        REFRESH_MONTH,
        selection=dg.AssetSelection.assets(*(asset.key for asset in assets if asset.partitions_def)),
        tags=CRASH_RETRY,
        description="Read a month again and compute everything that is made of it.",
    )


def build_refresh_summary(assets: Sequence[dg.AssetsDefinition]) -> UnresolvedAssetJobDefinition:
    """What is made of all months together."""
    return dg.define_asset_job(
        REFRESH_SUMMARY,
        selection=dg.AssetSelection.assets(*(asset.key for asset in assets if not asset.partitions_def)),
        tags=CRASH_RETRY,
        description="Compute the tables and files that span all months.",
    )
