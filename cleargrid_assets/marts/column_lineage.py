"""`trace`: what each column of a SELECT is made of, through views, macros and subqueries; needs the extra `lineage`.

A column is made of the columns in its expression. Conditions of WHERE and JOIN, settings and the outcome map's file are
not in it. A count of rows is made of the key of the table whose rows it counts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage

from cleargrid_assets.tables.catalog import DATASETS, VIEWS
from cleargrid_assets.tables.column_lineage import SourceColumn
from cleargrid_assets.warehouse.schema import RAW_VIEWS, view_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlglot.lineage import Node

    from cleargrid_assets.tables.table import Table

DIALECT = "duckdb"
Lineage = dict[str, set[SourceColumn]]


def trace(sql: str, tables: Mapping[str, Table]) -> Lineage:
    """The sources of each column, which is named in lower case; empty for SQL that sqlglot does not know.

    `tables`: those that the SELECT may read, by qualified name.
    """
    try:
        select = sqlglot.parse_one(sql, dialect=DIALECT)
        reads_views = any(table.db and _name(table) not in tables for table in select.find_all(exp.Table))
        sources = dict(views()) if reads_views else {}  # expanding them takes a hundred times as long as the rest
        nodes = lineage(None, select, _schema(tables), sources=sources, dialect=DIALECT, trim_selects=False)
    except SqlglotError:
        return {}
    assert isinstance(nodes, dict)
    return {column: set(_sources(node, tables)) for column, node in nodes.items()}


@cache
def views() -> Mapping[str, exp.Query]:
    """The SELECT of each view."""
    datasets = DATASETS.values()
    d23 = DATASETS["D23"]
    texts = [dataset.adapt(RAW_VIEWS.read_text(encoding="utf-8"), written_for=d23) for dataset in datasets]
    creates = [statement for text in texts for statement in sqlglot.parse(text, dialect=DIALECT)]
    of_datasets = {create.this.sql(DIALECT): create.expression for create in creates if isinstance(create, exp.Create)}
    return of_datasets | {name: sqlglot.parse_one(view_sql(view), dialect=DIALECT) for name, view in VIEWS.items()}


def _sources(node: Node, tables: Mapping[str, Table]) -> Iterator[SourceColumn]:
    for step in node.walk():
        if isinstance(step.expression, exp.Table):
            table, column = tables.get(_name(step.expression)), step.name.rpartition(".")[2].strip('"')
            if table and column in table.column_names:
                yield SourceColumn(table.schema, table.name, column)
        for count in step.expression.find_all(exp.Count):
            if isinstance(count.this, exp.Star):
                yield from _key_of_rows(count.parent_select or step.source, tables)


def _key_of_rows(query: exp.Expr, tables: Mapping[str, Table]) -> Iterator[SourceColumn]:
    """The key of the first table that the query reads, which has a row for each of the query's rows or groups."""
    if isinstance(query, exp.SetOperation):
        query = query.left
    first = query.args["from_"].this if query.args.get("from_") else None
    if isinstance(first, exp.Subquery):
        yield from _key_of_rows(first.this, tables)
    elif isinstance(first, exp.Table) and (table := tables.get(_name(first))):
        yield from (SourceColumn(table.schema, table.name, column) for column in table.grain)
    elif isinstance(first, exp.Table):
        ctes = {cte.alias: cte.this for cte in query.root().find_all(exp.CTE)}
        if first.name in ctes:
            yield from _key_of_rows(ctes[first.name], tables)


def _name(table: exp.Table) -> str:
    return f"{table.db}.{table.name}"


def _schema(tables: Mapping[str, Table]) -> dict[str, dict[str, dict[str, str]]]:
    schemas: dict[str, dict[str, dict[str, str]]] = {}
    for table in tables.values():
        columns = {column.name: column.type for column in table.columns}
        schemas.setdefault(table.schema, {})[table.name] = columns
    return schemas
