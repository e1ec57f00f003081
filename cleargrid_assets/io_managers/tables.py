"""What the I/O manager does with an output: it becomes its table's month, in one transaction, or nothing changes.

It extends that of dagster-duckdb-pandas and repairs the faults that lose or swap data: delete and insert commit
together, columns go by name, tables have declared types even if the first month is empty, a month is selected by its
`month` column instead of a range of timestamps, and a missing folder or another program's lock is reported within
seconds.

Add a kind of output here. A dataset's months are written by `landing.write`, those computed from them by
`assets.table_run`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import dagster as dg
import pandas as pd
from dagster._core.storage.db_io_manager import DbIOManager, DbTypeHandler
from dagster_duckdb.io_manager import DuckDbClient
from dagster_duckdb_pandas.duckdb_pandas_type_handler import DuckDBPandasTypeHandler

from cleargrid_assets.assets.materialization_metadata import month_metadata
from cleargrid_assets.warehouse import Query

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import duckdb
    from dagster._core.storage.db_io_manager import TableSlice

    from cleargrid_assets.connections import WarehouseConnection


class WarehouseClient(DuckDbClient):
    """Opens the warehouse: for one transaction to store an output, read-only to load an input."""

    def __init__(self, resource: WarehouseConnection) -> None:
        self._resource = resource

    def connect(  # type: ignore[override] # Dagster's is static; ours knows its warehouse
        self, context: dg.OutputContext | dg.InputContext, _table_slice: TableSlice
    ) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A connection that is always closed, and rolled back if the block raises."""
        warehouse = self._resource.warehouse()
        return warehouse.reading() if isinstance(context, dg.InputContext) else warehouse.writing()

    @staticmethod
    def delete_table_slice(*_arguments: Any) -> None:
        """Do nothing: the handlers delete, because not every output replaces its whole month."""

    @staticmethod
    def get_select_statement(table_slice: TableSlice) -> str:
        """The table's rows, or those of one month."""
        columns = ", ".join(table_slice.columns or ["*"])
        return f"SELECT {columns} FROM {_name(table_slice)}{_where(table_slice)}"

    @staticmethod
    def get_table_name(table_slice: TableSlice) -> str:
        """`schema.table`, without the file's path, which differs from host to host."""
        return _name(table_slice)


class QueryHandler(DbTypeHandler[Query]):
    """An SQL asset: the rows of its SELECT replace the month, or the whole table if it has no months."""

    def handle_output(
        self,
        context: dg.OutputContext,
        table_slice: TableSlice,
        obj: Query,
        connection: duckdb.DuckDBPyConnection,
    ) -> dict[str, Any]:
        """Run the SELECT inside the warehouse."""
        obj.store(connection, _name(table_slice), _where(table_slice))
        return _row_counts(context, table_slice, connection)

    def load_input(self, *_arguments: Any) -> Query:
        """Raise: the table holds rows, not the query. Annotate the input as `pandas.DataFrame` instead."""
        raise TypeError("a Query cannot be read back: annotate the input as pandas.DataFrame")

    @property
    def supported_types(self) -> list[type]:
        """`Query`."""
        return [Query]


class FrameHandler(DuckDBPandasTypeHandler):
    """A DataFrame: stored by column name into the declared table; loaded as dagster-duckdb-pandas does."""

    def handle_output(
        self,
        context: dg.OutputContext,
        table_slice: TableSlice,
        obj: pd.DataFrame,
        connection: duckdb.DuckDBPyConnection,
    ) -> dict[str, Any]:
        """Replace the month with `obj`; a table that is not declared gets its types from the first frame."""
        name = _name(table_slice)
        connection.register("frame", _with_typed_nulls(obj))
        connection.execute(f"CREATE TABLE IF NOT EXISTS {name} AS SELECT * FROM frame LIMIT 0")
        connection.execute(f"DELETE FROM {name}{_where(table_slice)}")
        connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM frame")
        return _row_counts(context, table_slice, connection)


def _with_typed_nulls(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with empty columns typed as text: DuckDB would otherwise choose a type that takes no text later."""
    empty = [name for name in frame.columns if frame[name].dtype == object and frame[name].isna().all()]
    return frame.astype(dict.fromkeys(empty, "string"))


def warehouse_tables(resource: WarehouseConnection) -> DbIOManager:
    """Dagster's database I/O manager over our warehouse."""
    return DbIOManager(
        type_handlers=[QueryHandler(), FrameHandler()],
        db_client=WarehouseClient(resource),
        database="",
        default_load_type=pd.DataFrame,
    )


def _name(table_slice: TableSlice) -> str:
    return f"{table_slice.schema}.{table_slice.table}"


def _where(table_slice: TableSlice) -> str:
    """The WHERE clause of the month, taken from the partition's key, whatever the host's time zone."""
    dimensions = table_slice.partition_dimensions or []
    windows = [cast("dg.TimeWindow", dimension.partitions) for dimension in dimensions]
    bounds = [f"month >= DATE '{window.start:%Y-%m-%d}' AND month < DATE '{window.end:%Y-%m-%d}'" for window in windows]
    return f" WHERE {' AND '.join(bounds)}" if bounds else ""


def _row_counts(
    context: dg.OutputContext, table_slice: TableSlice, connection: duckdb.DuckDBPyConnection
) -> dict[str, Any]:
    """The row counts of the month (plotted by partition) and of the table (the tile), and the month's numbers."""
    if context.has_asset_partitions:
        return month_metadata(connection, _name(table_slice), _where(table_slice))
    total = connection.execute(f"SELECT count(*) FROM {_name(table_slice)}").fetchall()[0][0]
    return {"dagster/row_count": total}
