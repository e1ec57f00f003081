"""Derives `cleargrid_assets/tables/column_lineage.csv` from the SQL files: `python -m` with this module's name.

`marts.column_lineage` traces each SELECT; what no SELECT computes belongs here.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from cleargrid_assets.assets.core import outcome_spellings
from cleargrid_assets.assets.sql_asset import sql_of, sql_path
from cleargrid_assets.marts.column_lineage import DIALECT, Lineage, trace, views
from cleargrid_assets.tables.catalog import DATASETS, TABLES, VIEWS
from cleargrid_assets.tables.column_lineage import FIELDS, FILE, SourceColumn
from cleargrid_assets.tables.core import OUTCOME_SPELLINGS
from cleargrid_assets.tables.table import View
from cleargrid_assets.warehouse.schema import MACROS, view_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.tables.table import Table


def derived_file() -> str:
    """The file's text, in the order of the tables and their columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    for table in (*TABLES.values(), *VIEWS.values()):
        sources = lineage_of(table)
        for column in table.column_names:
            if sources.get(column):
                made_of = " ".join(source.qualified_name for source in sorted(sources[column]))
                writer.writerow([table.qualified_name, column, made_of])
    return text.getvalue()


def lineage_of(table: Table) -> Lineage:
    """The sources of each column; empty if no SQL computes the table and ClearGrid does not send it."""
    for dataset in DATASETS.values():
        if table == dataset.rows:
            return _landed(dataset)
    if table == OUTCOME_SPELLINGS:
        return trace(_sql_of_spellings(), TABLES)
    if isinstance(table, View):
        return trace(view_sql(table), TABLES)
    return trace(sql_of(table), TABLES) if sql_path(table).is_file() else {}


def tables_read(sql: str) -> set[str]:
    """The tables that a SELECT reads, itself or through views."""
    select = exp.expand(sqlglot.parse_one(sql, dialect=DIALECT), dict(views()))
    return _names(select) & TABLES.keys()


def macros() -> Mapping[str, tuple[set[str], set[str]]]:
    """The parameters of each macro, and the names that its body uses."""
    statements = sqlglot.parse(MACROS.read_text(encoding="utf-8"), dialect=DIALECT)
    creates = [statement for statement in statements if isinstance(statement, exp.Create)]
    return {create.this.this.name: (_parameters(create), _names(create.expression)) for create in creates}


def _landed(dataset: RawDataset) -> Lineage:
    """Each field is landed under ClearGrid's name; the cursor field decides the month."""
    schema, name = "cleargrid", dataset.code.lower()
    fields = {field: {SourceColumn(schema, name, field)} for field in dataset.field_names}
    return fields | {"month": {SourceColumn(schema, name, dataset.cursor_field)}}


def _sql_of_spellings() -> str:
    """What Python does as SQL: key and classes follow from the spelling, and the version from the month's loads."""
    classes = OUTCOME_SPELLINGS.column_names[2:-3]
    columns = ", ".join(["month", "outcome_option", *(f"outcome_option AS {name}" for name in classes)])
    version = outcome_spellings.VERSION.replace("?", "getvariable('month')")
    rows = "raw.d23_manual_communication_logs"
    return f"SELECT {columns}, ({version}) AS load_number FROM {rows}"


def _names(expression: exp.Expr) -> set[str]:
    columns = {column.name for column in expression.find_all(exp.Column)}
    return columns | {f"{table.db}.{table.name}" for table in expression.find_all(exp.Table)}


def _parameters(create: exp.Create) -> set[str]:
    return {parameter.name for parameter in create.this.expressions}


if __name__ == "__main__":
    FILE.write_text(derived_file(), encoding="utf-8")
