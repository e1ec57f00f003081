"""`RawDataset`: everything that landing one dataset of ClearGrid needs to know about it, and the tables made of that.

Add a property that datasets differ in here; each dataset is declared in a module of its own, such as `d23`. What all
datasets of this kind share: each row has a `public_id` and an `updated_at`, and ranges are over one cursor field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cleargrid_assets.tables.side_tables import (
    LANDED_AT,
    changes_table,
    loads_table,
    quarantine_table,
    sampled_days_table,
)
from cleargrid_assets.tables.table import MONTH, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cleargrid_assets.client.dataset import Dataset
    from cleargrid_assets.tables.table import Column

PUBLIC_ID = "public_id"
UPDATED_AT = "updated_at"
ROLES_OF_VIEWS = ("last_loads", "moved_away", "changing_loads", "month_versions", "version_loads")
"""Their SQL is in `warehouse/views.sql`."""


@dataclass(frozen=True)
class RawDataset:
    """One dataset and its place in the warehouse.

    `table_name`, `row_meaning`: of the table of its rows. `fields`: the columns that are landed, under ClearGrid's
    names; a field that is not nullable is required. `personal_fields`: documented fields that are never stored, not
    even in quarantine. `view_prefix`: what the names of its views begin with. `title`, `source`, `kept_fields`: texts
    that name the dataset, its rows, and what quarantine keeps of them. `if_silent`: what to do first when no rows come.
    `after_a_load`: what follows by itself when a month has landed.
    """

    export: Dataset
    title: str
    source: str
    table_name: str
    row_meaning: str
    fields: tuple[Column, ...]
    kept_fields: str
    if_silent: str
    after_a_load: str
    personal_fields: tuple[str, ...] = ()
    view_prefix: str = ""

    @property
    def code(self) -> str:
        """ClearGrid's code, such as `D23`."""
        return self.export.code

    @property
    def cursor_field(self) -> str:
        """The field that decides which month a row belongs to."""
        return self.export.cursor_field

    @cached_property
    def field_names(self) -> tuple[str, ...]:
        """The landed fields' names, the id first."""
        return tuple(column.name for column in self.fields)

    @cached_property
    def compared_names(self) -> tuple[str, ...]:
        """The fields in which two versions of a row can differ."""
        return tuple(name for name in self.field_names if name != PUBLIC_ID)

    @cached_property
    def rows(self) -> Table:
        """The table of its landed rows."""
        columns = (*self.fields, MONTH, LANDED_AT)
        return Table("raw", self._name(self.table_name), self.row_meaning, (PUBLIC_ID,), columns, is_history=True)

    @cached_property
    def quarantine(self) -> Table:
        """The table of its rows that cannot be landed."""
        return quarantine_table(self._name("quarantine"), self.kept_fields)

    @cached_property
    def loads(self) -> Table:
        """Its ledger of loads."""
        return loads_table(self._name("loads"), self.views["last_loads"])

    @cached_property
    def changes(self) -> Table:
        """The history of its rows."""
        return changes_table(self._name("changes"))

    @cached_property
    def sampled_days(self) -> Table:
        """The days that were compared with ClearGrid."""
        return sampled_days_table(self._name("sampled_days"))

    @property
    def side_tables(self) -> tuple[Table, ...]:
        """The tables that a load writes besides the rows."""
        return (self.quarantine, self.loads, self.changes)

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of its tables."""
        return (self.rows, *self.side_tables, self.sampled_days)

    @property
    def views(self) -> Mapping[str, str]:
        """The names of its views, by their role."""
        return {role: f"raw.{self.view_prefix}{role}" for role in ROLES_OF_VIEWS}

    @property
    def tables_of_views(self) -> Mapping[str, tuple[Table, ...]]:
        """The tables that each view is made of."""
        return {
            **dict.fromkeys(self.views.values(), (self.loads, self.changes)),
            self.views["last_loads"]: (self.loads,),
        }

    @property
    def sql_names(self) -> Mapping[str, str]:
        """The names of its tables, views and cursor in SQL, by their role."""
        return {
            "rows": self.rows.qualified_name,
            "quarantine": self.quarantine.qualified_name,
            "loads": self.loads.qualified_name,
            "changes": self.changes.qualified_name,
            "sampled_days": self.sampled_days.qualified_name,
            **self.views,
            "cursor": self.cursor_field,
        }

    def adapt(self, text: str, *, written_for: RawDataset) -> str:
        """SQL that was written for another dataset, with this one's names in place of the other's, in comments too."""
        names = {name: self.sql_names[role] for role, name in written_for.sql_names.items()}
        pattern = "|".join(rf"\b{re.escape(name)}\b" for name in names)
        return re.sub(pattern, lambda match: names[match.group()], text)

    def _name(self, table: str) -> str:
        return f"{self.code.lower()}_{table}"
