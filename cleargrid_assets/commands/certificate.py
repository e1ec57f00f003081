"""`cleargrid certificate MONTH`: prints the certificate of a month and verifies it against the warehouse.

What is compared is in `assets.reports.certificate.verification`; finding the file and answering belong here.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import click

from cleargrid_assets.assets.reports.certificate.certificate import Certificate, InvalidCertificateError
from cleargrid_assets.assets.reports.certificate.evidence import observe_checks, read_evidence
from cleargrid_assets.assets.reports.certificate.page import as_html, as_text
from cleargrid_assets.assets.reports.certificate.verification import disagreements
from cleargrid_assets.assets.reports.month_certificates import certificate_artifacts, json_name, page_name
from cleargrid_assets.commands.emulator_settings import with_demo_settings
from cleargrid_assets.commands.status import command_warehouse
from cleargrid_assets.landing.ledger import last_loads
from cleargrid_assets.settings import Settings

if TYPE_CHECKING:
    from cleargrid_assets.warehouse.warehouse import Warehouse


MONTH = re.compile(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])")


@click.command(short_help="Print a month's certificate and verify it against the warehouse.")
@click.argument("month")
@click.pass_context
def certificate(ctx: click.Context, month: str) -> None:
    """Print the certificate of MONTH, such as 2026-05, and verify it against the warehouse.

    Exit code 0: everything agrees. 1: one sentence says what does not, or why there is nothing to verify.
    """
    first_day = _month_of(month)
    settings = with_demo_settings(Settings.from_environment())
    warehouse = command_warehouse(settings)
    document = _read(settings, warehouse, first_day)
    problems = [
        *_verify(document, settings, warehouse, first_day),
        *_verify_page(document, settings, warehouse, first_day),
    ]
    click.echo(as_text(document))
    if problems:
        click.echo("\nNot verified:\n" + "\n".join(f"- {problem}" for problem in problems))
        ctx.exit(1)
    click.echo(f"\nVerified: everything agrees with {warehouse.display_name}.")


def _month_of(text: str) -> date:
    if not MONTH.fullmatch(text):
        raise click.BadParameter(f"{text!r} is not a month: write year and month as 2026-05.", param_hint="MONTH")
    return date.fromisoformat(f"{text}-01")


def _read(settings: Settings, warehouse: Warehouse, month: date) -> Certificate:
    """The month's certificate. Raises `ClickException`, `SettingsError` or `WarehouseError`."""
    files, name = certificate_artifacts(warehouse, settings.environment), json_name(month)
    path = f"{files.display_name}/{name}"
    if month not in last_loads(warehouse):
        raise click.ClickException(
            f"{month:%Y-%m} has not been loaded into {warehouse.display_name}, so no certificate can be verified: load "
            f"the month, then run the job refresh_summary"
        )
    text = files.read(name)
    if text is None:
        raise click.ClickException(
            f"there is no certificate of {month:%Y-%m} yet, {path} does not exist: run the job refresh_summary"
        )
    try:
        return Certificate.parse(text)
    except InvalidCertificateError as error:
        raise click.ClickException(
            f"{path} is not a certificate ({error}): run the job refresh_summary to replace it"
        ) from error


def _verify(document: Certificate, settings: Settings, warehouse: Warehouse, month: date) -> list[str]:
    with warehouse.reading() as connection:
        evidence = read_evidence(connection, month)
        return disagreements(document, evidence, observe_checks(connection, settings, month))


def _verify_page(document: Certificate, settings: Settings, warehouse: Warehouse, month: date) -> list[str]:
    """A page that is not the certificate's, such as one that was edited or written by another release."""
    files, name = certificate_artifacts(warehouse, settings.environment), page_name(month)
    if files.read(name) == as_html(document).encode():
        return []
    return [f"The page {files.display_name}/{name} does not show this certificate: run the job refresh_summary."]
