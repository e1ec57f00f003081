"""Dagster's entry point: assembles assets, checks, jobs, schedules and sensors.

Add a new part to the lists here; the parts live in their own modules. Importing this module does nothing; Dagster
calls `definitions`, which needs no variable set.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.alert_sensors import build_alert_sensors
from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.analytics import build_analytics
from cleargrid_assets.assets.cleargrid import build_sources
from cleargrid_assets.assets.core import build_core
from cleargrid_assets.assets.definition_metadata import IO_MANAGER
from cleargrid_assets.assets.deployment import with_code_versions, with_deployment
from cleargrid_assets.assets.month_checks import blocking_checks
from cleargrid_assets.assets.month_tables import build_month_tables
from cleargrid_assets.assets.raw import build_raw, build_side_tables
from cleargrid_assets.assets.reports import build_reports
from cleargrid_assets.checks import build_checks
from cleargrid_assets.failures import RETRIES
from cleargrid_assets.jobs import (
    build_check_months,
    build_compute_month,
    build_observe_cleargrid,
    build_refresh_month,
    build_refresh_summary,
    maintain_lake,
)
from cleargrid_assets.marts import marts_of
from cleargrid_assets.partitions import build_months
from cleargrid_assets.resources import ClearGridResource, ClockResource, WarehouseResource, build_resource
from cleargrid_assets.schedules import build_refresh_schedules, build_schedules_without_month
from cleargrid_assets.sensors import build_change_sensor, build_follow_sensor, build_restart_sensor
from cleargrid_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cleargrid_assets.marts import Marts


@dg.definitions
def definitions() -> dg.Definitions:
    """The definitions for the settings of the environment and `.env`."""
    settings = Settings.from_environment()
    return _definitions(frozenset(settings.variables.items()), settings.from_file, settings.file_problems, Path.cwd())


@lru_cache(maxsize=1)
def _definitions(
    variables: frozenset[tuple[str, str]],
    from_file: frozenset[str],
    file_problems: tuple[str, ...],
    _folder: Path,  # that relative paths start from
) -> dg.Definitions:
    """The same object for the same settings: Dagster asks five times for each run, and resolves the graph each time."""
    return build_definitions(Settings(dict(variables), from_file, file_problems))


def build_definitions(
    settings: Settings,
    resources: Mapping[str, Any] | None = None,
    retries: dg.RetryPolicy = RETRIES,
    executor: dg.ExecutorDefinition | None = dg.in_process_executor,
) -> dg.Definitions:
    """The definitions for `settings`; `resources` replace those of the same name, for tests.

    Raises `MartError` for a mart of CLEARGRID_MARTS that cannot become a table.

    `executor`: of the runs that no job defines; None for that of an embedding project.
    """
    silence_preview_warnings()
    months, datasets, keys = build_months(settings), settings.datasets, AssetKeys.of(settings)
    marts = marts_of(settings)
    sources = build_sources(datasets, months, retries, keys)
    loaded = [build_raw(dataset, months, retries, keys) for dataset in datasets]
    side_tables = [table for dataset in datasets for table in build_side_tables(dataset, months, keys)]
    checks = {keys.table(dataset.rows): blocking_checks(dataset) for dataset in datasets}
    ledgers = keys.tables(dataset.loads for dataset in datasets)
    derived = with_code_versions(
        [
            build_month_tables(months, retries, keys, marts),
            *build_core(keys),
            *build_analytics(keys),
            *build_reports(keys, marts),
        ],
        settings,
    )
    refresh_month, compute_month = build_refresh_month([*loaded, *derived]), build_compute_month(derived)
    refresh_summary, check_months = build_refresh_summary(derived), build_check_months(ledgers, keys)
    observe_cleargrid = build_observe_cleargrid(sources.keys)
    return dg.Definitions(
        assets=with_deployment(settings, [sources, *loaded, *side_tables, *derived]),
        asset_checks=build_checks(months, datasets, keys, marts),
        jobs=[refresh_month, compute_month, refresh_summary, check_months, observe_cleargrid],
        schedules=[
            *build_refresh_schedules(settings, months, refresh_month),
            *build_schedules_without_month(settings, observe_cleargrid, refresh_summary, check_months, maintain_lake),
        ],
        sensors=[
            build_follow_sensor(settings, months, checks, [compute_month, refresh_summary], marts),
            build_restart_sensor(months, refresh_month, [asset.key for asset in loaded]),
            build_change_sensor(months, datasets, refresh_month, keys),
            *build_alert_sensors(settings),
        ],
        resources={**_resources(settings, marts, retries), **(resources or {})},
        executor=executor,
    )


def _resources(settings: Settings, marts: Marts, retries: dg.RetryPolicy) -> dict[str, Any]:
    return {
        "cleargrid": build_resource(ClearGridResource, settings),
        "clock": ClockResource(),
        "warehouse": build_resource(WarehouseResource, settings, marts=marts),
        IO_MANAGER: _io_manager(retries),
    }


def _io_manager(retries: dg.RetryPolicy) -> dg.IOManagerDefinition:
    """Imported by runs: definitions need none."""

    @dg.io_manager(
        required_resource_keys={"warehouse"},
        description="Stores each month of an asset in its table of the warehouse, in one transaction.",
    )
    def warehouse_io_manager(context: dg.InitResourceContext) -> dg.IOManager:
        from cleargrid_assets.io_managers import WarehouseIOManager  # noqa: PLC0415 - see the docstring

        return WarehouseIOManager(context.resources.warehouse, retries)

    return warehouse_io_manager


def silence_preview_warnings() -> None:
    """Dagster 1.13 marks partitioned checks and freshness policies as preview and would log a warning for each."""
    warnings.filterwarnings("ignore", category=dg.PreviewWarning)
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
