"""A warehouse in memory with a few landed rows, and the tables computed from them with the project's own SQL.

Land rows and run SQL files here; the expected values are in `reference_model`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from cleargrid_assets.assets.analytics import MONTH_AFTER
from cleargrid_assets.assets.seed_asset import seed_of
from cleargrid_assets.assets.sql_asset import sql_of
from cleargrid_assets.outcome_map import OutcomeMap
from cleargrid_assets.outcome_map.matching import matching_key
from cleargrid_assets.outcome_map.outcome_map import Outcome
from cleargrid_assets.tables import analytics, core, raw
from cleargrid_assets.tables.catalog import D23_TABLES, TABLES_VERSION
from cleargrid_assets.warehouse import Query
from cleargrid_assets.warehouse.schema import prepare
from cleargrid_assets_tests.analytics.expected_values import BY_HAND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cleargrid_assets.tables.table import Table
    from cleargrid_assets_tests.analytics.expected_values import Classes

MONTHLY = (
    core.CONTACT_ATTEMPTS,
    analytics.OUTCOME_MIX,
    analytics.AGENT_PRODUCTIVITY,
    analytics.COHORT_CONTACT,
    analytics.CALLING_HOURS,
    analytics.KPI_MONTHLY,
    analytics.KPI_DAILY,
    analytics.PTP_VINTAGE,
)
RULES = "rules of the tests"
LOAD_TAKES = timedelta(hours=9)
"""The last load of each month. So long that some promises reach an age during it."""


@dataclass(frozen=True)
class LandedRow:
    """A landed row; instants naive UTC."""

    public_id: str
    communication_type: str | None
    interaction_source: str | None
    outcome_option: str | None
    is_active: bool
    is_ptp_broken: bool
    communicated_at: datetime
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Load:
    """A load of a month; instants naive UTC."""

    load_number: int
    started_at: datetime
    loaded_at: datetime


@dataclass(frozen=True)
class Change:
    """What a load found changed: a record of `raw.d23_changes`."""

    month: date
    public_id: str
    load_number: int
    change: str
    field: str | None = None
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True)
class Scenario:
    """Landed rows and the settings that they are reported with.

    `loaded_at`: when the last load of each month landed. `outcomes`: those not in `BY_HAND` are laid over
    the shipped map.
    """

    rows: tuple[LandedRow, ...]
    timezone: str = "UTC"
    row_scope: str = "active"
    ptp_maturity_days: int = 30
    loaded_at: dict[date, datetime] = field(default_factory=dict)
    outcomes: Mapping[str, Classes] = field(default_factory=lambda: BY_HAND)
    earlier_loads: Mapping[date, Sequence[Load]] = field(default_factory=dict)
    changes: Sequence[Change] = ()

    @property
    def variables(self) -> dict[str, object]:
        return {
            "timezone": self.timezone,
            "row_scope": self.row_scope,
            "ptp_maturity_days": self.ptp_maturity_days,
        }

    def local(self, instant: datetime) -> datetime:
        """An instant on the scenario's clock, naive."""
        return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None)

    def month_of(self, row: LandedRow) -> date:
        return self.local(row.communicated_at).date().replace(day=1)

    def started_at(self, month: date) -> datetime:
        """When the month's last load began, naive UTC."""
        return self.loaded_at[month] - LOAD_TAKES

    def latest_load(self, month: date) -> Load:
        return Load(self.load_number(month), self.started_at(month), self.loaded_at[month])

    def load_number(self, month: date) -> int:
        """The number of the month's last load."""
        return month.year * 12 + month.month

    def until(self, month: date) -> datetime:
        """The month's end, naive UTC."""
        after = (month + timedelta(days=32)).replace(day=1)
        end = datetime(after.year, after.month, 1, tzinfo=ZoneInfo(self.timezone))
        return end.astimezone(UTC).replace(tzinfo=None)


def empty_warehouse() -> duckdb.DuckDBPyConnection:
    """All tables, no rows."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    prepare(connection)
    return connection


def fill(connection: duckdb.DuckDBPyConnection, scenario: Scenario) -> None:
    """Land the scenario's rows by hand and compute everything, month by month, the latest month first."""
    for table in D23_TABLES:
        connection.execute(f"DELETE FROM {table.qualified_name}")
    for table in (analytics.METRIC_DEFINITIONS, core.CALLING_HOURS_PROFILES):
        seed_of(table).load(connection)
    for month, loaded_at in sorted(scenario.loaded_at.items(), reverse=True):
        _land(connection, scenario, month, loaded_at)
        for table in MONTHLY:
            compute(connection, table, {**scenario.variables, "month": month})
    compute(connection, analytics.UNMAPPED_OUTCOMES, scenario.variables)
    identity = ["emulator", "lender", "id", scenario.timezone, TABLES_VERSION, "tests", datetime(2026, 1, 1)]  # noqa: DTZ001
    _insert(connection, raw.WAREHOUSE_IDENTITY, [dict(zip(raw.WAREHOUSE_IDENTITY.column_names, identity, strict=True))])


def compute(connection: duckdb.DuckDBPyConnection, table: Table, variables: dict[str, Any]) -> None:
    """Add the rows of the table's SQL, as its asset does."""
    query = Query(sql_of(table), variables, rules_version=RULES)
    connection.execute(f"INSERT INTO {table.qualified_name} BY NAME {query.bind(connection)}")
    if table is analytics.KPI_MONTHLY:
        connection.execute(MONTH_AFTER.read_text(encoding="utf-8"))


def rows_of(connection: duckdb.DuckDBPyConnection, table: Table) -> list[dict[str, Any]]:
    result = connection.execute(f"SELECT * FROM {table.qualified_name}")
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, values, strict=True)) for values in result.fetchall()]


def _land(connection: duckdb.DuckDBPyConnection, scenario: Scenario, month: date, loaded_at: datetime) -> None:
    landed = [row for row in scenario.rows if scenario.month_of(row) == month]
    rows = [{**asdict(row), "month": month, "landed_at": loaded_at} for row in landed]
    _insert(connection, raw.D23_MANUAL_COMMUNICATION_LOGS, rows)
    loads = [*scenario.earlier_loads.get(month, ()), scenario.latest_load(month)]
    _insert(connection, raw.D23_LOADS, [_ledger(scenario, month, load) for load in loads])
    changes = [{**asdict(change), "run_id": "r", "observed_at": loaded_at} for change in scenario.changes]
    _insert(connection, raw.D23_CHANGES, [change for change in changes if change["month"] == month])
    spellings = _outcome_map(scenario).classify({row.outcome_option for row in landed})
    computed = {"month": month, "load_number": scenario.load_number(month), "rules_version": RULES}
    _insert(connection, core.OUTCOME_SPELLINGS, [{**spelling, **computed} for spelling in spellings])


def _outcome_map(scenario: Scenario) -> OutcomeMap:
    """The shipped map with the scenario's own outcomes laid over it."""
    own = scenario.outcomes.items() - BY_HAND.items()
    return OutcomeMap({**OutcomeMap.load().by_key, **{matching_key(name): Outcome(*classes) for name, classes in own}})


def _ledger(scenario: Scenario, month: date, load: Load) -> dict[str, object]:
    """The load's row in the ledger."""
    ledger: dict[str, object] = {column.name: 0 for column in raw.D23_LOADS.columns}
    ledger |= {"month": month, "run_id": "r", "total_exact": True, **asdict(load)}
    ledger |= {"since": load.started_at, "until": scenario.until(month), "unknown_fields": None}
    return ledger


def _insert(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.register("new_rows", pa.Table.from_pylist([dict(row) for row in rows]))
        connection.execute(f"INSERT INTO {table.qualified_name} BY NAME FROM new_rows")
