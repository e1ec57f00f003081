"""`analytics.outcome_mix`: the tables that its SQL reads. The SQL is in the file of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.sql_asset import sql_asset
from cleargrid_assets.tables.analytics import OUTCOME_MIX
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS

if TYPE_CHECKING:
    import dagster as dg


def build_outcome_mix(months: dg.MonthlyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset, partitioned by `months`."""
    return sql_asset(OUTCOME_MIX, [CONTACT_ATTEMPTS], months)
