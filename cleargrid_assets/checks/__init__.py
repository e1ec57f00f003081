"""The checks on derived tables, one SQL file each, and the freshness checks on the ledger of loads.

Add a check on a derived table as a file in `sql/`; the checks that a load runs itself are in `assets.raw`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.checks.derived import build_derived_checks
from cleargrid_assets.checks.freshness import build_checks_on_time
from cleargrid_assets.checks.report_checks import build_report_checks

if TYPE_CHECKING:
    import dagster as dg


def build_checks(months: dg.MonthlyPartitionsDefinition) -> list[dg.AssetChecksDefinition]:
    """All checks except those that a load runs itself."""
    claims = build_derived_checks(months)
    blocking = [spec.key for claim in claims for spec in claim.check_specs if spec.blocking and spec.partitions_def]
    return [*claims, *build_report_checks(), *build_checks_on_time(months, blocking)]
