"""Dagster's entry point: everything put together.

Here: the list of parts. Not here: any part. Nothing happens at import; Dagster calls `definitions`, which needs no
variable to be set.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.assets.analytics import build_analytics
from cleargrid_assets.assets.core import build_core
from cleargrid_assets.assets.raw import build_raw
from cleargrid_assets.checks import build_checks
from cleargrid_assets.io_managers import WarehouseIOManager
from cleargrid_assets.jobs import build_refresh_month
from cleargrid_assets.partitions import build_months
from cleargrid_assets.resources import ClearGridResource, WarehouseResource
from cleargrid_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping


@dg.definitions
def definitions() -> dg.Definitions:
    """The platform on the settings of the environment and `.env`."""
    return build_definitions(Settings.from_environment())


def build_definitions(settings: Settings, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The whole graph on `settings`; `resources` replace those of the same name, for tests."""
    _quieten_preview_warnings()
    months = build_months(settings)
    raw, derived = build_raw(months), [*build_core(months), *build_analytics(months)]
    return dg.Definitions(
        assets=[*raw, *derived],
        asset_checks=build_checks(months),
        jobs=[build_refresh_month(months, derived)],
        resources={**_resources(settings), **(resources or {})},
        executor=dg.in_process_executor,
    )


def _resources(settings: Settings) -> dict[str, Any]:
    warehouse = WarehouseResource(settings)
    return {
        "cleargrid": ClearGridResource(settings),
        "warehouse": warehouse,
        "io_manager": WarehouseIOManager(warehouse),
    }


def _quieten_preview_warnings() -> None:
    """Partitioned checks and freshness policies are marked so in Dagster 1.13: a line for each would bury the log."""
    warnings.filterwarnings("ignore", category=dg.PreviewWarning)
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
