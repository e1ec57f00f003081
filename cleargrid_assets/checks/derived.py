"""Turns the checks in SQL on derived tables over all months into Dagster checks.

A check runs after its table, or on its own, inside the warehouse. The files are in `sql_checks`; those of monthly
tables belong to the tables' own step, in `assets.month_tables`.
"""

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.sql_asset import reporting_variables
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.rules_version import rules_version
from cleargrid_assets.sql_checks import SqlCheck, check_result, read_checks


def build_derived_checks(keys: AssetKeys) -> list[dg.AssetChecksDefinition]:
    """One Dagster check per file."""
    checks = [*read_checks("analytics"), *read_checks("core")]
    return [_build_check(check, keys) for check in checks if not check.table.is_partitioned]


def _build_check(check: SqlCheck, keys: AssetKeys) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=keys.table(check.table),
        name=check.name,
        additional_deps=keys.tables(check.other_tables),
        description=check.description,
        blocking=check.is_blocking,
    )
    def sql_check(warehouse: dg.ResourceParam[WarehouseConnection]) -> dg.AssetCheckResult:
        with dagster_failures():
            settings = warehouse.settings
            variables = {**reporting_variables(settings), "rules_version": rules_version(settings)}
            with warehouse.warehouse().reading() as connection:
                violations = check.find_violations(connection, variables)
        return check_result(check, violations)

    return sql_check
