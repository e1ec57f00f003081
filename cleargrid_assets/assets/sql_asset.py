"""`sql_asset`: a table whose rows are one SELECT in an `.sql` file of the table's name.

Here: what all SQL assets share. Not here: any SQL.
"""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from cleargrid_assets.assets.presentation import FRESHNESS, OWNERS, definition_metadata, description
from cleargrid_assets.partitions import month_of
from cleargrid_assets.resources import WarehouseResource
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.table import Table
from cleargrid_assets.warehouse import Query

FOLLOW_MONTH = (
    dg.AutomationCondition.eager().without(dg.AutomationCondition.in_latest_time_window())
    & dg.AutomationCondition.all_deps_blocking_checks_passed()
).with_label("follow any month whose blocking checks passed")
FOLLOW_TABLE = (
    dg.AutomationCondition.eager()
    .without(~dg.AutomationCondition.any_deps_missing())
    .with_label("follow the whole table")
)


def sql_asset(
    table: Table,
    deps: Sequence[Table],
    months: dg.MonthlyPartitionsDefinition | None,
    *,
    is_append: bool = False,
) -> dg.AssetsDefinition:
    """`table`, computed month by month from `deps`; without `months`, as a whole."""
    sql = sql_of(table)

    @dg.asset(
        key=dg.AssetKey(table.key),
        group_name=table.schema,
        deps=[dg.AssetKey(dep.key) for dep in deps],
        partitions_def=months,
        description=f"{description(table)}\n\n```sql\n{sql}\n```",
        metadata=definition_metadata(table),
        automation_condition=FOLLOW_MONTH if months else FOLLOW_TABLE,
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"duckdb", "sql"},
    )
    def computed(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[WarehouseResource]) -> Query:
        variables = reporting_variables(warehouse.settings)
        if months:
            variables["month"] = month_of(context.partition_key)
        return Query(sql, variables, is_append=is_append)

    return computed


def sql_of(table: Table) -> str:
    """The table's SELECT."""
    return (Path(__file__).parent / table.schema / f"{table.name}.sql").read_text(encoding="utf-8")


def reporting_variables(settings: Settings) -> dict[str, object]:
    """The settings that the SQL reads with `getvariable`."""
    return {
        "timezone": settings.timezone,
        "row_scope": settings.row_scope,
        "ptp_maturity_days": settings.ptp_maturity_days,
    }
