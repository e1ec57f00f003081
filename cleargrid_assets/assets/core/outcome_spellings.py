"""`core.outcome_spellings`: every spelling of an outcome in a month, and how the outcome map classifies it.

The spellings are classified in Python, because the matching key needs Unicode rules that SQL lacks; every later step
joins this table in plain SQL. The map and its matching key are in `outcome_map`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from cleargrid_assets.assets.definition_metadata import description
from cleargrid_assets.assets.sql_asset import where_month
from cleargrid_assets.outcome_map import OutcomeMap
from cleargrid_assets.tables.core import OUTCOME_SPELLINGS
from cleargrid_assets.tables.raw import D23_MANUAL_COMMUNICATION_LOGS
from cleargrid_assets.warehouse import Query

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import duckdb

    from cleargrid_assets.settings import Settings
    from cleargrid_assets.tables.table import Table

FILL = "SELECT getvariable('month') AS month, *, getvariable('load_number') AS load_number FROM classified"

SPELLINGS = f"""
SELECT DISTINCT outcome_option FROM {D23_MANUAL_COMMUNICATION_LOGS.qualified_name} WHERE month = ? ORDER BY ALL
"""
VERSION = "SELECT max(load_number) FROM raw.month_versions WHERE month = ?"


@dataclass(frozen=True)
class OutcomeSpellings:
    """The table as `month_tables` computes it."""

    table: ClassVar[Table] = OUTCOME_SPELLINGS
    sources: ClassVar[tuple[Table, ...]] = (D23_MANUAL_COMMUNICATION_LOGS,)
    files: ClassVar[tuple[Path, ...]] = (Path(__file__),)
    language: ClassVar[str] = "python"
    is_as_of_the_load: ClassVar[bool] = False

    @property
    def description(self) -> str:
        """The table's meaning and grain."""
        return description(self.table)

    def store(
        self, connection: duckdb.DuckDBPyConnection, settings: Settings, rules: str, month: date
    ) -> Mapping[str, Any]:
        """Replace the month in the open transaction; return how many spellings are mapped. Raises `OutcomeMapError`."""
        outcome_map = OutcomeMap.load(settings.outcomes)
        query = _query(connection, month, outcome_map, rules)
        query.store(connection, self.table.qualified_name, where_month(month))
        classified = query.relations["classified"]
        return {
            "spellings": classified.num_rows,
            "unmapped_spellings": classified["is_mapped"].to_pylist().count(False),
            "outcome_map_version": outcome_map.version,
        }


def _query(connection: duckdb.DuckDBPyConnection, month: date, outcome_map: OutcomeMap, rules_version: str) -> Query:
    """The month's classified spellings. Imports Arrow here, because loading definitions does not need it."""
    import pyarrow as pa  # noqa: PLC0415 - see the docstring

    spellings = [row[0] for row in connection.execute(SPELLINGS, [month]).fetchall()]
    ((load_number,),) = connection.execute(VERSION, [month]).fetchall()
    types = {"BOOLEAN": pa.bool_()}
    schema = pa.schema(
        [(column.name, types.get(column.type, pa.string())) for column in OUTCOME_SPELLINGS.columns[1:-2]]
    )
    return Query(
        FILL,
        variables={"month": month, "load_number": load_number},
        relations={"classified": pa.Table.from_pylist(outcome_map.classify(spellings), schema=schema)},
        rules_version=rules_version,
    )
