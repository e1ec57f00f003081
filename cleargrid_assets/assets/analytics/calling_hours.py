"""`analytics.calling_hours`: the tables that its SQL reads. The SQL is in the file of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reference_asset import reference_of
from cleargrid_assets.assets.sql_asset import sql_asset
from cleargrid_assets.tables.analytics import CALLING_HOURS
from cleargrid_assets.tables.core import CALLING_HOURS_PROFILES, CONTACT_ATTEMPTS

if TYPE_CHECKING:
    import dagster as dg


def build_calling_hours(months: dg.MonthlyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset, partitioned by `months`."""
    return sql_asset(CALLING_HOURS, [CONTACT_ATTEMPTS], months, references=(reference_of(CALLING_HOURS_PROFILES),))
