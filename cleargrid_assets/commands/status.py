"""`cleargrid status`: every month, as the warehouse and Dagster's event log know it.

Here: what is known of a month and how it is printed. Not here: loading anything.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import dagster as dg

from cleargrid_assets.assets.raw.claims_checked import KEY, check_specs
from cleargrid_assets.client import SettingsError
from cleargrid_assets.commands.instance import home_path
from cleargrid_assets.landing.ledger import LastLoad, last_loads
from cleargrid_assets.partitions import build_months, month_of
from cleargrid_assets.resources import WarehouseResource
from cleargrid_assets.settings import Settings
from cleargrid_assets.warehouse import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = f"{'month':<9}{'rows':>10}{'quarantined':>13}{'duplicates':>12}  {'last load (UTC)':<18}{'state':<11}checks"


@dataclass(frozen=True)
class MonthStatus:
    """What is known of one month. `state`: `missing`, `open` (loaded before its end) or `complete`."""

    month: str
    state: str
    rows: int
    quarantined: int
    duplicates: int
    last_load: str | None
    checks_passed: int
    checks_failed: tuple[str, ...]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for programs.")
def status(*, as_json: bool) -> None:
    """Every month: rows, quarantined, last load, complete or not, checks."""
    try:
        months = month_statuses(Settings.from_environment())
    except (SettingsError, WarehouseError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps([asdict(month) for month in months], indent=2) if as_json else table_of(months))


def month_statuses(settings: Settings, now: datetime | None = None) -> list[MonthStatus]:
    """The status of every month from the first one to the open one at `now`.

    Raises `SettingsError`, or `WarehouseError` when the warehouse is busy or cannot be opened.
    """
    months = build_months(settings)
    loads = last_loads(WarehouseResource(settings).warehouse())
    outcomes = _check_outcomes(months)
    keys = months.get_partition_keys(current_time=now or datetime.now(UTC))
    return [_status(key, loads.get(month_of(key)), outcomes.get(key, {})) for key in keys]


def _status(key: str, load: LastLoad | None, outcomes: dict[str, bool]) -> MonthStatus:
    if load is None:
        return MonthStatus(key, "missing", 0, 0, 0, None, 0, ())
    return MonthStatus(
        month=key,
        state="complete" if load.is_complete else "open",
        rows=load.rows_landed,
        quarantined=load.rows_quarantined,
        duplicates=load.duplicates_collapsed,
        last_load=f"{load.loaded_at:%Y-%m-%d %H:%M}",
        checks_passed=sum(outcomes.values()),
        checks_failed=tuple(name for name, passed in outcomes.items() if not passed),
    )


def _check_outcomes(months: dg.MonthlyPartitionsDefinition) -> dict[str, dict[str, bool]]:
    """For each month, whether each check of its last load passed; empty without a Dagster history here."""
    home = home_path()
    if not (home / "dagster.yaml").exists():
        return {}
    keys = [dg.AssetCheckKey(KEY, spec.name) for spec in check_specs(months)]
    with dg.DagsterInstance.from_config(str(home)) as instance:
        found = instance.event_log_storage.get_asset_check_partition_info(keys)
    outcomes: dict[str, dict[str, bool]] = {}
    for info in found:
        passed = str(info.latest_execution_status.value) == "SUCCEEDED"
        outcomes.setdefault(info.partition_key or "", {})[info.check_key.name] = passed
    return outcomes


def table_of(months: Sequence[MonthStatus]) -> str:
    """The months as lines of text; those that were never loaded in one line."""
    missing = [month.month[:7] for month in months if month.state == "missing"]
    lines = [HEADER, *(_line(month) for month in months if month.state != "missing")]
    if missing:
        lines.append(f"never loaded: {len(missing)} months, {missing[0]} to {missing[-1]}")
    return "\n".join(lines)


def _line(month: MonthStatus) -> str:
    checks = f"{month.checks_passed} passed" if month.checks_passed or month.checks_failed else "not run"
    failed = f", failed: {', '.join(month.checks_failed)}" if month.checks_failed else ""
    return (
        f"{month.month[:7]:<9}{month.rows:>10,}{month.quarantined:>13,}{month.duplicates:>12,}  "
        f"{month.last_load:<18}{month.state:<11}{checks}{failed}"
    )
