"""`core.outcome_spellings`: every spelling of an outcome in a month, and what the outcome map makes of it.

Here: the asset. Not here: the map and its matching key (`outcome_map`). The spellings are classified in Python,
because the key needs Unicode rules that SQL lacks; everything after it joins this table in plain SQL.
"""

import dagster as dg
import pandas as pd

from cleargrid_assets.assets.presentation import FRESHNESS, OWNERS, definition_metadata, description
from cleargrid_assets.assets.sql_asset import FOLLOW_MONTH
from cleargrid_assets.failures import LANDING_ERRORS, failure_of
from cleargrid_assets.outcome_map import OutcomeMap
from cleargrid_assets.partitions import month_of
from cleargrid_assets.resources import WarehouseResource
from cleargrid_assets.tables.core import OUTCOME_SPELLINGS
from cleargrid_assets.tables.raw import D23_MANUAL_COMMUNICATION_LOGS

SPELLINGS = f"""
SELECT DISTINCT outcome_option FROM {D23_MANUAL_COMMUNICATION_LOGS.qualified_name} WHERE month = ? ORDER BY ALL
"""


def build_outcome_spellings(months: dg.MonthlyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset over `months`."""

    @dg.asset(
        key=dg.AssetKey(OUTCOME_SPELLINGS.key),
        group_name="core",
        deps=[dg.AssetKey(D23_MANUAL_COMMUNICATION_LOGS.key)],
        partitions_def=months,
        description=description(OUTCOME_SPELLINGS),
        metadata=definition_metadata(OUTCOME_SPELLINGS),
        automation_condition=FOLLOW_MONTH,
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"duckdb", "python"},
    )
    def outcome_spellings(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[WarehouseResource]
    ) -> dg.Output[pd.DataFrame]:
        month = month_of(context.partition_key)
        try:
            outcome_map = OutcomeMap.load(warehouse.settings.outcomes)
            with warehouse.warehouse().reading() as connection:
                spellings = [row[0] for row in connection.execute(SPELLINGS, [month]).fetchall()]
        except LANDING_ERRORS as error:
            raise failure_of(error) from error
        return _output(month, outcome_map, spellings)

    return outcome_spellings


def _output(month: object, outcome_map: OutcomeMap, spellings: list[str | None]) -> dg.Output[pd.DataFrame]:
    classified = pd.DataFrame(outcome_map.classify(spellings), columns=list(OUTCOME_SPELLINGS.column_names[1:]))
    unmapped = classified.loc[~classified["is_mapped"].astype(bool), "outcome_option"]
    return dg.Output(
        classified.assign(month=month),
        metadata={
            "spellings": len(classified),
            "unmapped_spellings": len(unmapped),
            "outcome_map_version": outcome_map.version,
        },
    )
