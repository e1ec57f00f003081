"""`cleargrid dev`: the Dagster UI and daemon; with an emulator beside them unless `.env` names a real environment.

Here: which processes run. Not here: what they do.
"""

from __future__ import annotations

import signal
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from cleargrid_assets.client import SettingsError
from cleargrid_assets.commands.emulated import emulator_settings
from cleargrid_assets.commands.instance import (
    EMULATOR,
    PROJECT,
    command,
    dagster_home,
    only_daemon,
    running,
    without_settings,
)
from cleargrid_assets.emulator import Credentials, Emulator
from cleargrid_assets.settings import Settings

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=3000, show_default=True, help="Port of the UI.")
def dev(port: int) -> None:
    """Open the Dagster UI on the settings of the environment and .env; without any, on a local emulator."""
    settings = Settings.from_environment().or_emulator()
    try:
        settings.validate_sources()
        wanted = settings.environment
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    _refuse_taken(port)
    home = dagster_home(wanted)
    given = settings.exported()
    environment = {**given, "DAGSTER_HOME": str(home)}
    with ExitStack() as stack:
        stack.enter_context(only_daemon(home))
        if wanted == EMULATOR:
            emulator = stack.enter_context(_emulator_for(given))
            environment = without_settings(environment) | emulator_settings(emulator) | _given_settings(given)
            click.echo(f"Emulated ClearGrid on {emulator.base_url}")
        workspace = str(PROJECT / "workspace.yaml")
        arguments = [command("dagster"), "dev", "-w", workspace, "--host", "127.0.0.1", "--port", str(port)]
        # In the home there is no `.env`, which Dagster would put over the environment.
        process = stack.enter_context(running(arguments, cwd=home, environment=environment))
        click.echo(f"Dagster on http://127.0.0.1:{port} (Ctrl-C stops everything)")
        _wait(process)


def _emulator_for(given: Mapping[str, str]) -> Emulator:
    """An emulator on the address and account that the settings name, or on a free port."""
    address = given.get("CLEARGRID_BASE_URL", "")
    names = {"lender": "CLEARGRID_LENDER", "email": "CLEARGRID_EMAIL", "password": "CLEARGRID_PASSWORD"}
    account = {argument: given[name] for argument, name in names.items() if given.get(name)}
    try:
        return Emulator(port=(urlsplit(address).port or 0) if address else 0, credentials=Credentials(**account))
    except ValueError as error:
        raise click.ClickException("CLEARGRID_BASE_URL is no address: empty it to take a free port") from error
    except OSError as error:
        raise click.ClickException(
            f"no emulator can listen on CLEARGRID_BASE_URL={address} ({error.strerror}): stop what uses it, or empty "
            f"the variable to take a free port"
        ) from error


def _given_settings(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if name.startswith("CLEARGRID_") and value}


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise click.ClickException(f"port {port} is taken: stop what uses it or pass --port") from error


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Until Dagster ends by itself or somebody asks us to stop."""

    def stop(*_signal: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        process.wait()
    except KeyboardInterrupt:
        click.echo("Stopping ...")
