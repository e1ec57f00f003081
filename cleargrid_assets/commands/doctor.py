"""`cleargrid doctor`: lists the effective settings and checks everything that a load needs, one line each.

Add a check here, in the right order; settings, client, warehouse and alerts do the work.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleargrid_assets.alerts import AlertError, Origin, send_alert
from cleargrid_assets.assets.reports.page.targets import read_targets
from cleargrid_assets.client import (
    D23,
    ClearGridClient,
    ClearGridError,
    LoginRejectedError,
    RetryPolicy,
    SettingsError,
    TransientError,
    UnreachableError,
    Window,
)
from cleargrid_assets.client.response import ConnectionBrokenError, RequestTimeoutError
from cleargrid_assets.client.transport import Transport
from cleargrid_assets.commands.emulator_settings import with_demo_settings
from cleargrid_assets.connections import ClearGridConnection, WarehouseConnection
from cleargrid_assets.failures import next_step
from cleargrid_assets.landing.warehouse_identity import Identity, identity_of, other_tables, verify_stored
from cleargrid_assets.marts import MartError, marts_of
from cleargrid_assets.outcome_map import OutcomeMap, OutcomeMapError
from cleargrid_assets.settings import EMULATOR, SETTINGS, Settings
from cleargrid_assets.settings.setting_types import Group, Setting
from cleargrid_assets.sql_checks import read_mart_checks
from cleargrid_assets.time_zone_data import verify_time_zone
from cleargrid_assets.warehouse import (
    WarehouseBusyError,
    WarehouseError,
    WarehouseIdentityError,
    WarehouseUnreachableError,
    WarehouseVersionError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleargrid_assets.landing.warehouse_identity import WarehouseIdentity
    from cleargrid_assets.warehouse.warehouse import Warehouse

EXIT_CODES = {"settings": 3, "address": 4, "login": 5, "page": 6, "count": 7, "warehouse": 8, "alert": 9}
MAX_TIMEOUT_SECONDS = 10
"""For one request; short, because a person is waiting."""

LOCK_TIMEOUT, OPEN_TIMEOUT = 15.0, 5.0
PAGE_MINUTES = 10
KNOWN = (ClearGridError, WarehouseError, OutcomeMapError, AlertError)

ADVICE: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    ((SettingsError, OutcomeMapError, WarehouseIdentityError, WarehouseVersionError), ""),
    (
        LoginRejectedError,
        "Check CLEARGRID_LENDER, CLEARGRID_EMAIL and CLEARGRID_PASSWORD; after HTTP 404, CLEARGRID_BASE_URL too.",
    ),
    (UnreachableError, "Check CLEARGRID_BASE_URL, the network and any proxy."),
    (TransientError, "Try again later; if that does not help, send ClearGrid the message and the request id."),
    (AlertError, "Check CLEARGRID_ALERT_WEBHOOK and the network."),
    (WarehouseBusyError, "Wait for the runs, or close the program, that the message names."),
    (WarehouseUnreachableError, "Start the lake's catalog or store, or wait for it."),
    (WarehouseError, "Correct what the message names."),
)
"""What to do next at a terminal; empty if the message says it. Other errors give the advice of a failed run."""

SETTINGS_FIRST = "fix settings first"
NO_ACCOUNT = "no ClearGrid account is configured"
ON_THE_EMULATOR = (
    f"checking the emulator's settings and warehouse, which `cleargrid demo` and `cleargrid dev` use; {NO_ACCOUNT} "
    f"(`cleargrid emulator` starts a local ClearGrid and prints the settings of its account)"
)


@dataclass(frozen=True)
class Diagnosis:
    """The checks; each returns a few words or raises."""

    settings: Settings
    now: datetime

    @cached_property
    def is_offline(self) -> bool:
        """True if there is an emulator's warehouse here but no account to log in with."""
        if self.settings.has_account or self.settings.text_of(Settings.environment) != EMULATOR:
            return False
        try:
            return Path(self.settings.warehouse).exists()
        except (SettingsError, OSError):
            return False

    def settings_problems(self) -> list[Exception]:
        """Everything that is wrong with the settings, the files that they name, and the time zone's data."""
        of_settings: list[Exception] = [*self.settings.problems((Group.ACCOUNT,) if self.is_offline else ())]
        problems = of_settings or self._zone_problems()
        for read in (
            lambda: OutcomeMap.load(self.settings.outcomes),
            lambda: read_mart_checks(marts_of(self.settings)),
            lambda: read_targets(self.settings.targets),
        ):
            try:
                read()
            except (OutcomeMapError, MartError, SettingsError) as error:
                if str(error) not in map(str, problems):
                    problems.append(error)
        return problems

    def _zone_problems(self) -> list[Exception]:
        """Check the time zone data of every month up to a year ahead; a mismatch would fail a load."""
        since = datetime.combine(self.settings.start_month, time(), UTC)
        try:
            verify_time_zone(self.settings.timezone, since, self.now + timedelta(days=366))
        except SettingsError as error:
            return [error]
        return []

    def summary(self) -> str:
        """The account and the months that the settings point to."""
        if self.is_offline:
            return ON_THE_EMULATOR
        account = self.settings.account
        return f"{account.environment}, lender {account.lender}, months from {self.settings.start_month:%Y-%m}"

    def cleargrid_checks(self) -> dict[str, Callable[[], str]]:
        """The checks of ClearGrid; each makes sense only if the one before it passed."""
        return {
            "address": self.address_answers,
            "login": self.login_is_accepted,
            "page": self.page_arrives,
            "count": self.count_arrives,
        }

    def address_answers(self) -> str:
        """Send one request; any HTTP answer will do."""
        url = self.settings.base_url
        try:
            answer = Transport(url, MAX_TIMEOUT_SECONDS).send("GET", "/", seconds=MAX_TIMEOUT_SECONDS)
        except (RequestTimeoutError, ConnectionBrokenError) as error:
            what = str(error) or f"nothing within {MAX_TIMEOUT_SECONDS} s"
            raise UnreachableError(f"{url} does not respond ({what})") from error
        return f"{url} responded with HTTP {answer.status}"

    def login_is_accepted(self) -> str:
        """Log in once."""
        _ = self.lender_public_id
        return f"as {self.settings.account.email}"

    def page_arrives(self) -> str:
        """Fetch one page of each dataset, covering ten minutes of yesterday."""
        since = self.now - timedelta(days=1)
        window = Window(since, since + timedelta(minutes=PAGE_MINUTES))
        client, (main, *others) = self._client(), self.settings.datasets
        rows = f"{len(client.first_page(main.export, window).rows)} rows of {PAGE_MINUTES} minutes of yesterday"
        return rows + "".join(f", {len(client.first_page(each.export, window).rows)} of {each.code}" for each in others)

    def count_arrives(self) -> str:
        """Ask for ClearGrid's own count of the last 24 hours; a load also works without one."""
        total = self._client().count(D23, Window(self.now - timedelta(days=1), self.now))
        if total.total is None:
            return f"no total ({total.note}): months will land, but cannot be reconciled with ClearGrid's own count"
        return f"{total.total} rows in the last 24 hours"

    def warehouse_is_writable(self) -> str:
        """Open it and check which lender it belongs to; if it does not exist yet, check that its folder is writable."""
        self.warehouse.check_writable()
        if not self.warehouse.exists:
            return f"{self.warehouse.display_name} (the first load creates it)"
        stored = identity_of(self.warehouse)
        if stored is None:
            return self.warehouse.display_name + other_tables(self.warehouse)
        verify_stored(stored, self._identity(stored), self.warehouse.display_name)
        return f"{self.warehouse.display_name}, of {stored.summary}"

    @cached_property
    def lender_public_id(self) -> str:
        """ClearGrid's id of the lender, from the one login."""
        return self._client().log_in()

    def _identity(self, stored: WarehouseIdentity) -> Identity:
        """The identity that a load would compare with `stored`; without a login, the lender is not compared."""
        settings = self.settings
        public_id = vars(self).get("lender_public_id", stored.lender_public_id)
        lender = settings.text_of(Settings.lender) or stored.lender
        return Identity(settings.environment, lender, public_id, settings.timezone)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The configured warehouse with short time-outs, because a person is waiting. Raises `SettingsError`."""
        configured = WarehouseConnection(self.settings).warehouse()
        return replace(configured, lock_timeout=LOCK_TIMEOUT, open_timeout=OPEN_TIMEOUT)

    def alert_is_delivered(self) -> str:
        """Send a test alert."""
        title = f"*cleargrid_assets, {Origin.of(self.settings).environment}: test*"
        send_alert(self.settings, f"{title}\nSent by `cleargrid doctor --alert`; nothing is wrong.")
        return "a test message was accepted"

    def _client(self) -> ClearGridClient:
        return ClearGridConnection(self.settings).client(
            timeout_seconds=min(MAX_TIMEOUT_SECONDS, self.settings.timeout_seconds),
            retry=RetryPolicy(attempts=2, rate_limited_attempts=2),
        )


@click.command(
    short_help="Check settings, login, ClearGrid's export and the warehouse.",
    epilog="Exit code: 0 if everything is fine; otherwise that of the first problem: "
    + ", ".join(f"{code} {name}" for name, code in EXIT_CODES.items())
    + ".",
)
@click.option("--alert", is_flag=True, help="Also send a test message to CLEARGRID_ALERT_WEBHOOK.")
def doctor(*, alert: bool) -> None:
    """List the effective settings, then check the address, login, a page of each dataset, a count and the warehouse."""
    now = datetime.now(UTC).replace(microsecond=0)
    sys.exit(examine(Settings.from_environment(), click.echo, now, alert=alert))


def examine(settings: Settings, print_line: Callable[[str], object], now: datetime, *, alert: bool = False) -> int:
    """List the settings and run every check; `print_line` prints a line for each. Return the exit code."""
    of_demo = Diagnosis(with_demo_settings(settings), now)
    diagnosis = of_demo if of_demo.is_offline else Diagnosis(settings, now)
    for setting in SETTINGS:
        origin = settings.origin_of(setting)
        is_from_demo = origin == "default" and diagnosis.settings.text_of(setting)
        line = _setting_line(diagnosis.settings, setting, "demo" if is_from_demo else origin)
        print_line(f"{'settings':<10} {line}".rstrip())
    codes = [_check_settings(diagnosis, print_line)]
    obstacle = NO_ACCOUNT if diagnosis.is_offline else SETTINGS_FIRST if codes[0] else ""
    for name, check in diagnosis.cleargrid_checks().items():
        if obstacle:
            print_line(_line(name, f"skipped: {obstacle}"))
        elif code := _run_check(name, check, print_line):
            codes.append(code)
            obstacle = f"fix {name} first"
    codes.append(_check_warehouse(diagnosis, print_line))
    if alert:
        codes.append(_run_check("alert", diagnosis.alert_is_delivered, print_line))
    return next((code for code in codes if code), 0)


def _check_settings(diagnosis: Diagnosis, print_line: Callable[[str], object]) -> int:
    """Print one line for each problem; return the exit code."""
    problems = diagnosis.settings_problems()
    for problem in problems:
        print_line(_failure("settings", problem))
    if not problems:
        print_line(_line("settings", f"ok, {diagnosis.summary()}"))
    return EXIT_CODES["settings"] if problems else 0


def _check_warehouse(diagnosis: Diagnosis, print_line: Callable[[str], object]) -> int:
    """Check the warehouse and return the exit code; an unusable setting already has its own line."""
    try:
        _ = diagnosis.warehouse
    except SettingsError:
        print_line(_line("warehouse", f"skipped: {SETTINGS_FIRST}"))
        return 0
    return _run_check("warehouse", diagnosis.warehouse_is_writable, print_line)


def _run_check(name: str, check: Callable[[], str], print_line: Callable[[str], object]) -> int:
    """Run one check, print its line, and return 0 or the exit code of its failure."""
    try:
        print_line(_line(name, f"ok, {check()}"))
    except KNOWN as error:
        print_line(_failure(name, error))
        return EXIT_CODES[name]
    return 0


def _setting_line(settings: Settings, setting: Setting[Any], origin: str) -> str:
    """A setting's value with secrets masked, and where it comes from."""
    try:
        value = setting.show(getattr(settings, setting.attribute))
    except SettingsError:
        value, origin = ("not set", "") if settings.text_of(setting) is None else ("not usable", origin)
    return f"{setting.name:<30} {value:<32} {origin}"


def _failure(name: str, error: Exception) -> str:
    advice = next((advice for kinds, advice in ADVICE if isinstance(error, kinds)), None)
    end = "" if str(error).endswith((".", "?", "!")) else "."
    return _line(name, f"FAILED. {error}{end} {next_step(error) if advice is None else advice}")


def _line(name: str, text: str) -> str:
    return f"{name:<10} {' '.join(text.split())}"
