"""`Section`, one section of the page as a value, and `ReportData`, the rows that all sections are made of.

Add a property that every section has here; the sections themselves are the modules of `sections`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleargrid_assets.assets.reports.page.formatting import month_name, month_number, month_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime

    from cleargrid_assets.assets.reports.page.blocks import Block
    from cleargrid_assets.assets.reports.page.targets import Targets
    from cleargrid_assets.settings import Settings
    from cleargrid_assets.tables.table import Table

Row = dict[str, Any]


@dataclass(frozen=True)
class ReportData:
    """The rows of every query by the name of its SQL file, and the computed months.

    `month`: the report's month, which is the last final one, or the open one if there is no other. `expected`: the
    months from the configured first one to the open one, which is the last, each with `failed`, `red` or nothing wrong.
    `targets`: the lender's own. `now`: when the rows were read, UTC; None leaves their age unsaid.
    """

    settings: Settings
    month: date | None
    months: Sequence[Row]
    rows: Mapping[str, Sequence[Row]]
    expected: Mapping[date, str] = field(default_factory=dict)
    targets: Targets = field(default_factory=dict)
    now: datetime | None = None

    def __getitem__(self, query: str) -> Sequence[Row]:
        """The query's rows; empty if its tables were never computed."""
        return self.rows[query]

    @property
    def month_name(self) -> str:
        """The report's month as people write it."""
        return month_name(self.month) if self.month else "no month yet"

    @property
    def three_months(self) -> str:
        """The report's month and the two calendar months before it, as far as they are computed."""
        if self.month is None:
            return self.month_name
        last = month_number(self.month)
        return month_spans(row["month"] for row in self.months if last - 3 < month_number(row["month"]) <= last)


@dataclass(frozen=True)
class Section:
    """One section of the page.

    `position`: sections are sorted by it. `module`: the `__file__` of the section's module, whose SQL is next to it:
    `<name>.sql`, and `<name>__<query>.sql` for a further query. `tables`: what the SQL reads. `heading`: may contain
    `{month}`. `content`: the blocks under the heading; without any, the section is left out.
    """

    position: int
    module: str
    heading: str
    tables: tuple[Table, ...]
    content: Callable[[ReportData], Sequence[Block]]

    @property
    def anchor(self) -> str:
        """The id of the section on the page."""
        return Path(self.module).stem.replace("_", "-")

    @property
    def queries(self) -> dict[str, Path]:
        """The section's SQL files by name."""
        path = Path(self.module)
        return {file.stem: file for file in (path.with_suffix(".sql"), *path.parent.glob(f"{path.stem}__*.sql"))}
