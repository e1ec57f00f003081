"""`cleargrid status`: lists every month as the warehouse and Dagster's event log know it.

Add what is known about a month, and how it is printed, here; loading a month is the raw asset's work.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.client import SettingsError
from cleargrid_assets.command_names import with_commands
from cleargrid_assets.commands.emulator_settings import with_demo_settings
from cleargrid_assets.commands.instance import INSTANCE, home_path, open_instance
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.landing.ledger import LastLoad, last_loads
from cleargrid_assets.landing.warehouse_identity import identity_of, other_tables
from cleargrid_assets.partitions import build_months, month_of
from cleargrid_assets.run_history import check_results_by_month
from cleargrid_assets.settings import EMULATOR, Settings
from cleargrid_assets.tables.catalog import DATASETS
from cleargrid_assets.tables.d23 import D23

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dagster as dg

    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.warehouse.warehouse import Warehouse

HEADER = f"{'month':<9}{'rows':>10}{'quarantined':>13}{'duplicates':>12}  {'last load (UTC)':<18}{'state':<11}checks"

LOCK_TIMEOUT = 30.0
"""Seconds to wait for runs that write, which take seconds each; a person is waiting."""


@dataclass(frozen=True)
class MonthStatus:
    """The status of one month. `state`: `missing`, `open` (loaded before its end) or `complete`.

    Checks are the latest results for all assets. A failed check keeps derived tables from being computed; a warning
    does not.
    """

    month: str
    state: str
    rows: int
    quarantined: int
    duplicates: int
    last_load: str | None
    checks_passed: int
    checks_failed: tuple[str, ...]
    checks_warned: tuple[str, ...]


@dataclass
class CheckOutcomes:
    """The results of one month's checks."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)

    def add(self, key: dg.AssetCheckKey, *, passed: bool, is_blocking: bool) -> None:
        """Count one check."""
        if passed:
            self.passed += 1
        else:
            name = f"{key.name} of {key.asset_key.to_user_string()}"
            (self.failed if is_blocking else self.warned).append(name)


@click.command(short_help="List every month: rows, last load, completeness, checks.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array, for programs.")
@click.option(
    "--dataset",
    "code",
    type=click.Choice(list(DATASETS)),
    default=D23.code,
    show_default=True,
    help="The dataset whose months to list.",
)
def status(*, as_json: bool, code: str) -> None:
    """List every month with its rows, quarantined rows, last load, state and checks.

    For D23, the checks include those of all derived tables.
    """
    settings = with_demo_settings(Settings.from_environment())
    months = month_statuses(settings, dataset=DATASETS[code])
    if as_json:
        click.echo(json.dumps([asdict(month) for month in months], indent=2))
    elif all(month.state == "missing" for month in months):
        click.echo(_empty_warehouse_message(settings, code))
    else:
        click.echo(_table(settings, months))


def _empty_warehouse_message(settings: Settings, code: str) -> str:
    """The message for an empty warehouse: which one it is, and how to load a month."""
    warehouse = command_warehouse(settings)
    text = f"No month of {code} has been loaded into {warehouse.display_name} yet ({settings.environment})"
    remedy = ". Load months in the UI that `cleargrid dev` opens, or try generated ones with `cleargrid demo`."
    return text + (other_tables(warehouse) or with_commands(remedy))


def _table(settings: Settings, months: Sequence[MonthStatus]) -> str:
    """The table of months between whose warehouse it is and, if the checks are not known, where to find them."""
    identity = identity_of(command_warehouse(settings))
    head = [f"Warehouse of {identity.summary}"] if identity else []
    if _has_history(settings):
        return "\n".join([*head, format_table(months)])
    where = "run the command in the folder where the months were loaded"
    remedy = where if settings.environment == EMULATOR else "set DAGSTER_HOME"
    note = f"Checks are not known: no Dagster history in {home_path(settings.environment)}: {remedy}."
    return "\n".join([*head, format_table(months, without_checks="not known"), note])


def month_statuses(settings: Settings, now: datetime | None = None, *, dataset: RawDataset = D23) -> list[MonthStatus]:
    """The status of every month of the dataset from the first one to the open one at `now`, and of all loaded ones.

    Raises `SettingsError`, or `WarehouseError` if the warehouse is busy or cannot be opened.
    """
    if dataset not in settings.datasets:
        raise SettingsError(f"CLEARGRID_DATASETS does not name {dataset.code}: add it there to land the dataset")
    months = build_months(settings)
    loads = last_loads(command_warehouse(settings), dataset)
    outcomes = _check_outcomes(settings, dataset)
    keys = {*months.get_partition_keys(current_time=now or datetime.now(UTC)), *map(str, loads)}
    return [_status(key, loads.get(month_of(key)), outcomes[key]) for key in sorted(keys)]


def command_warehouse(settings: Settings) -> Warehouse:
    """The configured warehouse, for whose lock a command waits only briefly. Raises `SettingsError`."""
    return replace(WarehouseConnection(settings).warehouse(), lock_timeout=LOCK_TIMEOUT)


def _status(key: str, load: LastLoad | None, checks: CheckOutcomes) -> MonthStatus:
    if load is None:
        return MonthStatus(key, "missing", 0, 0, 0, None, 0, (), ())
    return MonthStatus(
        month=key,
        state="complete" if load.is_complete else "open",
        rows=load.rows_landed,
        quarantined=load.rows_quarantined,
        duplicates=load.duplicates_collapsed,
        last_load=f"{load.loaded_at:%Y-%m-%d %H:%M}",
        checks_passed=checks.passed,
        checks_failed=tuple(sorted(checks.failed)),
        checks_warned=tuple(sorted(checks.warned)),
    )


def _check_outcomes(settings: Settings, dataset: RawDataset) -> dict[str, CheckOutcomes]:
    """The latest result of every check, by month; empty if this folder has no Dagster history.

    The checks of a dataset besides D23 are those on its own tables; all others belong to D23.
    """
    outcomes: dict[str, CheckOutcomes] = defaultdict(CheckOutcomes)
    if not _has_history(settings):
        return outcomes
    nodes = build_definitions(settings).resolve_asset_graph().asset_check_nodes
    owners = {key: owner for owner in DATASETS.values() for key in AssetKeys.of(settings).tables(owner.tables)}
    blocking = {node.key: node.blocking for node in nodes if owners.get(node.key.asset_key, D23) == dataset}
    with open_instance(home_path(settings.environment)) as instance:
        for month, check, passed in check_results_by_month(instance, list(blocking)):
            outcomes[month].add(check, passed=passed, is_blocking=blocking[check])
    return outcomes


def _has_history(settings: Settings) -> bool:
    return (home_path(settings.environment) / INSTANCE).exists()


def format_table(months: Sequence[MonthStatus], *, without_checks: str = "not run") -> str:
    """The months as lines of text, with one line for all that were never loaded.

    `without_checks`: what a month without results of checks shows.
    """
    missing = [month.month[:7] for month in months if month.state == "missing"]
    lines = [HEADER, *(_line(month, without_checks) for month in months if month.state != "missing")]
    if missing:
        lines.append(f"never loaded: {_format_range(missing)}")
    return "\n".join(lines)


def _format_range(months: Sequence[str]) -> str:
    return months[0] if len(months) == 1 else f"{len(months)} months, {months[0]} to {months[-1]}"


def _line(month: MonthStatus, without_checks: str) -> str:
    problems = {"failed": month.checks_failed, "warned": month.checks_warned}
    problem_texts = [f"{word}: {', '.join(names)}" for word, names in problems.items() if names]
    passed = [f"{month.checks_passed} passed"] if month.checks_passed else []
    return (
        f"{month.month[:7]:<9}{month.rows:>10,}{month.quarantined:>13,}{month.duplicates:>12,}  "
        f"{month.last_load:<18}{month.state:<11}{', '.join([*passed, *problem_texts]) or without_checks}"
    )
