"""`core.outcome_spellings`: every spelling of an outcome in a month, and how the outcome map classifies it.

The spellings are classified in Python, because the matching key needs Unicode rules that SQL lacks; every later step
joins this table in plain SQL. The map and its matching key are in `outcome_map`.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.asset_keys import UNPREFIXED, AssetKeys
from cleargrid_assets.assets.definition_metadata import (
    IO_MANAGER,
    OWNERS,
    definition_metadata,
    description,
)
from cleargrid_assets.assets.sql_asset import data_version
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.outcome_map import OutcomeMap
from cleargrid_assets.partitions import month_of
from cleargrid_assets.rules_version import files_version
from cleargrid_assets.staleness import rules_of
from cleargrid_assets.tables.core import OUTCOME_SPELLINGS
from cleargrid_assets.tables.raw import D23_MANUAL_COMMUNICATION_LOGS
from cleargrid_assets.warehouse import Query

if TYPE_CHECKING:
    import duckdb

FILL = "SELECT getvariable('month') AS month, *, getvariable('load_number') AS load_number FROM classified"

SPELLINGS = f"""
SELECT DISTINCT outcome_option FROM {D23_MANUAL_COMMUNICATION_LOGS.qualified_name} WHERE month = ? ORDER BY ALL
"""
VERSION = "SELECT max(load_number) FROM raw.month_versions WHERE month = ?"


def build_outcome_spellings(
    months: dg.MonthlyPartitionsDefinition, keys: AssetKeys = UNPREFIXED
) -> dg.AssetsDefinition:
    """The asset, partitioned by `months`."""

    @dg.asset(
        key=keys.table(OUTCOME_SPELLINGS),
        group_name="core",
        deps=[keys.table(D23_MANUAL_COMMUNICATION_LOGS)],
        partitions_def=months,
        description=description(OUTCOME_SPELLINGS),
        metadata=definition_metadata(OUTCOME_SPELLINGS, keys),
        io_manager_key=IO_MANAGER,
        code_version=files_version(Path(__file__)),
        owners=OWNERS,
        kinds={"duckdb", "python"},
    )
    def outcome_spellings(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[WarehouseConnection]
    ) -> dg.Output[Query]:
        month = month_of(context.partition_key)
        with dagster_failures():
            version = data_version(context, warehouse.settings)
            outcome_map = OutcomeMap.load(warehouse.settings.outcomes)
            with warehouse.warehouse().reading() as connection:
                query = spellings_query(connection, month, outcome_map, rules_of(version))
        classified = query.relations["classified"]
        return dg.Output(
            query,
            data_version=version,
            metadata={
                "spellings": classified.num_rows,
                "unmapped_spellings": classified["is_mapped"].to_pylist().count(False),
                "outcome_map_version": outcome_map.version,
            },
        )

    return outcome_spellings


def spellings_query(
    connection: "duckdb.DuckDBPyConnection", month: date, outcome_map: OutcomeMap, rules_version: str
) -> Query:
    """The month's classified spellings. Imports Arrow here, because loading definitions does not need it."""
    import pyarrow as pa  # noqa: PLC0415 - see the docstring

    spellings = [row[0] for row in connection.execute(SPELLINGS, [month]).fetchall()]
    ((load_number,),) = connection.execute(VERSION, [month]).fetchall()
    types = {"BOOLEAN": pa.bool_()}
    schema = pa.schema(
        [(column.name, types.get(column.type, pa.string())) for column in OUTCOME_SPELLINGS.columns[1:-2]]
    )
    return Query(
        FILL,
        variables={"month": month, "load_number": load_number},
        relations={"classified": pa.Table.from_pylist(outcome_map.classify(spellings), schema=schema)},
        rules_version=rules_version,
    )
