"""`analytics.unmapped_outcomes`: the tables that its SQL reads. The SQL is in the file of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.sql_asset import sql_asset
from cleargrid_assets.tables.analytics import UNMAPPED_OUTCOMES
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS, OUTCOME_SPELLINGS

if TYPE_CHECKING:
    import dagster as dg


def build_unmapped_outcomes() -> dg.AssetsDefinition:
    """The asset, computed over all months at once."""
    return sql_asset(UNMAPPED_OUTCOMES, [CONTACT_ATTEMPTS, OUTCOME_SPELLINGS], None)
