"""`reports/published_tables`: the numbers in files that every tool can read at any time, while loads run.

The asset and where the files go belong here; `publication` writes them.
The folder `published/<environment>` is beside the warehouse file, or with a lake's own files, so that generated rows
never replace production's.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.definition_metadata import FRESHNESS, OWNERS, code_references, files_of, table_spec
from cleargrid_assets.assets.mart_run import MartRun
from cleargrid_assets.assets.mart_tables import MartTable
from cleargrid_assets.assets.month_checks import check_spec
from cleargrid_assets.assets.sql_asset import summary_version
from cleargrid_assets.connections import Clock, WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.marts import Marts
from cleargrid_assets.rules_version import files_version
from cleargrid_assets.sql_checks import read_mart_checks
from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.tables.raw import D23_LOADS
from cleargrid_assets.warehouse.artifacts import Artifacts, artifacts_at

if TYPE_CHECKING:
    from cleargrid_assets.warehouse.warehouse import Warehouse

PATH = ("reports", "published_tables")


def build_published_tables(keys: AssetKeys, marts: Marts) -> dg.AssetsDefinition:
    """The asset, computed over all months at once, and a lender's marts over all months, which its step computes."""
    over_all_months = Marts(marts.over_all_months)
    tables, checks = [MartTable(mart) for mart in over_all_months.marts], read_mart_checks(over_all_months)
    published = keys(*PATH)

    @dg.multi_asset(
        name=published.to_python_identifier(),
        specs=[*(table_spec(computed, keys) for computed in tables), _spec(published, marts, keys)],
        check_specs=[
            check_spec(check, None, keys.table(check.table), keys.tables(check.other_tables)) for check in checks
        ],
        can_subset=True,
    )
    def published_tables(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[WarehouseConnection],
        clock: dg.ResourceParam[Clock],
    ) -> Iterator[dg.MaterializeResult[None] | dg.Output[None] | dg.AssetCheckEvaluation]:
        with dagster_failures():
            version = summary_version(context, warehouse)
            run = MartRun(context, warehouse, tables, checks, version=version)
            if tables and warehouse.warehouse().exists:
                yield from run.events()
            if published in context.selected_asset_keys:
                yield _publish(warehouse, clock.now(), marts, published, version)
        run.raise_failures()

    return published_tables


def _spec(key: dg.AssetKey, marts: Marts, keys: AssetKeys) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        group_name="reports",
        deps=keys.tables((*ANALYTICS_TABLES, *marts.tables, CONTACT_ATTEMPTS, D23_LOADS)),
        description=(
            "The numbers for every other tool, in `published/<environment>` beside the warehouse: `cleargrid.duckdb`, "
            "which a tool may keep open while loads run; each table of `analytics` and `marts` as Parquet and CSV; "
            "`cleargrid.xlsx`; and the attempts and the ledger as a Parquet file for each month. Each file is replaced "
            "as a whole: a reader sees the old one or the new one. `docs/read_it_with.md` says how to open them."
        ),
        metadata={"dagster/code_references": code_references(*PATH)},
        code_version=files_version(Path(__file__), *files_of(Path(__file__).with_name("publication"))),
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"duckdb", "parquet"},
    )


def _publish(
    resource: WarehouseConnection, now: datetime, marts: Marts, key: dg.AssetKey, version: dg.DataVersion
) -> dg.MaterializeResult[None]:
    """Publish the tables as they are: a mart that could not be computed keeps its rows. Raises `WarehouseError`."""
    from cleargrid_assets.assets.reports.publication.publish import publish  # noqa: PLC0415 - definitions need no DuckDB

    folder, rows = publish(resource.warehouse(), resource.settings.environment, now, marts.tables)
    state = f"{len(rows)} tables" if rows else "none: no month has been computed yet"
    metadata: dict[str, Any] = {"folder": dg.MetadataValue.path(folder), "published": state, **rows}
    return dg.MaterializeResult(asset_key=key, data_version=version, metadata=metadata)


def published_location(warehouse: "Warehouse", environment: str) -> str:
    """The path or address of the folder of the files."""
    return f"{warehouse.location}/published/{environment}"


def published_artifacts(warehouse: "Warehouse", environment: str) -> Artifacts:
    """The folder or prefix of the files."""
    return artifacts_at(published_location(warehouse, environment))
