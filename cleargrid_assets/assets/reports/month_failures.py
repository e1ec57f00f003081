"""Finds, in Dagster's event log, the months whose last load failed or whose blocking checks are red.

The page says which months its figures lack; the check in `month_health` says what to do about them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.month_checks import blocking_checks
from cleargrid_assets.assets.month_run import read_month_checks
from cleargrid_assets.load_history import months_with_failed_run
from cleargrid_assets.partitions import build_months, month_of
from cleargrid_assets.run_history import check_results_by_month
from cleargrid_assets.tables.d23 import D23

if TYPE_CHECKING:
    from datetime import date, datetime

    from cleargrid_assets.settings import Settings


def months_with_failures(instance: dg.DagsterInstance, settings: Settings, now: datetime) -> dict[date, str]:
    """Every month from the first one to the open one at `now`, with `failed`, `red`, or nothing wrong."""
    months, raw = build_months(settings), AssetKeys.of(settings).table(D23.rows)
    keys = months.get_partition_keys(current_time=now)
    failed = set(months_with_failed_run(instance, raw, keys))
    results = check_results_by_month(instance, _blocking_checks(settings))
    red = {key for key, _, passed in results if not passed}
    return {month_of(key): "red" if key in red else "failed" if key in failed else "" for key in keys}


def _blocking_checks(settings: Settings) -> list[dg.AssetCheckKey]:
    """The checks that a month's rows and tables must pass."""
    keys = AssetKeys.of(settings)
    on_rows = [dg.AssetCheckKey(keys.table(D23.rows), name) for name in sorted(blocking_checks(D23))]
    on_tables = [
        dg.AssetCheckKey(keys.table(check.table), check.name) for check in read_month_checks() if check.is_blocking
    ]
    return [*on_rows, *on_tables]
