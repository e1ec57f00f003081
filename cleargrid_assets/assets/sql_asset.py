"""`sql_asset`: a table computed by one SELECT, in an `.sql` file with the table's name.

Add what all SQL assets share here; the SQL files are next to the assets.
"""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from cleargrid_assets.asset_keys import UNPREFIXED, AssetKeys
from cleargrid_assets.assets.definition_metadata import (
    FRESHNESS,
    IO_MANAGER,
    OWNERS,
    definition_metadata,
    description,
)
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.partitions import month_of
from cleargrid_assets.rules_version import rules_version
from cleargrid_assets.settings import Settings
from cleargrid_assets.staleness import DataVersions, rules_of
from cleargrid_assets.tables.table import Table
from cleargrid_assets.warehouse import Query, Seed


def sql_asset(
    table: Table,
    deps: Sequence[Table],
    months: dg.MonthlyPartitionsDefinition | None,
    *,
    replace_key: tuple[str, ...] = (),
    seeds: tuple[Seed, ...] = (),
    post_statement: str | None = None,
    keys: AssetKeys = UNPREFIXED,
) -> dg.AssetsDefinition:
    """The asset that computes `table` from `deps`: by month, or as a whole without `months`. `Query` has the rest."""
    sql = sql_of(table)
    sources = (*deps, *(seed.table for seed in seeds))
    upstream = keys.tables(source for source in deps if source.is_partitioned)

    @dg.asset(
        key=keys.table(table),
        group_name=table.schema,
        deps=keys.tables(sources),
        partitions_def=months,
        description=f"{description(table)}\n\n```sql\n{sql}\n```",
        metadata=definition_metadata(table, keys),
        io_manager_key=IO_MANAGER,
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"duckdb", "sql"},
    )
    def compute_table(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[WarehouseConnection]
    ) -> dg.Output[Query]:
        with dagster_failures():
            variables = reporting_variables(warehouse.settings)
            version = data_version(context, warehouse.settings, upstream)
        if months:
            variables["month"] = month_of(context.partition_key)
        query = Query(
            sql,
            variables,
            replace_key=replace_key,
            seeds=seeds,
            post_statement=post_statement,
            rules_version=rules_of(version),
        )
        return dg.Output(query, data_version=version)

    return compute_table


def data_version(
    context: dg.AssetExecutionContext, settings: Settings, upstream: Sequence[dg.AssetKey] = ()
) -> dg.DataVersion:
    """The version of the asset's current inputs; get it before reading their rows, so that it is never too new.

    A month computed from a stale table in `upstream` is as stale as that table. Raises `SettingsError` or
    `OutcomeMapError`.
    """
    versions = DataVersions(context.instance, rules_version(settings), AssetKeys.of(settings))
    if not context.has_partition_key:
        return dg.DataVersion(versions.of_summary)
    return dg.DataVersion(versions.of_month(context.partition_key, upstream))


def sql_of(table: Table) -> str:
    """The table's SELECT."""
    return sql_path(table).read_text(encoding="utf-8")


def sql_path(table: Table) -> Path:
    """The file with the table's SELECT."""
    return Path(__file__).parent / table.schema / f"{table.name}.sql"


def reporting_variables(settings: Settings) -> dict[str, object]:
    """The settings that the SQL reads with `getvariable`."""
    return {
        "timezone": settings.timezone,
        "row_scope": settings.row_scope,
        "ptp_maturity_days": settings.ptp_maturity_days,
    }
