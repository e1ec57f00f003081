"""Schema `core`: one row per landed row, none dropped, with the outcome map and local time applied.

Add a table here with the tables that its SQL reads; the SQL is in the file of the table's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.core.outcome_spellings import OutcomeSpellings
from cleargrid_assets.assets.seed_asset import seed_asset
from cleargrid_assets.assets.sql_asset import SqlTable
from cleargrid_assets.tables.core import CALLING_HOURS_PROFILES, CONTACT_ATTEMPTS, OUTCOME_SPELLINGS
from cleargrid_assets.tables.raw import D23_MANUAL_COMMUNICATION_LOGS

if TYPE_CHECKING:
    import dagster as dg

    from cleargrid_assets.asset_keys import AssetKeys

SPELLINGS = OutcomeSpellings()
ATTEMPTS = SqlTable(CONTACT_ATTEMPTS, (D23_MANUAL_COMMUNICATION_LOGS, OUTCOME_SPELLINGS))
BY_MONTH = (SPELLINGS, ATTEMPTS)


def build_core(keys: AssetKeys) -> list[dg.AssetsDefinition]:
    """The assets of the schema that have no months."""
    return [seed_asset(CALLING_HOURS_PROFILES, keys)]
