"""Promises at equal age: the share flagged broken within 7 to 90 days of the promise, by month and by pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import Block, Cell, DataTable, Note, Subheading
from cleargrid_assets.assets.reports.page.formatting import DASH, count, month_name, percent
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.tables.analytics import SMALL_SAMPLE
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS

if TYPE_CHECKING:
    from collections.abc import Sequence

AGES = (7, 14, 30, 60, 90)
AGE = 30
"""The age at which pools are compared, days."""

MONTHS_OF_POOLS = 3


def _content(data: ReportData) -> Sequence[Block]:
    rows = data["promise_ages"]
    totals = {(row["month"], row["age_days"]): row for row in rows if row["slice"] == "all"}
    if not totals:
        return []
    months = sorted({month for month, _ in totals})
    by_age = [[month_name(month), *(_cell(totals.get((month, age))) for age in AGES)] for month in months]
    return [
        Note(
            "Flagged broken, and last changed, within so many days of the promise, over the promises that were old "
            "enough at the last load. Ages are equal, so months can be compared. A later edit of a flagged promise "
            "takes it out, most in old months. Not broken is not kept: D23 has no payments."
        ),
        DataTable(["Promises of", *(f"within {age} days" for age in AGES)], by_age),
        *_by_pool(rows),
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
    months = sorted({row["month"] for row in of_pools})[-MONTHS_OF_POOLS:]
    cells = {(row["pool"], row["month"]): row for row in of_pools}
    channels = {row["pool"]: row["communication_type"] for row in sorted(of_pools, key=lambda row: str(row["pool"]))}
    lines = [[pool, *(_cell(cells.get((pool, month))) for month in months)] for pool in channels]
    heads = ["Pool", *(month_name(month) for month in months)]
    table = DataTable(heads, lines, channels=list(channels.values()))
    return [Subheading(f"Within {AGE} days, by channel and source"), table]


def _cell(row: Row | None) -> str | Cell:
    """The share with its fraction and interval; only n under a small sample."""
    if row is None:
        return DASH
    if row["promises"] < SMALL_SAMPLE:
        return Cell(f"n {count(row['promises'])}", tone="few")
    fraction = f"{count(row['broken'])} / {count(row['promises'])}"
    return Cell(percent(row["broken"] / row["promises"]), [fraction, f"{percent(row['lo'])} to {percent(row['hi'])}"])
