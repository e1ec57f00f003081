"""`cleargrid move-warehouse`: moves the warehouse from the file to a lake, or back.

Add its arguments and output here; the copying is in `warehouse.copying`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cleargrid_assets.commands.status import LOCK_TIMEOUT
from cleargrid_assets.marts import marts_of
from cleargrid_assets.settings import Settings, warehouse_address
from cleargrid_assets.tables.raw import D23_LOADS
from cleargrid_assets.warehouse import WarehouseError
from cleargrid_assets.warehouse.copying import find_differences, move, snapshot_of
from cleargrid_assets.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets.tables.table import Table
    from cleargrid_assets.warehouse.copying import CopiedMonth


@click.command("move-warehouse", short_help="Copy the warehouse into a lake, or back into a file.")
@click.argument("source")
@click.argument("target")
@click.option("--overwrite", "may_overwrite", is_flag=True, help="Also replace months with loads that only TARGET has.")
def move_warehouse(source: str, target: str, *, may_overwrite: bool) -> None:
    """Copy the warehouse SOURCE into TARGET, a DuckDB file or a ducklake: address, and compare them.

    Your own marts in CLEARGRID_MARTS are copied with our tables.
    Compares counts and checksums of each month before committing it. You can run it again at any time: it skips months
    that are equal already and continues where it was interrupted.
    """
    try:
        settings = Settings.from_environment()
        settings.validate_sources()
        origin, copy = (
            Warehouse(
                warehouse_address(name, address), lock_timeout=LOCK_TIMEOUT, extensions=settings.duckdb_extensions
            )
            for name, address in (("SOURCE", source), ("TARGET", target))
        )
        copy = replace(copy, lake_data=settings.lake_data)
        marts = marts_of(settings).tables
        _validate(origin, copy)
        for moved in move(origin, copy, marts, may_overwrite=may_overwrite):
            click.echo(_line(moved))
        _report_difference(origin, copy, marts)
    except WarehouseError as error:
        message = str(error).replace(Settings.warehouse.name, "SOURCE or TARGET")
        raise click.ClickException(message) from error
    click.echo(
        f"{copy.display_name} is now a copy of {origin.display_name}. To use it, set CLEARGRID_WAREHOUSE to it on "
        f"every host."
    )


def _validate(origin: Warehouse, copy: Warehouse) -> None:
    if not origin.exists:
        raise click.ClickException(f"there is no warehouse at {origin.display_name}")
    if _is_same(origin, copy):
        raise click.UsageError("SOURCE and TARGET are the same warehouse")
    with origin.reading() as connection:
        if not D23_LOADS.exists_in(connection):
            raise click.ClickException(f"SOURCE is no warehouse of cleargrid_assets: {origin.display_name}")


def _is_same(origin: Warehouse, copy: Warehouse) -> bool:
    """True for the same address of a lake, and for all paths of the same file."""
    if origin.is_lake or copy.is_lake:
        return origin.address == copy.address
    return copy.exists and Path(origin.address).samefile(copy.address)


def _line(moved: CopiedMonth) -> str:
    name = f"{moved.month:%Y-%m}" if moved.month else "tables without months"
    return f"{name:<24}{moved.rows:>14,} rows  {'copied, same checksums' if moved.was_copied else 'equal already'}"


def _report_difference(origin: Warehouse, copy: Warehouse, marts: Sequence[Table]) -> None:
    """Print what only one of them holds; fail if the source changed during the copy, so that the two differ."""
    old, new = snapshot_of(origin, marts), snapshot_of(copy, marts)
    months = {part.month for part in old.contents}
    changed = sorted(str(month) for month in months if find_differences(old, new, month))
    if changed:
        raise click.ClickException(f"the source changed during the copy ({', '.join(changed)}): run the command again")
    surplus = sorted({f"{part.month:%Y-%m}" for part in new.contents if part.month and part.month not in months})
    if surplus:
        click.echo(f"only in the target, unchanged: {', '.join(surplus)}")
    if old.unmanaged_tables:
        names = ", ".join(old.unmanaged_tables)
        click.echo(f"not copied, because neither cleargrid_assets nor a file in CLEARGRID_MARTS makes them: {names}")
