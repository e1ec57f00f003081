"""Promises at equal age: the share flagged broken within 7 to 90 days of the promise, and the time to the flag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import Block, Cell, DataTable, Note, Subheading
from cleargrid_assets.assets.reports.page.formatting import DASH, count, month_name, share_cell
from cleargrid_assets.assets.reports.page.hour_maps import maps, table_of, verdict_on
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.tables.analytics import SMALL_SAMPLE
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

AGES = (7, 14, 30, 60, 90)
AGE = 30
"""The age at which pools are compared, days."""

MONTHS = 13
"""So many months are listed, up to the newest: a year, and the same month a year ago."""

MONTHS_OF_POOLS = 3


def _content(data: ReportData) -> Sequence[Block]:
    rows = data["promise_ages"]
    totals = {(row["month"], row["age_days"]): row for row in rows if row["slice"] == "all"}
    if not totals:
        return []
    months = sorted({month for month, _ in totals})[-MONTHS:]
    by_age = [[month_name(month), *(_cell(totals.get((month, age))) for age in AGES)] for month in months]
    return [
        Note(
            "Flagged broken, and last changed, within so many days of the promise, over the promises that were old "
            "enough at the last load. Ages are equal, so months can be compared. A later edit of a flagged promise "
            "takes it out, most in old months. Not broken is not kept: D23 has no payments."
        ),
        DataTable(["Promises of", *(f"within {age} days" for age in AGES)], by_age, is_whole=True),
        *_by_pool(rows),
        *_by_hour(data),
        *_delays(data["promise_ages__flag_delay"]),
    ]


SECTION = Section(
    position=48,
    module=__file__,
    heading="Promises at equal age",
    tables=(CONTACT_ATTEMPTS, D23_LOADS, D23_CHANGES),
    content=_content,
)


def _by_pool(rows: Sequence[Row]) -> list[Block]:
    """The newest months at one age, for each pool."""
    of_pools = [row for row in rows if row["slice"] != "all" and row["age_days"] == AGE]
    return [Subheading(f"Within {AGE} days, by channel and source"), _pool_table(of_pools, _cell)]


def _pool_table(rows: Sequence[Row], cell_of: Callable[[Row | None], str | Cell]) -> DataTable:
    """The pools' newest months. `cell_of`: makes a cell of a pool's month, or of None if it has no row."""
    months = sorted({row["month"] for row in rows})[-MONTHS_OF_POOLS:]
    cells = {(row["pool"], row["month"]): row for row in rows}
    channels = {row["pool"]: row["communication_type"] for row in sorted(rows, key=lambda row: str(row["pool"]))}
    lines = [[pool, *(cell_of(cells.get((pool, month))) for month in months)] for pool in channels]
    heads = ["Pool", *(month_name(month) for month in months)]
    return DataTable(heads, lines, channels=list(channels.values()))


def _by_hour(data: ReportData) -> list[Block]:
    """The map of the promises' weekdays and hours; `contact_hours.sql` judges it."""
    found = maps(data["contact_hours"], "broken_within_30_days")
    if not found:
        return []
    hours = found[0]
    return [
        Subheading(f"Within {AGE} days, by weekday and hour of the promise, in percent"),
        Note(
            f"{data.three_months}, all channels, local time. {verdict_on(hours[0])} Coloured as in the maps of hours."
        ),
        table_of(hours),
    ]


def _delays(rows: Sequence[Row]) -> list[Block]:
    """The medians between which each pool's time from promise to flag lies."""
    if not rows:
        return []
    return [
        Subheading("Time from promise to flag"),
        Note(
            "Median days over the promises whose flag a load saw change: at least up to the load before, which saw "
            f"them without it, at most up to the load that saw it. Grey: n under {SMALL_SAMPLE}."
        ),
        _pool_table(rows, _delay),
    ]


def _delay(row: Row | None) -> str | Cell:
    if row is None:
        return DASH
    days = f"{row['delay_lo_p50_days']:.1f} to {row['delay_hi_p50_days']:.1f} days"
    return Cell(days, [f"n {count(row['n'])}"], "few" if row["n"] < SMALL_SAMPLE else "")


def _cell(row: Row | None) -> str | Cell:
    return share_cell(row["broken"], row["promises"], row["lo"], row["hi"]) if row else DASH
