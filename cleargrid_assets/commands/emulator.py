"""`cleargrid emulator`: runs the local ClearGrid in the foreground.

Add its options and output here; the emulator itself is in `cleargrid_assets.emulator`.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress

import click

from cleargrid_assets.commands.emulator_settings import account_variables
from cleargrid_assets.commands.processes import interrupt_on_signals
from cleargrid_assets.emulator import Emulator
from cleargrid_assets.emulator.faults import FAULTS


@click.command(
    short_help="Serve a local ClearGrid until it is stopped.",
    epilog="\b\nFaults:\n" + "\n".join(f"  {name}: {fault.about}" for name, fault in FAULTS.items()),
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8123,
    show_default=True,
    help="Port on 127.0.0.1; 0 picks a free one.",
)
@click.option(
    "--rows-per-day", type=click.IntRange(0), default=400, show_default=True, help="Rows on an average working day."
)
@click.option("--seed", default=7, show_default=True, help="Each seed generates another lender's rows.")
@click.option("--page-delay-ms", type=click.IntRange(0), default=0, show_default=True, help="Delay of each page.")
@click.option("--uses-per-token", type=click.IntRange(1), help="Number of requests after which a token expires.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    type=click.Choice(list(FAULTS)),
    metavar="FAULT",
    help="Inject one of the faults below; can be repeated.",
)
def emulator(
    *, port: int, rows_per_day: int, seed: int, page_delay_ms: int, uses_per_token: int | None, faults: tuple[str, ...]
) -> None:
    """Serve a local ClearGrid until it is stopped."""
    try:
        local = Emulator(
            port=port,
            rows_per_day=rows_per_day,
            seed=seed,
            page_delay_seconds=page_delay_ms / 1000,
            uses_per_token=uses_per_token,
            faults=faults,
        )
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise click.ClickException(f"port {port} cannot be used ({reason}): choose another with --port") from error
    with suppress(KeyboardInterrupt), interrupt_on_signals(), local:
        click.echo(setting_lines(local))
        threading.Event().wait()


def setting_lines(local: Emulator) -> str:
    """The lines that point this project at the emulator."""
    return "\n".join(f"{name}={value}" for name, value in account_variables(local.base_url, local.credentials).items())
