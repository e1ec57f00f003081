"""The `cleargrid` command itself: its version, the list of its subcommands, and how their errors end it."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import duckdb

from cleargrid_assets.client import ClearGridError
from cleargrid_assets.commands.certificate import certificate
from cleargrid_assets.commands.demo import demo
from cleargrid_assets.commands.dev import dev
from cleargrid_assets.commands.doctor import doctor
from cleargrid_assets.commands.emulator import emulator
from cleargrid_assets.commands.export import export
from cleargrid_assets.commands.move_warehouse import move_warehouse
from cleargrid_assets.commands.rezone import rezone
from cleargrid_assets.commands.status import status
from cleargrid_assets.definitions import silence_preview_warnings
from cleargrid_assets.failures import is_interrupt
from cleargrid_assets.warehouse import WarehouseError
from cleargrid_assets.warehouse.errors import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

INCOMPLETE = (
    "the warehouse lacks one of our tables or views, or has something else of that name ({}): load a month, which "
    "creates missing derived tables; of anything else, put your last copy of the warehouse in its place"
)


class Commands(click.Group):
    """Ends a command with one sentence where the reader can do something about its error."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the arguments; `--help` and `--version` print here."""
        with _errors_in_one_sentence():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _errors_in_one_sentence():
            return super().invoke(ctx)


@contextmanager
def _errors_in_one_sentence() -> Iterator[None]:
    try:
        yield
    except (ClearGridError, WarehouseError) as error:
        raise click.ClickException(str(error)) from error
    except (duckdb.ProgrammingError, duckdb.IntegrityError) as error:
        raise click.ClickException(INCOMPLETE.format(first_line(error))) from error
    except RuntimeError as error:
        if is_interrupt(error):
            raise KeyboardInterrupt from error
        raise
    except OSError as error:
        if error.errno == errno.EPIPE:  # click ends quietly when nobody reads on
            raise
        raise click.ClickException(_system_error(error)) from error


def _system_error(error: OSError) -> str:
    if error.filename:
        return f"{error.filename} cannot be used ({error.strerror}): correct its owner and permissions"
    return f"input or output failed: {error.strerror or error}"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cleargrid-assets", message="cleargrid-assets %(version)s")
def cleargrid() -> None:
    """ClearGrid's D23 call outcomes in your own warehouse."""
    silence_preview_warnings()


for subcommand in (certificate, demo, dev, doctor, emulator, export, move_warehouse, rezone, status):
    cleargrid.add_command(subcommand)
