"""`analytics.kpi_monthly`: the tables that its SQL reads. The SQL is in the two files of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reference_asset import reference_of
from cleargrid_assets.assets.sql_asset import sql_asset, sql_path
from cleargrid_assets.tables.analytics import CALLING_HOURS, KPI_MONTHLY, METRIC_DEFINITIONS
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS

if TYPE_CHECKING:
    import dagster as dg


def build_kpi_monthly(months: dg.MonthlyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset, partitioned by `months`. It also updates the comparison of the month after."""
    month_after = sql_path(KPI_MONTHLY).with_name("kpi_monthly__month_after.sql")
    return sql_asset(
        KPI_MONTHLY,
        [CONTACT_ATTEMPTS, CALLING_HOURS],
        months,
        references=(reference_of(METRIC_DEFINITIONS),),
        followed_by=month_after.read_text(encoding="utf-8"),
    )
