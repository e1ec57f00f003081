"""`reports/published_tables`: the analytics tables as Parquet files, which any tool can read at any time.

Here: the copies. Not here: the tables. The folder `published` lies beside the warehouse file and holds the tables of
one environment, whose name is in the file `ENVIRONMENT`.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.assets.presentation import FRESHNESS, OWNERS, code_references
from cleargrid_assets.assets.sql_asset import FOLLOW_TABLE
from cleargrid_assets.failures import explained
from cleargrid_assets.resources import WarehouseResource
from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.table import Table
from cleargrid_assets.warehouse.inventory import has_table

if TYPE_CHECKING:
    import duckdb

KEY = dg.AssetKey(["reports", "published_tables"])


def build_published_tables() -> dg.AssetsDefinition:
    """The asset, over all months at once."""

    @dg.asset(
        key=KEY,
        group_name="reports",
        deps=[dg.AssetKey(table.key) for table in ANALYTICS_TABLES],
        description=(
            "Every analytics table as a Parquet file in the folder `published` beside the warehouse, for tools that "
            "read files. Each file is replaced as a whole: a reader sees the old one or the new one."
        ),
        metadata={"dagster/code_references": code_references(*KEY.path)},
        automation_condition=FOLLOW_TABLE,
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"duckdb", "parquet"},
    )
    def published_tables(warehouse: dg.ResourceParam[WarehouseResource]) -> dg.MaterializeResult[None]:
        with explained():
            folder, rows = publish(warehouse)
        return dg.MaterializeResult(metadata={"folder": dg.MetadataValue.path(str(folder)), **rows})

    return published_tables


def publish(warehouse: WarehouseResource) -> tuple[Path, dict[str, int]]:
    """Copy every analytics table that exists; return the folder and the rows of each table."""
    folder = published_folder(warehouse)
    folder.mkdir(parents=True, exist_ok=True)
    with warehouse.warehouse().reading() as connection:
        tables = [table for table in ANALYTICS_TABLES if has_table(connection, table)]
        rows = {table.name: _copy(connection, table, folder) for table in tables}
    (folder / "ENVIRONMENT").write_text(f"{warehouse.settings.environment}\n", encoding="utf-8")
    return folder, rows


def published_folder(warehouse: WarehouseResource) -> Path:
    """`published`, beside the warehouse file."""
    return Path(warehouse.settings.warehouse).resolve().parent / "published"


def _copy(connection: "duckdb.DuckDBPyConnection", table: Table, folder: Path) -> int:
    """Write one table beside its file, then put it in the file's place."""
    unfinished, finished = folder / f".{table.name}.parquet.unfinished", folder / f"{table.name}.parquet"
    path = str(unfinished).replace("'", "''")
    order = ", ".join(table.grain)
    connection.execute(f"COPY (FROM {table.qualified_name} ORDER BY {order}) TO '{path}' (FORMAT parquet)")
    unfinished.replace(finished)
    return int(connection.execute(f"SELECT count(*) FROM {table.qualified_name}").fetchall()[0][0])
