"""What the UI shows for every table: described columns, storage, kinds, owners, freshness, source files.

Add metadata that follows from the table descriptions here; the numbers of one month are in
`materialization_metadata`.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.rules_version import files_version
from cleargrid_assets.tables import side_tables
from cleargrid_assets.tables.column_lineage import column_lineage

if TYPE_CHECKING:
    from cleargrid_assets.asset_keys import AssetKeys
    from cleargrid_assets.assets.table_run import ComputedTable
    from cleargrid_assets.tables.table import Table

OWNERS = ["team:collections-data"]
IO_MANAGER = "warehouse_io_manager"
"""The resource that stores the tables. Not Dagster's default name, which may belong to an embedding project."""

VENDOR_PAGE = "https://docs.command.cleargrid.ai"
COLUMNS = Path(side_tables.__file__)
SOURCES = frozenset({".py", ".sql", ".html", ".css"})
FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36), warn_window=timedelta(hours=26))
"""The freshness badge, green if the pipeline ran recently. It ignores partitions; the freshness checks do not.

A table that follows from rows and rules alone has none: it is right for as long as they stay the same.
"""


def column_schema(table: Table) -> dg.TableSchema:
    """The table's columns for the UI."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=column.meaning,
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in table.columns
        ]
    )


def table_spec(
    computed: ComputedTable, keys: AssetKeys, months: dg.MonthlyPartitionsDefinition | None = None
) -> dg.AssetSpec:
    """The spec of a table that is computed with others in one step. Without `months`, it is over all of them."""
    table = computed.table
    return dg.AssetSpec(
        keys.table(table),
        skippable=True,
        group_name=table.schema,
        deps=keys.tables(computed.sources),
        partitions_def=months,
        description=computed.description,
        metadata={**definition_metadata(table, keys), "dagster/code_references": references_to(*computed.files)},
        code_version=files_version(*computed.files),
        freshness_policy=FRESHNESS if months is None or computed.is_as_of_the_load else None,
        owners=OWNERS,
        kinds={"duckdb", computed.language},
    ).with_io_manager_key(IO_MANAGER)


def definition_metadata(table: Table, keys: AssetKeys) -> dict[str, Any]:
    """Metadata that applies to every month."""
    metadata: dict[str, Any] = {
        "dagster/column_schema": column_schema(table),
        "dagster/table_name": table.qualified_name,
        "dagster/storage_kind": "duckdb",
        "dagster/code_references": code_references(table.schema, table.name),
        "ClearGrid's documentation": dg.MetadataValue.url(VENDOR_PAGE),
    }
    if lineage := table_column_lineage(table, keys):
        metadata["dagster/column_lineage"] = lineage
    return metadata | ({"partition_expr": "month"} if table.is_partitioned else {})


def table_column_lineage(table: Table, keys: AssetKeys) -> dg.TableColumnLineage | None:
    """What each of the table's columns is made of, for the UI; None if the table is neither computed nor landed."""
    sources_by_column = column_lineage(table)
    if not sources_by_column:
        return None
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(keys(source.schema, source.table), source.column) for source in sources]
            for column, sources in sources_by_column.items()
        }
    )


def code_references(schema: str, name: str) -> dg.CodeReferencesMetadataValue:
    """The asset's SQL, CSV or Python file, to open in an editor; for a load's side table, the tables' descriptions."""
    folder = Path(__file__).parent / schema
    files = [path for suffix in ("sql", "csv", "py") if (path := folder / f"{name}.{suffix}").is_file()] or [COLUMNS]
    return references_to(*files)


def files_of(folder: Path) -> list[Path]:
    """The source files of an asset that is made in a folder of its own."""
    return [path for path in sorted(folder.rglob("*")) if path.suffix in SOURCES]


def references_to(*files: Path) -> dg.CodeReferencesMetadataValue:
    """Source files to open in an editor."""
    return dg.CodeReferencesMetadataValue(
        code_references=[dg.LocalFileCodeReference(file_path=str(path), label=path.name) for path in files]
    )


def description(table: Table) -> str:
    """The table's meaning and grain."""
    grain = f"\n\nOne row per {', '.join(table.grain)}." if table.grain else ""
    return f"{table.meaning}{grain}"
