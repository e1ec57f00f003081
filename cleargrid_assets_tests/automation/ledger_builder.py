"""Builds a warehouse whose ledger says when each month was read, and a clock that stands still.

Add the history that freshness checks look at here; the tests state what they expect of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cleargrid_assets.asset_keys import UNPREFIXED
from cleargrid_assets.connections import Clock
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.partitions import build_months, window_of
from cleargrid_assets.tables.raw import D23_LOADS, D23_MANUAL_COMMUNICATION_LOGS
from cleargrid_assets.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Mapping

    import dagster as dg

    from cleargrid_assets.settings import Settings

BY_TYPE: dict[str, object] = {"BIGINT": 0, "DOUBLE": 0.0, "VARCHAR": "x", "BOOLEAN": True}


@dataclass(frozen=True)
class StandingClock(Clock):
    """Always the same instant."""

    instant: datetime

    def now(self) -> datetime:
        """That instant."""
        return self.instant


def record_loads(settings: Settings, loads: Mapping[str, datetime]) -> None:
    """Record one load of each month in the ledger, at the given time."""
    months = build_months(settings)
    with Warehouse(settings.warehouse).writing() as connection:
        for number, (month, at) in enumerate(loads.items(), start=1):
            window = window_of(months, f"{month}-01")
            moments = {"started_at": at, "loaded_at": at, "since": window.since, "until": window.until}
            entry = {name: moment.astimezone(UTC).replace(tzinfo=None) for name, moment in moments.items()}
            _insert(connection, D23_LOADS, {"month": f"{month}-01", "load_number": number, **entry})


def land_one_row(settings: Settings, communicated_at: datetime) -> None:
    """Land one row whose attempt was made at `communicated_at`."""
    at = communicated_at.astimezone(UTC).replace(tzinfo=None)
    moments = dict.fromkeys(("communicated_at", "created_at", "updated_at", "landed_at"), at)
    with Warehouse(settings.warehouse).writing() as connection:
        _insert(connection, D23_MANUAL_COMMUNICATION_LOGS, {"month": at.date().replace(day=1), **moments})


def run_ledger_checks(settings: Settings, now: datetime, instance: dg.DagsterInstance) -> dict[str, Any]:
    """Run the freshness checks at `now`; return the evaluations of the ledger's checks by name."""
    definitions = build_definitions(settings, {"clock": StandingClock(now)})
    run = definitions.resolve_job_def("check_months").execute_in_process(instance=instance)
    evaluations = run.get_asset_check_evaluations()
    return {check.check_name: check for check in evaluations if check.asset_key == UNPREFIXED.table(D23_LOADS)}


def _insert(connection: Any, table: Any, values: Mapping[str, object]) -> None:
    row = {column.name: values.get(column.name, BY_TYPE.get(column.type)) for column in table.columns}
    marks = ", ".join("?" for _ in row)
    connection.execute(f"INSERT INTO {table.qualified_name} VALUES ({marks})", list(row.values()))
