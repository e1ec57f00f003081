"""Checks on `core` and `analytics`: one per file in `sql/`, named `<table>__<claim>.sql`.

This module turns the files into Dagster checks; the SQL is in the files. A check reads only its run's month, inside
the warehouse.
"""

from pathlib import Path

import dagster as dg

from cleargrid_assets.assets.claim_results import check_result
from cleargrid_assets.assets.sql_asset import reporting_variables
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.partitions import month_of
from cleargrid_assets.resources import WarehouseResource
from cleargrid_assets.rules import rules_version
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.catalog import ALL_TABLES
from cleargrid_assets.tables.table import Table
from cleargrid_assets.warehouse.claim import Claim

SQL = Path(__file__).parent / "sql"
WARNINGS = frozenset({"outcomes_are_mapped", "every_month_follows_the_current_rules"})
"""Checks whose failure deserves attention but makes no number wrong."""


def build_derived_checks(months: dg.MonthlyPartitionsDefinition) -> list[dg.AssetChecksDefinition]:
    """One check per file; a file of a table that does not exist is an error."""
    tables = {table.name: table for table in ALL_TABLES}
    checks = []
    for path in sorted(SQL.glob("*.sql")):
        table_name, _, name = path.stem.partition("__")
        table = tables[table_name]
        checks.append(_check(table, Claim.read(path, name), months if table.is_partitioned else None))
    return checks


def _check(table: Table, claim: Claim, months: dg.MonthlyPartitionsDefinition | None) -> dg.AssetChecksDefinition:
    key = dg.AssetKey(table.key)
    is_warning = claim.name in WARNINGS
    severity = dg.AssetCheckSeverity.WARN if is_warning else dg.AssetCheckSeverity.ERROR

    @dg.asset_check(
        asset=key,
        name=claim.name,
        description=claim.description,
        partitions_def=months,
        blocking=not is_warning,
    )
    def checked(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[WarehouseResource]
    ) -> dg.AssetCheckResult:
        with dagster_failures():
            variables = _variables(claim, warehouse.settings)
            if months:
                variables["month"] = month_of(context.partition_key)
            with warehouse.warehouse().reading() as connection:
                refutation = claim.refute(connection, variables)
        return check_result(claim, refutation, asset_key=key, severity=severity)

    return checked


def _variables(claim: Claim, settings: Settings) -> dict[str, object]:
    """The SQL variables of the claim; the current rules are read only if its SQL uses them."""
    variables = reporting_variables(settings)
    if "getvariable('rules_version')" in claim.sql:
        variables["rules_version"] = rules_version(settings)
    return variables
