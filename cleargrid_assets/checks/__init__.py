"""The checks on derived tables, on the ledgers of loads and on the reports, as Dagster checks.

Add a check on a table as a file in `sql_checks`; the checks that a load runs itself are started in `assets.raw`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.asset_keys import UNPREFIXED
from cleargrid_assets.assets.month_run import read_month_checks
from cleargrid_assets.checks.derived import build_derived_checks
from cleargrid_assets.checks.ledger_checks import build_ledger_checks
from cleargrid_assets.checks.report_checks import build_report_checks
from cleargrid_assets.marts import NO_MARTS
from cleargrid_assets.tables.d23 import D23

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets.asset_keys import AssetKeys
    from cleargrid_assets.marts import Marts
    from cleargrid_assets.tables.dataset import RawDataset


def build_checks(
    months: dg.MonthlyPartitionsDefinition,
    datasets: Sequence[RawDataset],
    keys: AssetKeys = UNPREFIXED,
    marts: Marts = NO_MARTS,
) -> list[dg.AssetChecksDefinition]:
    """All checks except those that a load runs itself."""
    blocking = [
        dg.AssetCheckKey(keys.table(check.table), check.name) for check in read_month_checks(marts) if check.is_blocking
    ]
    on_ledgers = [
        check
        for dataset in datasets
        for check in build_ledger_checks(dataset, months, blocking if dataset == D23 else [], keys)
    ]
    return [*build_derived_checks(keys), *build_report_checks(keys, marts.tables), *on_ledgers]
