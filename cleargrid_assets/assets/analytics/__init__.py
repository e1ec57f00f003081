"""Schema `analytics`: the answers to a collections manager's questions, one SQL file per table.

Add a table here with the tables that its SQL reads; the SQL is in the file of the table's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.seed_asset import seed_asset, seed_of
from cleargrid_assets.assets.sql_asset import SqlTable, sql_asset, sql_path
from cleargrid_assets.tables.analytics import (
    AGENT_PRODUCTIVITY,
    CALLING_HOURS,
    COHORT_CONTACT,
    KPI_DAILY,
    KPI_MONTHLY,
    METRIC_DEFINITIONS,
    OUTCOME_MIX,
    PTP_VINTAGE,
    UNMAPPED_OUTCOMES,
)
from cleargrid_assets.tables.core import CALLING_HOURS_PROFILES, CONTACT_ATTEMPTS, OUTCOME_SPELLINGS

if TYPE_CHECKING:
    import dagster as dg

    from cleargrid_assets.asset_keys import AssetKeys

MONTH_AFTER = sql_path(KPI_MONTHLY).with_name("kpi_monthly__month_after.sql")
"""Updates the comparison of the month after, which reads the values of the month just computed."""

OBSERVATION = ("month", "load_number", "rules_version")
"""What a vintage keeps for ever: one observation per load and rules version of a month."""


BY_MONTH = (
    SqlTable(OUTCOME_MIX, (CONTACT_ATTEMPTS,)),
    SqlTable(AGENT_PRODUCTIVITY, (CONTACT_ATTEMPTS,)),
    SqlTable(COHORT_CONTACT, (CONTACT_ATTEMPTS,), is_as_of_the_load=True),
    SqlTable(CALLING_HOURS, (CONTACT_ATTEMPTS,), seeds=(seed_of(CALLING_HOURS_PROFILES),)),
    SqlTable(
        KPI_MONTHLY,
        (CONTACT_ATTEMPTS, CALLING_HOURS),
        seeds=(seed_of(METRIC_DEFINITIONS),),
        post_file=MONTH_AFTER,
        is_as_of_the_load=True,
    ),
    SqlTable(KPI_DAILY, (CONTACT_ATTEMPTS,), seeds=(seed_of(METRIC_DEFINITIONS), seed_of(CALLING_HOURS_PROFILES))),
    SqlTable(PTP_VINTAGE, (CONTACT_ATTEMPTS,), replace_key=OBSERVATION, is_as_of_the_load=True),
)


def build_analytics(keys: AssetKeys) -> list[dg.AssetsDefinition]:
    """The assets of the schema that have no months."""
    return [
        seed_asset(METRIC_DEFINITIONS, keys),
        sql_asset(SqlTable(UNMAPPED_OUTCOMES, (CONTACT_ATTEMPTS, OUTCOME_SPELLINGS)), keys),
    ]
