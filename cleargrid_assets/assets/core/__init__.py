"""Schema `core`: one row per landed row, none dropped, with the outcome map and local time applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.core.contact_attempts import build_contact_attempts
from cleargrid_assets.assets.core.outcome_spellings import build_outcome_spellings
from cleargrid_assets.assets.reference_asset import reference_asset
from cleargrid_assets.tables.core import CALLING_HOURS_PROFILES

if TYPE_CHECKING:
    import dagster as dg


def build_core(months: dg.MonthlyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The assets of the schema."""
    return [
        build_outcome_spellings(months),
        build_contact_attempts(months),
        reference_asset(CALLING_HOURS_PROFILES),
    ]
