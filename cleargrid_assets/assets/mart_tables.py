"""A lender's own marts as assets: by month in the step of our monthly tables, others in that of the publication.

How a mart is stored and what its page shows belong here; the files are read and verified in `marts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from cleargrid_assets.assets.definition_metadata import description
from cleargrid_assets.assets.sql_asset import reporting_variables, where_month
from cleargrid_assets.marts import Mart
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.table import Table
from cleargrid_assets.warehouse import Query

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class MartTable:
    """A mart as a table of a month, or over all months. `is_as_of_the_load`: an input depends on a load's time."""

    mart: Mart
    is_as_of_the_load: bool = False

    language: ClassVar[str] = "sql"

    @property
    def table(self) -> Table:
        """The table."""
        return self.mart.table

    @property
    def sources(self) -> tuple[Table, ...]:
        """The tables that its rows are made of."""
        return self.mart.inputs

    @property
    def files(self) -> tuple[Path, ...]:
        """Its file."""
        return (self.mart.file,)

    @property
    def description(self) -> str:
        """The table's meaning, its grain and its SQL."""
        return f"{description(self.table)}\n\n```sql\n{self.mart.sql}\n```"

    def store(
        self, connection: "duckdb.DuckDBPyConnection", settings: Settings, rules: str, month: date | None = None
    ) -> Mapping[str, Any]:
        """Replace the month, or the whole table, in the open transaction.

        The SELECT is about all months: only the rows of the month are taken of what it returns.
        """
        from cleargrid_assets.marts.binding import refusals  # noqa: PLC0415 - definitions need no DuckDB
        from cleargrid_assets.warehouse.schema import prepare_mart  # noqa: PLC0415

        prepare_mart(connection, self.table)
        where = where_month(month) if month else ""
        select = f"SELECT * FROM ({self.mart.sql}\n){where}"
        query = Query(select, reporting_variables(settings), rules_version=rules)
        with refusals(self.mart.file.name):
            query.store(connection, self.table.qualified_name, where)
        return {}
