"""`SqlTable`: a table computed by one SELECT, in an `.sql` file with the table's name; `sql_asset`: a whole one.

Add what all SQL tables share here; the SQL files are next to the assets. The monthly tables become assets in
`month_tables`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.definition_metadata import (
    FRESHNESS,
    IO_MANAGER,
    OWNERS,
    definition_metadata,
    description,
    references_to,
)
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.landing.warehouse_identity import verify_settings
from cleargrid_assets.rules_version import files_version
from cleargrid_assets.settings import Settings
from cleargrid_assets.staleness import DataVersions, rules_of, tag_run
from cleargrid_assets.tables.table import Table
from cleargrid_assets.warehouse import Query, Seed

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class SqlTable:
    """A table, those that its SELECT reads, and how its rows are stored, which `Query` explains.

    `post_file`: the file of the post statement. `is_as_of_the_load`: its figures depend on the time of the month's last
    load, and not on its rows and the rules alone.
    """

    table: Table
    deps: tuple[Table, ...]
    replace_key: tuple[str, ...] = ()
    seeds: tuple[Seed, ...] = ()
    post_file: Path | None = None
    is_as_of_the_load: bool = False

    language: ClassVar[str] = "sql"

    @property
    def sources(self) -> tuple[Table, ...]:
        """The tables that its rows are made of."""
        return (*self.deps, *(seed.table for seed in self.seeds))

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that its rows follow from, besides those that all tables share."""
        return (sql_path(self.table), *(seed.file for seed in self.seeds), *filter(None, [self.post_file]))

    @property
    def description(self) -> str:
        """The table's meaning, its grain and its SQL."""
        return f"{description(self.table)}\n\n```sql\n{sql_of(self.table)}\n```"

    def query(self, settings: Settings, rules: str, month: date | None) -> Query:
        """The query that computes the month, or the whole table, under the rules version `rules`."""
        return Query(
            sql_of(self.table),
            {**reporting_variables(settings), **({"month": month} if month else {})},
            replace_key=self.replace_key,
            seeds=self.seeds,
            post_statement=self.post_file.read_text(encoding="utf-8") if self.post_file else None,
            rules_version=rules,
        )

    def store(
        self, connection: "duckdb.DuckDBPyConnection", settings: Settings, rules: str, month: date
    ) -> Mapping[str, Any]:
        """Replace the month in the open transaction. It has no metadata of its own to return."""
        self.query(settings, rules, month).store(connection, self.table.qualified_name, where_month(month))
        return {}


def sql_asset(sql_table: SqlTable, keys: AssetKeys) -> dg.AssetsDefinition:
    """The asset that computes the table as a whole, over all months."""
    table = sql_table.table

    @dg.asset(
        key=keys.table(table),
        group_name=table.schema,
        deps=keys.tables(sql_table.sources),
        description=sql_table.description,
        metadata={**definition_metadata(table, keys), "dagster/code_references": references_to(*sql_table.files)},
        io_manager_key=IO_MANAGER,
        code_version=files_version(*sql_table.files),
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"duckdb", sql_table.language},
    )
    def compute_table(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[WarehouseConnection]
    ) -> dg.Output[Query]:
        with dagster_failures():
            version = summary_version(context, warehouse)
            query = sql_table.query(warehouse.settings, rules_of(version.value), None)
        return dg.Output(query, data_version=version)

    return compute_table


def summary_version(context: dg.AssetExecutionContext, resource: WarehouseConnection) -> dg.DataVersion:
    """The version of all months; get it before reading their rows, so that it is never too new.

    Raises `SettingsError`, `OutcomeMapError`, or `WarehouseError`, also if the warehouse is not that of the settings.
    """
    warehouse = resource.warehouse()
    if warehouse.exists:
        with warehouse.reading() as connection:
            verify_settings(connection, resource.settings, warehouse.display_name)
    version = DataVersions.of(context.instance, resource).of_summary
    tag_run(context, version)
    return dg.DataVersion(version)


def where_month(month: date) -> str:
    """The clause that selects the month's rows of a table."""
    return f" WHERE month = DATE '{month}'"


def sql_of(table: Table) -> str:
    """The table's SELECT."""
    return sql_path(table).read_text(encoding="utf-8")


def sql_path(table: Table) -> Path:
    """The file with the table's SELECT."""
    return Path(__file__).parent / table.schema / f"{table.name}.sql"


def reporting_variables(settings: Settings) -> dict[str, object]:
    """The settings that the SQL reads with `getvariable`."""
    return {
        "timezone": settings.timezone,
        "row_scope": settings.row_scope,
        "ptp_maturity_days": settings.ptp_maturity_days,
    }
