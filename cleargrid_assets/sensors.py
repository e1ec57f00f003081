"""What follows by itself: derived tables after backfills made by hand.

Here: the sensor. Not here: the conditions, which each asset carries (`assets.sql_asset`).
"""

from __future__ import annotations

import dagster as dg

FOLLOWERS = ("core", "analytics", "reports")


def build_follow_sensor() -> dg.AutomationConditionSensorDefinition:
    """Running from the first start: Dagster's own default sensor would wait for a click."""
    return dg.AutomationConditionSensorDefinition(
        "derived_tables_follow",
        target=dg.AssetSelection.groups(*FOLLOWERS),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="Computes core, analytics and reports after months that were backfilled by hand.",
    )
