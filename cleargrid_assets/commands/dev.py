"""`cleargrid dev`: runs the Dagster UI and daemon, with an emulator unless the settings name a real account.

The processes are in `services`, and the lines that the console prints about runs are in `run_console`.
"""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime

import click

from cleargrid_assets.client import SettingsError
from cleargrid_assets.commands.emulator_settings import ensure_emulator, with_demo_settings
from cleargrid_assets.commands.instance import (
    dagster_home,
    exclusive_daemon,
    fail_orphans,
    limit_loads,
    open_instance,
    without_settings,
)
from cleargrid_assets.commands.processes import interrupt_on_signals
from cleargrid_assets.commands.run_console import RunLines
from cleargrid_assets.commands.services import HOST, Services, services
from cleargrid_assets.settings import EMULATOR, Settings

LOG = "dev.log"
LOOK_SECONDS = 1.0


@click.command(short_help="Open the Dagster UI, with its daemon, on your settings.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=3000,
    show_default=True,
    help="Port of the UI on 127.0.0.1; 0 picks a free one.",
)
@click.option("--verbose", is_flag=True, help="Print everything that Dagster's processes print.")
def dev(port: int, *, verbose: bool) -> None:
    """Run the Dagster UI and its daemon with your settings; without a configured account, on a local emulator."""
    with suppress(KeyboardInterrupt), interrupt_on_signals(), ExitStack() as stack:
        settings = _settings()
        port = _free_port(port)
        home = dagster_home(settings.environment)
        lock = stack.enter_context(exclusive_daemon(home))
        ui = f"http://{HOST}:{port}"
        environment = {Settings.ui_url.name: ui, **_variables(settings, stack), "DAGSTER_HOME": str(home)}
        click.echo(f"Starting Dagster; its full output is in {home / LOG}")
        instance = stack.enter_context(open_instance(home))
        fail_orphans(instance)
        with suppress(SettingsError):  # a wrong value is among the warnings
            limit_loads(instance, settings.loads_at_once)
        lines = RunLines(instance, datetime.now(UTC))
        # The home has no `.env`, which Dagster would let override the environment.
        running = stack.enter_context(services(environment, home, home / LOG, lock=lock, echo=verbose))
        running.start_daemon()
        running.start_webserver(port)
        click.echo(f"Dagster on {ui} (Ctrl-C stops everything)")
        _print_runs(running, lines)


def _settings() -> Settings:
    """The effective settings. Raises if a source cannot be read or the environment is wrong; dev prints the rest."""
    settings = with_demo_settings(Settings.from_environment())
    settings.validate_sources()
    _ = settings.environment
    return settings


def _variables(settings: Settings, stack: ExitStack) -> dict[str, str]:
    """The environment of Dagster's processes. Prints a warning for each problem with its settings.

    An emulator that is started for it runs until `stack` is closed.
    """
    variables = settings.exported()
    if settings.environment == EMULATOR:
        ours = {name: value for name, value in variables.items() if name.startswith("CLEARGRID_") and value.strip()}
        at_emulator = stack.enter_context(ensure_emulator(settings))
        variables = {**without_settings(variables), **at_emulator, **ours}
    for problem in Settings(variables).problems():
        click.echo(f"warning: {problem}")
    return variables


def _free_port(port: int) -> int:
    """`port`, or a free one for 0. Raises if it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise click.ClickException(
                f"port {port} cannot be used ({error.strerror}): stop the program that uses it, or choose another with "
                f"--port"
            ) from error
        return int(probe.getsockname()[1])


def _print_runs(running: Services, lines: RunLines) -> None:
    """Print new lines until a process of Dagster ends, which raises, or a signal arrives."""
    while True:
        for line in lines.new():
            click.echo(line)
        running.group.raise_if_ended()
        time.sleep(LOOK_SECONDS)
