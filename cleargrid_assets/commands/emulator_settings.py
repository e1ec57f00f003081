"""The settings of a local emulator: its address, and what `cleargrid demo` saved for later commands.

The demo writes the first month and the size of its lender into the emulator's Dagster home. `dev`, `status` and
`doctor` read them as defaults, so that they show the months that the demo loaded.
"""

from __future__ import annotations

import re
import socket
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import click

from cleargrid_assets.client.url_validation import is_loopback
from cleargrid_assets.commands.instance import home_path
from cleargrid_assets.emulator import Credentials, Emulator
from cleargrid_assets.settings import EMULATOR, Settings
from cleargrid_assets.settings.variables import read_file

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO = "demo.env"
DEMO_ROWS_PER_DAY = "DEMO_ROWS_PER_DAY"
ROWS_PER_DAY = 400
OUTCOMES = Path(__file__).with_name("emulator_outcomes.csv")
"""Maps the emulated lender's own spellings; real lenders have their own, too."""

OWN_ADDRESS = re.compile(r"http://(127\.0\.0\.1|localhost)(:[1-9]\d*)?/*", re.IGNORECASE)
"""The addresses on which an emulator that is started here answers."""

CONNECT_SECONDS = 5.0


def emulator_settings(emulator: Emulator) -> dict[str, str]:
    """Variables that point everything at `emulator` and its own warehouse."""
    warehouse = str(Path("data/emulator.duckdb").resolve())
    return {**account_variables(emulator.base_url, emulator.credentials), "CLEARGRID_WAREHOUSE": warehouse}


def account_variables(address: str, account: Credentials) -> dict[str, str]:
    """Variables for the account of an emulator that answers on `address`."""
    return {
        "CLEARGRID_ENVIRONMENT": EMULATOR,
        "CLEARGRID_BASE_URL": address,
        "CLEARGRID_LENDER": account.lender,
        "CLEARGRID_EMAIL": account.email,
        "CLEARGRID_PASSWORD": account.password,
    }


def with_demo_settings(settings: Settings) -> Settings:
    """These settings, or the emulator's, completed with what the demo saved in this folder."""
    settings = settings.or_emulator()
    if settings.text_of(Settings.environment) != EMULATOR:
        return settings
    defaults = {Settings.outcomes.name: str(OUTCOMES), **_read_demo_settings()}
    missing = {name: value for name, value in defaults.items() if not settings.variables.get(name, "").strip()}
    return replace(settings, variables={**settings.variables, **missing})


def _read_demo_settings() -> dict[str, str]:
    """What the last demo in this folder saved; empty before the first. Raises `ClickException` if it is unreadable."""
    file = read_file(home_path(EMULATOR) / DEMO)
    if file.problems:
        raise click.ClickException("; ".join(file.problems))
    return dict(file.values)


def save_demo_settings(start_month: str, rows_per_day: int) -> None:
    """Save the demo's settings for later commands in this folder."""
    lines = (
        "# Written by `cleargrid demo`; `dev`, `status` and `doctor` use it unless a setting says otherwise.",
        f"CLEARGRID_START_MONTH={start_month}",
        f"{DEMO_ROWS_PER_DAY}={rows_per_day}",
    )
    (home_path(EMULATOR) / DEMO).write_text("\n".join(lines) + "\n", encoding="utf-8")


@contextmanager
def ensure_emulator(settings: Settings) -> Iterator[dict[str, str]]:
    """The account of the emulator that the settings name: one that already runs there, else one for the block."""
    credentials = {"lender": Settings.lender, "email": Settings.email, "password": Settings.password}
    texts = {argument: settings.text_of(setting) for argument, setting in credentials.items()}
    account = Credentials(**{argument: text for argument, text in texts.items() if text})
    address = _configured_address(settings)
    if address and (not is_loopback(address.hostname or "") or _is_listening(address)):
        click.echo(f"Using the ClearGrid that runs on {address.hostname}:{_port_of(address)}")
        yield account_variables(address.geturl(), account)
    else:
        with _start_emulator(address, account, settings) as emulator:
            click.echo(f"Emulated ClearGrid on {emulator.base_url}")
            yield account_variables(emulator.base_url, account)


def _configured_address(settings: Settings) -> SplitResult | None:
    """The address in the settings; None if any free port will do."""
    text = settings.text_of(Settings.base_url)
    if text is None:
        return None
    try:
        address = urlsplit(text)
        _port_of(address)
    except ValueError as error:
        raise click.ClickException(
            "CLEARGRID_BASE_URL is not a valid address: use one such as http://127.0.0.1:8123, or leave it empty to "
            "start the emulator on a free port"
        ) from error
    return address


def _port_of(address: SplitResult) -> int:
    return address.port or (443 if address.scheme == "https" else 80)


def _is_listening(address: SplitResult) -> bool:
    """True if something accepts connections there."""
    try:
        socket.create_connection((address.hostname or "", _port_of(address)), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def _start_emulator(address: SplitResult | None, account: Credentials, settings: Settings) -> Emulator:
    if address and not OWN_ADDRESS.fullmatch(address.geturl()):
        raise click.ClickException(
            "nothing runs on the address of CLEARGRID_BASE_URL, and the emulator cannot be started there: use one such "
            "as http://127.0.0.1:8123, or leave it empty to start the emulator on a free port"
        )
    rows_per_day = _rows_per_day(settings)
    try:
        return Emulator(port=_port_of(address) if address else 0, credentials=account, rows_per_day=rows_per_day)
    except OSError as error:
        raise click.ClickException(
            f"the emulator cannot start on the address of CLEARGRID_BASE_URL ({error.strerror}): leave it empty to "
            f"use a free port"
        ) from error


def _rows_per_day(settings: Settings) -> int:
    """The size of the emulated lender: what the demo saved, or the default."""
    text = settings.variables.get(DEMO_ROWS_PER_DAY, "").strip() or str(ROWS_PER_DAY)
    if not text.isdecimal():
        raise click.ClickException(f"{DEMO_ROWS_PER_DAY} is {text!r}; use a whole number, such as {ROWS_PER_DAY}")
    return int(text)
