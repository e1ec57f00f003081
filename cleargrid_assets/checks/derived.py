"""Turns the checks in SQL on `core` and `analytics` into Dagster checks.

A check runs after its table, or on its own, and reads only its run's month, inside the warehouse. The files are in
`sql_checks`.
"""

import dagster as dg

from cleargrid_assets.asset_keys import UNPREFIXED, AssetKeys
from cleargrid_assets.assets.sql_asset import reporting_variables
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.partitions import month_of
from cleargrid_assets.rules_version import rules_version
from cleargrid_assets.sql_checks import SqlCheck, check_result, read_checks


def build_derived_checks(
    months: dg.MonthlyPartitionsDefinition, keys: AssetKeys = UNPREFIXED
) -> list[dg.AssetChecksDefinition]:
    """One Dagster check per file, by month if its table has months."""
    checks = [*read_checks("analytics"), *read_checks("core")]
    return [_build_check(check, months if check.table.is_partitioned else None, keys) for check in checks]


def _build_check(
    check: SqlCheck, months: dg.MonthlyPartitionsDefinition | None, keys: AssetKeys
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=keys.table(check.table),
        name=check.name,
        additional_deps=keys.tables(check.other_tables),
        description=check.description,
        partitions_def=months,
        blocking=check.is_blocking,
    )
    def sql_check(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[WarehouseConnection]
    ) -> dg.AssetCheckResult:
        with dagster_failures():
            settings = warehouse.settings
            variables = {**reporting_variables(settings), "rules_version": rules_version(settings)}
            if months:
                variables["month"] = month_of(context.partition_key)
            with warehouse.warehouse().reading() as connection:
                violations = check.find_violations(connection, variables)
        return check_result(check, violations)

    return sql_check
