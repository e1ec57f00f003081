"""`seed_asset`: a small table loaded from a shipped CSV file with the table's name.

The CSV files are next to the assets. Each month that joins such a table refreshes it in its own transaction, so it can
be computed alone; the asset shows the table in the lineage and fills it before any month runs.
"""

from pathlib import Path

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.definition_metadata import IO_MANAGER, OWNERS, definition_metadata, description
from cleargrid_assets.rules_version import files_version
from cleargrid_assets.tables.table import Table
from cleargrid_assets.warehouse import Query, Seed


def seed_of(table: Table) -> Seed:
    """The table with its file, `<schema>/<table>.csv`."""
    return Seed(table, Path(__file__).parent / table.schema / f"{table.name}.csv")


def seed_asset(table: Table, keys: AssetKeys) -> dg.AssetsDefinition:
    """The asset that fills `table` from its file."""
    seed = seed_of(table)

    @dg.asset(
        key=keys.table(table),
        group_name=table.schema,
        description=description(table),
        metadata=definition_metadata(table, keys),
        io_manager_key=IO_MANAGER,
        code_version=files_version(seed.file),
        owners=OWNERS,
        kinds={"duckdb", "csv"},
    )
    def reference_table() -> Query:
        return Query(seed.select)

    return reference_table
