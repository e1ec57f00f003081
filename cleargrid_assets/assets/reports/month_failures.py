"""Finds, in Dagster's event log, the months whose last load failed or whose blocking checks are red.

The page says which months its figures lack; the check in `month_health` says what to do about them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.month_run import blocking_check_keys
from cleargrid_assets.load_history import months_with_failed_run
from cleargrid_assets.partitions import build_months, month_of
from cleargrid_assets.run_history import check_results_by_month
from cleargrid_assets.tables.d23 import D23

if TYPE_CHECKING:
    from datetime import date, datetime

    import dagster as dg

    from cleargrid_assets.settings import Settings


def months_with_failures(instance: dg.DagsterInstance, settings: Settings, now: datetime) -> dict[date, str]:
    """Every month from the first one to the open one at `now`, with `failed`, `red`, or nothing wrong."""
    keys, months = AssetKeys.of(settings), build_months(settings).get_partition_keys(current_time=now)
    failed = set(months_with_failed_run(instance, keys.table(D23.rows), months))
    results = check_results_by_month(instance, blocking_check_keys(D23, keys))
    red = {month for month, _, passed in results if not passed}
    return {month_of(month): "red" if month in red else "failed" if month in failed else "" for month in months}
