"""The expected tables of a month: the reference model applied to the rows and rules that they were computed from.

A month keeps its rows and rules until it is computed again, whatever is loaded or configured meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from cleargrid_assets.tables import analytics, core
from cleargrid_assets_tests.analytics.comparison import compare
from cleargrid_assets_tests.analytics.expected_values import BY_HAND
from cleargrid_assets_tests.analytics.reference_model import ReferenceModel
from cleargrid_assets_tests.analytics.small_warehouse import LandedRow, Scenario
from cleargrid_assets_tests.life.vendor import parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cleargrid_assets.tables.table import Table
    from cleargrid_assets_tests.analytics.expected_values import Classes
    from cleargrid_assets_tests.life.vendor import Fields
    from cleargrid_assets_tests.platform_under_test import Platform

INSTANTS = ("communicated_at", "created_at", "updated_at")
NEIGHBOURS = ("prev_value", "change_pp", "change_lo", "change_hi")
"""Columns of `kpi_monthly` that say what the month before holds."""

BY_MONTH = (
    analytics.OUTCOME_MIX,
    analytics.AGENT_PRODUCTIVITY,
    analytics.COHORT_CONTACT,
    analytics.CALLING_HOURS,
    analytics.KPI_DAILY,
)
GRAIN_OF_CHANGES = ("month", "slice", "communication_type", "interaction_source", "metric")


@dataclass(frozen=True)
class ReportingRules:
    """The settings that figures depend on. `outcomes`: the classes that the current map gives the tests' spellings."""

    row_scope: str = "active"
    ptp_maturity_days: int = 30
    outcomes: Mapping[str, Classes] = field(default_factory=lambda: BY_HAND)


@dataclass(frozen=True)
class ComputedMonth(Scenario):
    """The rows of one month at its computation. `last_load`: the number of its last load at that time."""

    month: str = ""
    last_load: int = 0

    @property
    def day(self) -> date:
        """The month as a date, as its tables store it."""
        return date.fromisoformat(self.month)

    def started_at(self, month: date) -> datetime:
        """A simulated load takes no time."""
        return self.loaded_at[month]

    def load_number(self, _month: date) -> int:
        """The number of the load that read the rows."""
        return self.last_load


def computed_month(
    month: str, rows: Mapping[str, Fields], rules: ReportingRules, *, timezone: str, last_load: int, loaded_at: datetime
) -> ComputedMonth:
    """The rows and rules from which a computation of the month makes its tables."""
    return ComputedMonth(
        rows=tuple(_landed(row) for row in rows.values()),
        timezone=timezone,
        row_scope=rules.row_scope,
        ptp_maturity_days=rules.ptp_maturity_days,
        loaded_at={date.fromisoformat(month): loaded_at},
        outcomes=rules.outcomes,
        month=month,
        last_load=last_load,
    )


def verify_month(platform: Platform, computed: ComputedMonth) -> None:
    """Fail unless the month's tables equal what the reference model computes from its rows."""
    expected = ReferenceModel(computed)
    attempts = {row["public_id"] for row in _rows(platform, core.CONTACT_ATTEMPTS, computed)}
    assert attempts == {row.public_id for row in computed.rows}
    for table in BY_MONTH:
        compare(_grain(table), _rows(platform, table, computed), getattr(expected, table.name)())
    kpis = {key: _without_neighbours(figures) for key, figures in expected.kpi_monthly().items()}
    compare(
        _grain(analytics.KPI_MONTHLY),
        [_without_neighbours(row) for row in _rows(platform, analytics.KPI_MONTHLY, computed)],
        kpis,
    )
    vintages = [
        row for row in _rows(platform, analytics.PTP_VINTAGE, computed) if row["load_number"] == computed.last_load
    ]
    current = {row["outcome_map_version"] for row in _rows(platform, core.OUTCOME_SPELLINGS, computed)}
    compare(
        _grain(analytics.PTP_VINTAGE),
        [row for row in vintages if row["outcome_map_version"] in current],
        expected.ptp_vintage(),
    )


def verify_neighbours(platform: Platform) -> None:
    """Fail unless each month shows the value of the month before, or none if that month follows other rules."""
    grain = ", ".join(GRAIN_OF_CHANGES)
    kpis = {
        (date.fromisoformat(month), *key): (value, previous, rules)
        for month, *key, value, previous, rules in platform.query(
            f"SELECT month::VARCHAR, {grain.removeprefix('month, ')}, value, prev_value, rules_version "
            f"FROM {analytics.KPI_MONTHLY.qualified_name}"
        )
    }
    for (month, *key), (_, previous, rules) in kpis.items():
        before = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
        value, _, other_rules = kpis.get((before, *key), (None, None, None))
        assert previous == (value if rules == other_rules else None), (month, key)


def _rows(platform: Platform, table: Table, computed: ComputedMonth) -> list[dict[str, Any]]:
    names = table.column_names
    rows = platform.query(f"SELECT {', '.join(names)} FROM {table.qualified_name} WHERE month = ?", [computed.day])
    return [dict(zip(names, values, strict=True)) for values in rows]


def _grain(table: Table) -> tuple[str, ...]:
    return tuple(name for name in table.grain if name != "rules_version")


def _without_neighbours(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if name not in NEIGHBOURS}


def _landed(row: Fields) -> LandedRow:
    fields: dict[str, Any] = {name: parse_instant(value) if name in INSTANTS else value for name, value in row.items()}
    return LandedRow(**fields)
