"""`analytics.ptp_vintage`: the tables that its SQL reads. The SQL is in the file of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.sql_asset import sql_asset
from cleargrid_assets.tables.analytics import PTP_VINTAGE
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS

if TYPE_CHECKING:
    import dagster as dg

OBSERVATION = ("month", "load_number", "rules_version")


def build_ptp_vintage(months: dg.MonthlyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset, partitioned by `months`: one observation per load and rules version of a month, kept for ever."""
    return sql_asset(PTP_VINTAGE, [CONTACT_ATTEMPTS], months, replace_key=OBSERVATION)
