"""The checks that run after derived tables are computed, each one an SQL file; and the checks on time.

Here: which claims are checked on which table. Not here: the checks that a load runs itself (`assets.raw`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.checks.derived import build_derived_checks

if TYPE_CHECKING:
    import dagster as dg


def build_checks(months: dg.MonthlyPartitionsDefinition) -> list[dg.AssetChecksDefinition]:
    """All checks."""
    return build_derived_checks(months)
