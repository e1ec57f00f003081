"""The checks on derived tables, one SQL file each, and the freshness checks on the ledgers of loads.

Add a check on a derived table as a file in `sql/`; the checks that a load runs itself are in `assets.raw`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.checks.derived import build_derived_checks
from cleargrid_assets.checks.freshness import build_checks_on_time
from cleargrid_assets.checks.report_checks import build_report_checks
from cleargrid_assets.tables.d23 import D23

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dagster as dg

    from cleargrid_assets.tables.dataset import RawDataset


def build_checks(
    months: dg.MonthlyPartitionsDefinition, datasets: Sequence[RawDataset]
) -> list[dg.AssetChecksDefinition]:
    """All checks except those that a load runs itself."""
    claims = build_derived_checks(months)
    blocking = [spec.key for claim in claims for spec in claim.check_specs if spec.blocking and spec.partitions_def]
    on_time = [
        check
        for dataset in datasets
        for check in build_checks_on_time(dataset, months, blocking if dataset == D23 else [])
    ]
    return [*claims, *build_report_checks(), *on_time]
