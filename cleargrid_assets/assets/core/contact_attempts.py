"""`core.contact_attempts`: the tables that its SQL reads. The SQL is in the file of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.sql_asset import sql_asset
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS, OUTCOME_SPELLINGS
from cleargrid_assets.tables.raw import D23_MANUAL_COMMUNICATION_LOGS

if TYPE_CHECKING:
    import dagster as dg


def build_contact_attempts(months: dg.MonthlyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset, partitioned by `months`."""
    return sql_asset(CONTACT_ATTEMPTS, [D23_MANUAL_COMMUNICATION_LOGS, OUTCOME_SPELLINGS], months)
