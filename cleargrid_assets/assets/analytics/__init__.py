"""Schema `analytics`: the answers to a collections manager's questions, one SQL file per table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.analytics.agent_productivity import build_agent_productivity
from cleargrid_assets.assets.analytics.calling_hours import build_calling_hours
from cleargrid_assets.assets.analytics.cohort_contact import build_cohort_contact
from cleargrid_assets.assets.analytics.kpi_monthly import build_kpi_monthly
from cleargrid_assets.assets.analytics.outcome_mix import build_outcome_mix
from cleargrid_assets.assets.analytics.ptp_vintage import build_ptp_vintage
from cleargrid_assets.assets.analytics.unmapped_outcomes import build_unmapped_outcomes
from cleargrid_assets.assets.reference_asset import reference_asset
from cleargrid_assets.tables.analytics import METRIC_DEFINITIONS

if TYPE_CHECKING:
    import dagster as dg


def build_analytics(months: dg.MonthlyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The assets of the schema."""
    return [
        build_outcome_mix(months),
        build_agent_productivity(months),
        build_cohort_contact(months),
        build_calling_hours(months),
        build_kpi_monthly(months),
        build_ptp_vintage(months),
        reference_asset(METRIC_DEFINITIONS),
        build_unmapped_outcomes(),
    ]
