"""`cleargrid export dbt`: describes the published tables to other programs, from the descriptions in `tables`.

Add a program here, with a subcommand and what it prints. Nothing is read from the warehouse.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from cleargrid_assets.assets.definition_metadata import FRESHNESS
from cleargrid_assets.marts import marts_of
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.catalog import PUBLISHED_TABLES
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.tables.raw import D23_LOADS
from cleargrid_assets.warehouse import WarehouseError
from cleargrid_assets.warehouse.artifacts import ArtifactFolder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from cleargrid_assets.tables.table import Column, Table

DATABASE = "cleargrid"
"""The alias under which a dbt profile attaches the published database."""

HEAD = """\
# Made by `cleargrid export dbt`: write it again after an upgrade. For dbt 1.10.5 or newer, with a profile that attaches
# published/<environment>/cleargrid.duckdb as `cleargrid` (docs/marts.md).
"""


@click.group(short_help="Describe the published tables to other programs.")
def export() -> None:
    """Describe the published tables to other programs."""


@export.command("dbt", short_help="Write a sources.yml for dbt.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; printed without it.")
def dbt(output: Path | None) -> None:
    """Write a sources.yml for dbt: the published tables, your own marts among them, with their columns."""
    settings = Settings.from_environment()
    settings.validate_sources()
    marts = marts_of(settings).tables
    document = dbt_sources((*PUBLISHED_TABLES, *marts, CONTACT_ATTEMPTS, D23_LOADS))
    if output is None:
        click.echo(document, nl=False)
        return
    try:
        with ArtifactFolder(output.resolve().parent).replacing(output.resolve().name) as unfinished:
            unfinished.write_text(document, encoding="utf-8")
    except WarehouseError as error:
        raise click.ClickException(f"{error}, or choose another file") from error
    click.echo(f"Wrote {output}.")


def dbt_sources(tables: Iterable[Table]) -> str:
    """The text of `sources.yml`: a source for each schema."""
    by_schema = groupby(sorted(tables, key=lambda table: table.schema), key=lambda table: table.schema)
    sources = [
        {"name": schema, "database": DATABASE, "schema": schema, "tables": [_table(table) for table in group]}
        for schema, group in by_schema
    ]
    return HEAD + yaml.safe_dump({"version": 2, "sources": sources}, sort_keys=False, allow_unicode=True, width=120)


def _table(table: Table) -> dict[str, Any]:
    grain = f" One row per {', '.join(table.grain)}." if table.grain else ""
    described: dict[str, Any] = {"name": table.name, "description": f"{table.meaning}{grain}"}
    if table == D23_LOADS:  # the only one whose rows say when data arrived
        described["config"] = {"loaded_at_field": "loaded_at", "freshness": _freshness()}
    if len(table.grain) > 1:
        described["data_tests"] = [{"unique": {"arguments": {"column_name": f"({table.key_columns})"}}}]
    return {**described, "columns": [_column(table, column) for column in table.columns]}


def _freshness() -> dict[str, Any]:
    """As in the UI: that the pipeline ran recently."""
    return {"warn_after": _hours(FRESHNESS.warn_window), "error_after": _hours(FRESHNESS.fail_window)}


def _hours(window: Any) -> dict[str, Any]:
    duration: timedelta = window.to_timedelta()
    return {"count": int(duration.total_seconds() // 3600), "period": "hour"}


def _column(table: Table, column: Column) -> dict[str, Any]:
    described = {"name": column.name, "data_type": column.type, "description": column.meaning}
    tests = [
        *(["unique"] if table.grain == (column.name,) else []),
        *(["not_null"] if column.name in table.grain and not column.nullable else []),
    ]
    return {**described, **({"data_tests": tests} if tests else {})}
