"""Derives `cleargrid_assets/tables/column_lineage.csv` from the SQL files: `python -m` with this module's name.

A column is made of the columns in its expression. Conditions of WHERE and JOIN, settings and the outcome map's file are
not in it. A count of rows is made of the key of the table whose rows it counts.
"""

from __future__ import annotations

import csv
import io
from functools import cache
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.lineage import lineage

from cleargrid_assets.assets.core import outcome_spellings
from cleargrid_assets.assets.sql_asset import sql_of, sql_path
from cleargrid_assets.tables.catalog import DATASETS, TABLES, VIEWS
from cleargrid_assets.tables.column_lineage import FIELDS, FILE, SourceColumn
from cleargrid_assets.tables.core import OUTCOME_SPELLINGS
from cleargrid_assets.tables.table import View
from cleargrid_assets.warehouse.schema import MACROS, RAW_VIEWS, view_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlglot.lineage import Node

    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.tables.table import Table

DIALECT = "duckdb"
Lineage = dict[str, set[SourceColumn]]


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
        return _traced(_sql_of_spellings())
    if isinstance(table, View):
        return _traced(view_sql(table))
    return _traced(sql_of(table)) if sql_path(table).is_file() else {}


def tables_read(sql: str) -> set[str]:
    """The tables that a SELECT reads, itself or through views."""
    select = exp.expand(sqlglot.parse_one(sql, dialect=DIALECT), dict(views()))
    return _names(select) & TABLES.keys()


def macros() -> Mapping[str, tuple[set[str], set[str]]]:
    """The parameters of each macro, and the names that its body uses."""
    statements = sqlglot.parse(MACROS.read_text(encoding="utf-8"), dialect=DIALECT)
    creates = [statement for statement in statements if isinstance(statement, exp.Create)]
    return {create.this.this.name: (_parameters(create), _names(create.expression)) for create in creates}


@cache
def views() -> Mapping[str, exp.Query]:
    """The SELECT of each view."""
    datasets = DATASETS.values()
    d23 = DATASETS["D23"]
    texts = [dataset.adapt(RAW_VIEWS.read_text(encoding="utf-8"), written_for=d23) for dataset in datasets]
    creates = [statement for text in texts for statement in sqlglot.parse(text, dialect=DIALECT)]
    of_datasets = {create.this.sql(DIALECT): create.expression for create in creates if isinstance(create, exp.Create)}
    return of_datasets | {name: sqlglot.parse_one(view_sql(view), dialect=DIALECT) for name, view in VIEWS.items()}


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


def _traced(sql: str) -> Lineage:
    nodes = lineage(None, sql, _schema(), sources=dict(views()), dialect=DIALECT, trim_selects=False)
    assert isinstance(nodes, dict)
    return {column: set(_sources(node)) for column, node in nodes.items()}


def _sources(node: Node) -> Iterator[SourceColumn]:
    for step in node.walk():
        if isinstance(step.expression, exp.Table):
            yield SourceColumn(step.expression.db, step.expression.name, step.name.rpartition(".")[2])
        elif any(isinstance(count.this, exp.Star) for count in step.expression.find_all(exp.Count)):
            yield from _key_of_rows(step.source)


def _key_of_rows(query: exp.Expr) -> Iterator[SourceColumn]:
    """The key of the first table that the query reads, which has a row for each of the query's rows or groups."""
    if isinstance(query, exp.SetOperation):
        query = query.left
    first = query.args["from_"].this
    if isinstance(first, exp.Subquery):
        yield from _key_of_rows(first.this)
    elif first.db:
        table = TABLES[f"{first.db}.{first.name}"]
        yield from (SourceColumn(table.schema, table.name, column) for column in table.grain)
    else:
        ctes = {cte.alias: cte.this for cte in query.root().find_all(exp.CTE)}
        yield from _key_of_rows(ctes[first.name])


def _names(expression: exp.Expr) -> set[str]:
    columns = {column.name for column in expression.find_all(exp.Column)}
    return columns | {f"{table.db}.{table.name}" for table in expression.find_all(exp.Table)}


def _parameters(create: exp.Create) -> set[str]:
    return {parameter.name for parameter in create.this.expressions}


def _schema() -> dict[str, dict[str, dict[str, str]]]:
    schemas: dict[str, dict[str, dict[str, str]]] = {}
    for table in TABLES.values():
        columns = {column.name: column.type for column in table.columns}
        schemas.setdefault(table.schema, {})[table.name] = columns
    return schemas


if __name__ == "__main__":
    FILE.write_text(derived_file(), encoding="utf-8")
