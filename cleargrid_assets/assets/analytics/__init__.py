"""Schema `analytics`: what a collections manager asks, each table one SQL file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.analytics.agent_productivity import build_agent_productivity
from cleargrid_assets.assets.analytics.cohort_contact import build_cohort_contact
from cleargrid_assets.assets.analytics.outcome_mix import build_outcome_mix

if TYPE_CHECKING:
    import dagster as dg


def build_analytics(months: dg.MonthlyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The assets of the schema."""
    return [build_outcome_mix(months), build_agent_productivity(months), build_cohort_contact(months)]
