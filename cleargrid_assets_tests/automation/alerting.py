"""Alert sensors as Dagster's daemon evaluates them, and runs that fail.

What is sent belongs to the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.definitions import build_definitions
from cleargrid_assets_tests.platform_under_test import MAY

if TYPE_CHECKING:
    from cleargrid_assets_tests.platform_under_test import Platform

RUNS, CHECKS = "alert_on_failed_run", "alert_on_failed_check"


@dataclass
class Sensor:
    """A sensor as the daemon evaluates it: the cursor is stored when a tick succeeds, and lost when it fails."""

    platform: Platform
    name: str
    cursor: str | None = None

    def tick(self) -> str:
        """Evaluate one tick; return its skip message."""
        repository = build_definitions(self.platform.settings).get_repository_def()
        context = dg.build_sensor_context(self.platform.instance, cursor=self.cursor, repository_def=repository)
        data = repository.get_sensor_def(self.name).evaluate_tick(context)
        self.cursor = data.cursor
        return data.skip_message or ""

    def after_a_restart(self) -> Sensor:
        return Sensor(self.platform, self.name, self.cursor)


def start_sensor(platform: Platform, name: str) -> Sensor:
    """A sensor after its first tick, before anything has happened."""
    sensor = Sensor(platform, name)
    sensor.tick()
    return sensor


def fail(platform: Platform, month: str = MAY) -> dg.DagsterRun:
    """A load that fails."""
    run = platform.load(month)
    assert not run.success
    return run.dagster_run
