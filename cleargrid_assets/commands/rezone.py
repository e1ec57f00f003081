"""`cleargrid rezone`: reads all months again in another time zone, into a new file that replaces the warehouse.

Choosing the months and swapping the files belong here; a month's run is the same as any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleargrid_assets.commands.instance import dagster_home, exclusive_daemon, open_instance, our_command
from cleargrid_assets.commands.status import LOCK_TIMEOUT, command_warehouse
from cleargrid_assets.connections import ClearGridConnection, WarehouseConnection
from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.jobs import REFRESH_MONTH, REFRESH_SUMMARY
from cleargrid_assets.landing.ledger import last_loads
from cleargrid_assets.landing.warehouse_identity import identity_of
from cleargrid_assets.partitions import build_months, window_of
from cleargrid_assets.settings import Settings
from cleargrid_assets.time_zone_data import time_zone
from cleargrid_assets.warehouse.locks import file_lock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import dagster as dg

    from cleargrid_assets.landing.warehouse_identity import WarehouseIdentity
    from cleargrid_assets.warehouse.warehouse import Warehouse

UNFINISHED = ".rezoned"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
WINDOWS = "SELECT since, until FROM {last_loads}"
LAKE = (
    "CLEARGRID_WAREHOUSE is a lake, which this command cannot swap. Create an empty database for a new catalog, set "
    "CLEARGRID_WAREHOUSE to it and CLEARGRID_LAKE_DATA to a new folder or prefix, and load all months there. Keep the "
    "old lake until you have compared the two"
)
UNKNOWN = (
    "{display_name} does not record its time zone yet: set CLEARGRID_TIMEZONE to the zone that its months were loaded "
    "in and load one month, then set the new zone and run this command again"
)
NOTHING_LOADED = "{display_name} holds no month to read again: set CLEARGRID_WAREHOUSE to a new file"
TOO_LATE = (
    "CLEARGRID_START_MONTH is {start:%Y-%m}, and {display_name} holds rows of {first:%Y-%m} in {timezone}, which the "
    "new file would lack: set CLEARGRID_START_MONTH to {first:%Y-%m}"
)
OTHERS = (
    "{display_name} holds months of lender {stored.lender} in {stored.environment}; the settings name another lender "
    "or environment. Correct CLEARGRID_ENVIRONMENT and CLEARGRID_LENDER"
)


@click.command(short_help="Read all months again in another time zone.")
def rezone() -> None:
    """Read all months again in the time zone that CLEARGRID_TIMEZONE names now.

    The months are read into a new file beside the warehouse. Once all of them are complete, the new file replaces the
    warehouse, and the old file is kept beside it under another name. If a month cannot be read, nothing is replaced;
    run the command again to continue with that month. The history of changes and of promises starts afresh; the old
    file keeps the earlier history.
    """
    settings = Settings.from_environment()
    rezoning = plan(settings)
    if rezoning is None:
        click.echo(f"The warehouse is already in {settings.timezone}: nothing to do.")
        return
    home = dagster_home(settings.environment)
    with exclusive_daemon(home), open_instance(home) as instance:
        rezoning.read_months(instance)
        old_file = rezoning.swap()
        rezoning.summarize(instance)
    click.echo(
        f"{rezoning.path} now holds the months in {settings.timezone}. The file with those in "
        f"{rezoning.old_timezone} is {old_file}: compare the two, then delete it."
    )


@dataclass(frozen=True)
class Rezoning:
    """A move of the warehouse at `path` to another zone. `settings` name the new zone, `keys` its months."""

    settings: Settings
    path: Path
    old_timezone: str
    keys: tuple[str, ...]

    @property
    def new_settings(self) -> Settings:
        """The settings of the new file while it is unfinished."""
        return Settings({**self.settings.variables, "CLEARGRID_WAREHOUSE": f"{self.path}{UNFINISHED}"})

    @property
    def new_warehouse(self) -> Warehouse:
        """The new file."""
        return WarehouseConnection(self.new_settings).warehouse()

    def read_months(self, instance: dg.DagsterInstance) -> None:
        """Load every month into the new file, except those that an earlier run has completed."""
        self._refuse_other_zone()
        complete = sorted(self._landed_months())[:-1]  # the last one may have been interrupted
        job = build_definitions(self.new_settings).resolve_job_def(REFRESH_MONTH)
        for number, key in enumerate(self.keys, start=1):
            result = "read before"
            if datetime.fromisoformat(key).date() not in complete:
                run = job.execute_in_process(
                    partition_key=key, instance=instance, run_config=QUIET, raise_on_error=False
                )
                result = self._result(run, key)
            click.echo(f"  {number:>2} of {len(self.keys)}  month {key[:7]}  {result}")

    def swap(self) -> Path:
        """Replace the old file with the new one; return the old one's new name."""
        zone = self.old_timezone.replace("/", "-")
        old_file = self.path.with_name(f"{self.path.name}.{zone}.{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}")
        with file_lock(self.path, LOCK_TIMEOUT):
            for warehouse in (WarehouseConnection(self.settings).warehouse(), self.new_warehouse):
                with warehouse.transactions():
                    pass  # takes in what a killed writer left beside the file, which the renamed file would lose
            self._rename(old_file)
        return old_file

    def _rename(self, old_file: Path) -> None:
        """Rename both files, or neither."""
        new_file = Path(self.new_warehouse.address)
        try:
            self.path.rename(old_file)
            new_file.rename(self.path)
        except OSError as error:
            if not self.path.exists():
                old_file.rename(self.path)
            raise click.ClickException(
                f"{new_file} could not replace {self.path} ({error.strerror}), which is unchanged: correct the "
                f"folder's permissions and run the command again"
            ) from error
        new_file.with_name(f"{new_file.name}.lock").unlink(missing_ok=True)

    def summarize(self, instance: dg.DagsterInstance) -> None:
        """Compute the tables over all months, now that the new file has replaced the old one."""
        job = build_definitions(self.settings).resolve_job_def(REFRESH_SUMMARY)
        run = job.execute_in_process(instance=instance, run_config=QUIET, raise_on_error=False)
        click.echo(f"  report and published tables  {_result_text(run)}")

    def _landed_months(self) -> set[date]:
        """The months of which the new file holds every dataset."""
        return set.intersection(*({*last_loads(self.new_warehouse, each)} for each in self.settings.datasets))

    def _refuse_other_zone(self) -> None:
        """Raise if an earlier run for another zone left its file behind."""
        unfinished = identity_of(self.new_warehouse)
        if unfinished and unfinished.timezone != self.settings.timezone:
            raise click.ClickException(
                f"an earlier run for {unfinished.timezone} left {self.new_warehouse.display_name}: delete it, then run "
                f"the command again"
            )

    def _result(self, run: dg.ExecuteInProcessResult, key: str) -> str:
        """The result of the month's run, which counts if its rows landed, even if a check failed, as it did before.

        Raises `ClickException` if the rows did not land.
        """
        has_landed = datetime.fromisoformat(key).date() in self._landed_months()
        if run.success or has_landed:
            return _result_text(run)
        raise click.ClickException(
            f"{key[:7]} could not be read, so {self.path} is unchanged, in {self.old_timezone}. To see why, run "
            f"`{our_command('dev')}` and open run {run.run_id} under Runs. Run this command again to continue with the "
            f"month, or set CLEARGRID_TIMEZONE back"
        )


def plan(settings: Settings) -> Rezoning | None:
    """The work to do; None if the warehouse is already in the configured zone.

    Raises `ClickException` if it cannot be done, `ClearGridError` or `WarehouseError`.
    """
    warehouse = command_warehouse(settings)
    if warehouse.is_lake:
        raise click.ClickException(LAKE)
    stored = identity_of(warehouse)
    if stored is None:
        raise click.ClickException(UNKNOWN.format(display_name=warehouse.display_name))
    if stored.timezone == settings.timezone:
        return None
    if not _is_ours(stored, settings):
        raise click.ClickException(OTHERS.format(display_name=warehouse.display_name, stored=stored))
    return Rezoning(settings, Path(warehouse.address).resolve(), stored.timezone, _months_to_read(settings, warehouse))


def _is_ours(stored: WarehouseIdentity, settings: Settings) -> bool:
    """True if the settings name the same account. Logs in, because only ClearGrid knows the lender's public id."""
    if stored.environment != settings.environment:
        return False
    return ClearGridConnection(settings).client().log_in() == stored.lender_public_id


def _months_to_read(settings: Settings, warehouse: Warehouse) -> tuple[str, ...]:
    """The months of the new zone that overlap a loaded month.

    Raises `ClickException` if there are none, or if one lies before the first month that may be loaded.
    """
    with warehouse.reading() as connection:
        windows = [
            (since.replace(tzinfo=UTC), until.replace(tzinfo=UTC))
            for dataset in settings.datasets
            for since, until in connection.execute(WINDOWS.format_map(dataset.sql_names)).fetchall()
        ]
    _verify_start(settings, warehouse, [since for since, _ in windows])
    months = build_months(settings)
    new = {key: window_of(months, key) for key in months.get_partition_keys(current_time=datetime.now(UTC))}
    return tuple(
        key
        for key, window in new.items()
        if any(window.since < until and window.until > since for since, until in windows)
    )


def _verify_start(settings: Settings, warehouse: Warehouse, loaded: Sequence[datetime]) -> None:
    """Raise `ClickException` unless all months may be loaded; `loaded` are the beginnings of those that are."""
    if not loaded:
        raise click.ClickException(NOTHING_LOADED.format(display_name=warehouse.display_name))
    first, start = min(loaded).astimezone(time_zone(settings.timezone)).date().replace(day=1), settings.start_month
    if first < start:
        names = {"display_name": warehouse.display_name, "timezone": settings.timezone}
        raise click.ClickException(TOO_LATE.format(start=start, first=first, **names))


def _result_text(run: dg.ExecuteInProcessResult) -> str:
    return "success" if run.success else f"a check failed, see run {run.run_id}"
