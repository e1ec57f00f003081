"""Computes a month's key figures in any warehouse: those of `analytics.kpi_monthly` over all of the month's rows.

The tables that they are made of belong here; their SQL is that of the assets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleargrid_assets.assets.month_run import MONTH_TABLES
from cleargrid_assets.rules_version import rules_version
from cleargrid_assets.tables.analytics import CALLING_HOURS, KPI_MONTHLY, METRIC_DEFINITIONS
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS, OUTCOME_SPELLINGS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import duckdb

    from cleargrid_assets.settings import Settings

NEEDED = (OUTCOME_SPELLINGS, CONTACT_ATTEMPTS, CALLING_HOURS, KPI_MONTHLY)
COMPUTED = tuple(computed for computed in MONTH_TABLES if computed.table in NEEDED)
"""In the order of computation."""

KEY_FIGURES = f"""
SELECT kpi.metric, definition.name, definition.unit, kpi.numerator, kpi.denominator, kpi.value
FROM {KPI_MONTHLY.qualified_name} AS kpi
INNER JOIN {METRIC_DEFINITIONS.qualified_name} AS definition ON kpi.metric = definition.metric
WHERE kpi.month = ? AND kpi.slice = 'all'
ORDER BY kpi.metric
"""


@dataclass(frozen=True)
class KeyFigure:
    """One metric of a month, as `analytics.kpi_monthly` holds it."""

    metric: str
    name: str
    unit: str
    numerator: int | None
    denominator: int
    value: float | None


def compute_key_figures(
    connection: duckdb.DuckDBPyConnection, month: date, settings: Settings
) -> Mapping[str, KeyFigure]:
    """Compute the tables of the month from its raw rows and return the figures by metric.

    Raises `SettingsError` or `OutcomeMapError`.
    """
    rules = rules_version(settings)
    for computed in COMPUTED:
        computed.store(connection, settings, rules, month)
    return {row[0]: KeyFigure(*row) for row in connection.execute(KEY_FIGURES, [month]).fetchall()}
