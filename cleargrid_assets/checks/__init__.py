"""The checks on tables over all months, on the ledgers of loads and on the reports, as Dagster checks.

Add a check on a table as a file in `sql_checks`. The checks of a month run in the steps that write its tables, by
`assets.month_checks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.checks.derived import build_derived_checks
from cleargrid_assets.checks.ledger_checks import build_ledger_checks
from cleargrid_assets.checks.report_checks import build_report_checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dagster as dg

    from cleargrid_assets.asset_keys import AssetKeys
    from cleargrid_assets.marts import Marts
    from cleargrid_assets.tables.dataset import RawDataset


def build_checks(
    months: dg.MonthlyPartitionsDefinition,
    datasets: Sequence[RawDataset],
    keys: AssetKeys,
    marts: Marts,
) -> list[dg.AssetChecksDefinition]:
    """All checks except those that run in the steps that write their tables."""
    on_ledgers = [check for dataset in datasets for check in build_ledger_checks(dataset, months, keys, marts)]
    return [*build_derived_checks(keys), *build_report_checks(keys, marts.tables), *on_ledgers]
