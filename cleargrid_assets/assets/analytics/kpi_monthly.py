"""`analytics.kpi_monthly`: what its SQL is made from. The SQL is in the two files of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reference_asset import reference_of
from cleargrid_assets.assets.sql_asset import sql_asset, sql_path
from cleargrid_assets.tables.analytics import CALLING_HOURS, KPI_MONTHLY, METRIC_DEFINITIONS
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS

if TYPE_CHECKING:
    import dagster as dg


def build_kpi_monthly(months: dg.MonthlyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset over `months`. The month after compares with it, so its comparison is written along."""
    month_after = sql_path(KPI_MONTHLY).with_name("kpi_monthly__month_after.sql")
    return sql_asset(
        KPI_MONTHLY,
        [CONTACT_ATTEMPTS, CALLING_HOURS],
        months,
        references=(reference_of(METRIC_DEFINITIONS),),
        followed_by=month_after.read_text(encoding="utf-8"),
    )
