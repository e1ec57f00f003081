"""`reports/published_tables`: the analytics tables as Parquet files, which any tool can read at any time.

The copies and where they lie belong here; the tables do not. The folder `published/<environment>` is beside the
warehouse file, or with a lake's own files, so that generated rows never replace production's.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.asset_keys import UNPREFIXED, AssetKeys
from cleargrid_assets.assets.definition_metadata import FRESHNESS, OWNERS, code_references
from cleargrid_assets.assets.sql_asset import summary_version
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.rules_version import files_version
from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.table import Table
from cleargrid_assets.warehouse import WarehouseMissingError
from cleargrid_assets.warehouse.artifacts import Artifacts, artifacts_at

if TYPE_CHECKING:
    import duckdb

    from cleargrid_assets.warehouse.warehouse import Warehouse

PATH = ("reports", "published_tables")


def build_published_tables(keys: AssetKeys = UNPREFIXED) -> dg.AssetsDefinition:
    """The asset, computed over all months at once."""

    @dg.asset(
        key=keys(*PATH),
        group_name="reports",
        deps=keys.tables(ANALYTICS_TABLES),
        description=(
            "Every analytics table as a Parquet file in `published/<environment>` beside the warehouse, for tools that "
            "read files. Each file is replaced as a whole: a reader sees the old one or the new one."
        ),
        metadata={"dagster/code_references": code_references(*PATH)},
        code_version=files_version(Path(__file__)),
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"duckdb", "parquet"},
    )
    def published_tables(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[WarehouseConnection]
    ) -> dg.MaterializeResult[None]:
        with dagster_failures():
            version = summary_version(context, warehouse.settings)
            folder, rows = publish(warehouse.warehouse(), warehouse.settings.environment)
        state = f"{len(rows)} tables" if rows else "none: no month has been computed yet"
        metadata: dict[str, Any] = {"folder": dg.MetadataValue.path(folder), "published": state, **rows}
        return dg.MaterializeResult(data_version=version, metadata=metadata)

    return published_tables


def published_artifacts(warehouse: "Warehouse", environment: str) -> Artifacts:
    """The folder or prefix of the files."""
    return artifacts_at(f"{warehouse.location}/published/{environment}")


def publish(warehouse: "Warehouse", environment: str) -> tuple[str, dict[str, int]]:
    """Copy every analytics table that exists; return the folder and the rows of each table."""
    published = published_artifacts(warehouse, environment)
    return published.display_name, _copy_tables(warehouse, published)


def _copy_tables(warehouse: "Warehouse", published: Artifacts) -> dict[str, int]:
    """The row count of each copied table; empty if there is no warehouse yet."""
    try:
        with warehouse.reading() as connection:
            tables = [table for table in ANALYTICS_TABLES if table.exists_in(connection)]
            return {table.name: _copy(connection, table, published) for table in tables}
    except WarehouseMissingError:
        return {}


def parquet_name(table: Table) -> str:
    """The name of the table's file."""
    return f"{table.name}.parquet"


def _copy(connection: "duckdb.DuckDBPyConnection", table: Table, published: Artifacts) -> int:
    """Replace the file of one table; return its row count."""
    order = ", ".join(table.grain)
    with published.replacing(parquet_name(table)) as file:
        path = str(file).replace("'", "''")
        copied = connection.execute(f"COPY (FROM {table.qualified_name} ORDER BY {order}) TO '{path}' (FORMAT parquet)")
        return int(copied.fetchall()[0][0])
