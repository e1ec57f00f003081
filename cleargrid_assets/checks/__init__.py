"""The checks that run after derived tables are computed, each one an SQL file; and the checks on time.

Here: which claims are checked on which table. Not here: the checks that a load runs itself (`assets.raw`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.checks.derived import build_derived_checks
from cleargrid_assets.checks.freshness import build_checks_on_time
from cleargrid_assets.checks.report_checks import build_report_checks

if TYPE_CHECKING:
    import dagster as dg


def build_checks(months: dg.MonthlyPartitionsDefinition) -> list[dg.AssetChecksDefinition]:
    """All checks but those that a load runs itself."""
    claims = build_derived_checks(months)
    blocking = [spec.key for claim in claims for spec in claim.check_specs if spec.blocking and spec.partitions_def]
    return [*claims, *build_report_checks(), *build_checks_on_time(months, blocking)]
