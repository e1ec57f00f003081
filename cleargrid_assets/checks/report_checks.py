"""Checks that the files over all months hold every computed month.

Add here what a file for people or other tools must never lack. These checks run after every summary and once a day,
because a file may fall behind while nothing writes it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.reports import collections_report, published_tables
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.tables.analytics import ANALYTICS_TABLES, KPI_MONTHLY
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.tables.table import MONTH, Table
from cleargrid_assets.warehouse import WarehouseMissingError
from cleargrid_assets.warehouse.artifacts import Artifacts

if TYPE_CHECKING:
    from cleargrid_assets.warehouse.warehouse import Warehouse

MissingMonths = Callable[["Warehouse", str], list[str]]
NAME = "every_computed_month_is_in_it"
DESCRIPTION = (
    "Every month in the warehouse's tables is also in the file. Red: people or tools read a file that lacks a month; "
    "the result lists what is missing and how to write it."
)
MAX_LISTED = 5


def build_report_checks(keys: AssetKeys, marts: Sequence[Table]) -> list[dg.AssetChecksDefinition]:
    """One check on the report and one on the published files."""
    tables = [table for table in (*ANALYTICS_TABLES, *marts) if table.is_partitioned]
    return [
        _check(keys(*collections_report.PATH), keys.tables(tables), _missing_from_page),
        _check(keys(*published_tables.PATH), keys.tables(tables), partial(_missing_from_published_tables, tables)),
    ]


def _check(
    key: dg.AssetKey, computed: Sequence[dg.AssetKey], missing_months: MissingMonths
) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=key, name=NAME, description=DESCRIPTION, additional_deps=computed)
    def every_computed_month_is_in_it(warehouse: dg.ResourceParam[WarehouseConnection]) -> dg.AssetCheckResult:
        with dagster_failures():
            missing = missing_months(warehouse.warehouse(), warehouse.settings.environment)
        return dg.AssetCheckResult(
            passed=not missing,
            description=_sentence(missing),
            metadata={"months_missing": len(missing), "missing": dg.MetadataValue.json(missing)},
        )

    return every_computed_month_is_in_it


def _sentence(missing: list[str]) -> str:
    if not missing:
        return "Every computed month is in the files."
    more = f" and {len(missing) - MAX_LISTED} more" if len(missing) > MAX_LISTED else ""
    return (
        f"The files lack computed months: {', '.join(missing[:MAX_LISTED])}{more}. Run the job "
        f"refresh_summary; if the check stays red, see that run's errors."
    )


def _missing_from_page(warehouse: "Warehouse", environment: str) -> list[str]:
    """Months that `latest.html` lacks."""
    page = collections_report.report_artifacts(warehouse, environment).read(collections_report.LATEST)
    reported = set(collections_report.months_of_page(page)) if page else set()
    return sorted(_computed_months(warehouse, [KPI_MONTHLY])[KPI_MONTHLY] - reported)


def _missing_from_published_tables(tables: Sequence[Table], warehouse: "Warehouse", environment: str) -> list[str]:
    """Months that a table's Parquet file or the published database lacks, with the file's name."""
    from cleargrid_assets.assets.reports.publication.database import DATABASE, months_of  # noqa: PLC0415 - definitions need no DuckDB

    published = published_tables.published_artifacts(warehouse, environment)
    in_database = months_of(published)
    computed = _computed_months(warehouse, (*tables, CONTACT_ATTEMPTS))
    missing_from_files = [
        f"{month} in {table.name}.parquet"
        for table in tables
        for month in sorted(computed[table] - _published_months(published, table))
    ]
    missing_from_database = [
        f"{month} in {table.qualified_name} of {DATABASE}"
        for table, months in computed.items()
        for month in sorted(months - in_database.get(table.qualified_name, set()))
    ]
    return [*missing_from_files, *missing_from_database]


def _computed_months(warehouse: "Warehouse", tables: Sequence[Table]) -> dict[Table, set[str]]:
    """The months of each table in one snapshot of the warehouse; none where there is no warehouse or no table."""
    from cleargrid_assets.warehouse.schema import months_in  # noqa: PLC0415 - definitions need no DuckDB

    try:
        with warehouse.reading() as connection:
            return {table: months_in(connection, table) for table in tables}
    except WarehouseMissingError:
        return {table: set() for table in tables}


def _published_months(published: Artifacts, table: Table) -> set[str]:
    """The months in a table's file; none if a mart had no months when it was published.

    Imports Arrow here, because loading definitions does not need it.
    """
    from pyarrow import parquet  # noqa: PLC0415 - see the docstring

    content = published.read(f"{table.name}.parquet")
    if content is None:
        return set()
    file = parquet.ParquetFile(BytesIO(content))
    if MONTH.name not in file.schema_arrow.names:
        return set()
    months = file.read(columns=[MONTH.name])[MONTH.name].unique()
    return {f"{month.as_py():%Y-%m}" for month in months}
