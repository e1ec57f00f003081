"""Reads the report's data from the warehouse in one transaction: one SQL file per section, rows as dictionaries.

Add a section's query here, beside the choice of the report's month; drawing is in `charts`, wording in `wording`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleargrid_assets.tables.analytics import (
    AGENT_PRODUCTIVITY,
    CALLING_HOURS,
    COHORT_CONTACT,
    KPI_MONTHLY,
    METRIC_DEFINITIONS,
    OUTCOME_MIX,
    PTP_VINTAGE,
    UNMAPPED_OUTCOMES,
)
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS
from cleargrid_assets.warehouse import Query, WarehouseMissingError
from cleargrid_assets.warehouse.inventory import has_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import duckdb

    from cleargrid_assets.tables.table import Table
    from cleargrid_assets.warehouse.warehouse import Warehouse

SQL = Path(__file__).parent / "sql"
Row = dict[str, Any]

READS: Mapping[str, tuple[Table, ...]] = {
    "months": (KPI_MONTHLY, D23_LOADS),
    "kpis": (KPI_MONTHLY, METRIC_DEFINITIONS),
    "funnel": (COHORT_CONTACT,),
    "weekly_mix": (OUTCOME_MIX,),
    "weekday_hour": (COHORT_CONTACT,),
    "vintages": (PTP_VINTAGE,),
    "pools": (AGENT_PRODUCTIVITY,),
    "lag": (KPI_MONTHLY,),
    "rereads": (D23_LOADS,),
    "changes": (D23_LOADS, D23_CHANGES),
    "calling_hours": (CALLING_HOURS,),
    "unmapped": (UNMAPPED_OUTCOMES,),
    "not_supported": (METRIC_DEFINITIONS,),
}
"""Each section's SQL file, and the tables that it needs."""


@dataclass(frozen=True)
class Figures:
    """The rows of every section. `month`: the last final month, or the open one if there is no other."""

    month: date | None
    sections: Mapping[str, list[Row]]

    def __getitem__(self, section: str) -> list[Row]:
        """The section's rows; empty if its tables were never computed."""
        return self.sections[section]


def figures_of(warehouse: Warehouse) -> Figures:
    """All sections from one snapshot; without rows if there is no warehouse yet."""
    try:
        with warehouse.reading() as connection:
            return read_figures(connection)
    except WarehouseMissingError:
        return Figures(None, {section: [] for section in READS})


def read_figures(connection: duckdb.DuckDBPyConnection) -> Figures:
    """All sections, read on one connection, which sees one snapshot of the warehouse."""
    months = _rows(connection, "months", None)
    month = _report_month(months)
    return Figures(month, {section: _rows(connection, section, month) for section in READS})


def _report_month(months: list[Row]) -> date | None:
    final = [row["month"] for row in months if row["status"] == "final" and row["attempts"]]
    return max(final or [row["month"] for row in months], default=None)


def _rows(connection: duckdb.DuckDBPyConnection, section: str, month: date | None) -> list[Row]:
    if not all(has_table(connection, table) for table in READS[section]):
        return []
    query = Query((SQL / f"{section}.sql").read_text(encoding="utf-8"), {"report_month": month})
    result = connection.execute(query.bind(connection))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, values, strict=True)) for values in result.fetchall()]
