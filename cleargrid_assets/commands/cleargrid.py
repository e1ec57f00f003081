"""The `cleargrid` command itself: its version and the list of its subcommands."""

from __future__ import annotations

import click

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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cleargrid-assets", message="cleargrid-assets %(version)s")
def cleargrid() -> None:
    """ClearGrid's D23 call outcomes in your own warehouse."""
    silence_preview_warnings()


for subcommand in (certificate, demo, dev, doctor, emulator, export, move_warehouse, rezone, status):
    cleargrid.add_command(subcommand)
