"""`marts_of`: reads and verifies the folder CLEARGRID_MARTS; every problem is one sentence about one file.

What is verified, and in which order, belongs here; `binding` asks DuckDB what a SELECT reads and returns.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cleargrid_assets.marts.errors import MartError
from cleargrid_assets.marts.head import Head
from cleargrid_assets.marts.mart import NO_MARTS, SCHEMA, Mart, MartCheck, Marts, digest
from cleargrid_assets.marts.sql_text import verify_variables, without_end
from cleargrid_assets.tables.analytics import UNMAPPED_OUTCOMES
from cleargrid_assets.tables.catalog import DATASETS, TABLES, VIEWS, tables_of
from cleargrid_assets.tables.core import RULES_VERSION
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.tables.table import MONTH, Column, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from cleargrid_assets.marts.binding import EmptyWarehouse
    from cleargrid_assets.settings import Settings
    from cleargrid_assets.tables.column_lineage import SourceColumn
    from cleargrid_assets.tables.dataset import RawDataset

    Texts = tuple[tuple[Path, str], ...]

NAME = re.compile(r"[a-z][a-z0-9_]*")
QUOTED = re.compile(r"""'(?:''|[^'])*'|"(?:""|[^"])*\"""")
UNPUBLISHED = re.compile(r"\bVARIANT\b|\bTUPLE\b|\bSTRUCT\b(?!\()")
"""Types that Parquet files, or a database that every release of DuckDB can read, do not have."""


def marts_of(settings: Settings) -> Marts:
    """The marts of the configured folder; none if it is not set. Raises `MartError` or `SettingsError`."""
    folder = settings.marts
    if folder is None:
        return NO_MARTS
    try:
        if not folder.is_dir():
            raise MartError(f"CLEARGRID_MARTS: there is no folder {folder}; create it, or correct the setting")
        texts = _texts(folder)
        checks = tuple(check for path in _visible(folder) if path.is_dir() for check in _texts(path, f"{path.name}/"))
    except OSError as error:
        raise MartError(
            f"CLEARGRID_MARTS: {error.filename} cannot be read ({error.strerror}); correct its permissions or the "
            f"setting"
        ) from error
    _verify_folders(checks, {path.stem for path, _ in texts})
    return _read(texts, checks, tuple(settings.datasets))


def _visible(folder: Path) -> list[Path]:
    """What is in the folder, without what systems and editors hide in it."""
    return [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]


def _texts(folder: Path, prefix: str = "") -> Texts:
    """The SQL files of a folder and their texts. `prefix`: of their names in messages."""
    files = [path for path in _visible(folder) if path.suffix.lower() == ".sql"]
    by_name = {path.stem: path for path in files}
    for path in (path for path in files if by_name[path.stem] != path):
        raise MartError(f"{prefix}{path.name}: {by_name[path.stem].name} has the same name; rename or delete one")
    return tuple((path, _text(path, f"{prefix}{path.name}")) for path in files)


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise MartError(
            f"{name}: it cannot be read ({error.strerror}); correct its permissions or remove it"
        ) from error
    except UnicodeDecodeError as error:
        raise MartError(f"{name}: it cannot be read as UTF-8 text ({error}); save it as UTF-8") from error


def _verify_folders(checks: Texts, names: AbstractSet[str]) -> None:
    for path, _ in checks:
        mart = path.parent.name
        if mart not in names:
            raise MartError(
                f"{mart}/{path.name}: there is no mart {mart}.sql whose check it could be; put checks into a folder "
                f"with their mart's name, marts into none, and what is neither elsewhere"
            )


@lru_cache(maxsize=4)
def _read(texts: Texts, checks: Texts, datasets: tuple[RawDataset, ...]) -> Marts:
    """The verified marts of these files, each after its inputs. Imports DuckDB, which few definitions need."""
    if not texts:
        return NO_MARTS
    from cleargrid_assets.marts.binding import EmptyWarehouse  # noqa: PLC0415 - see the docstring

    heads = {path.stem: Head.parse(path.name, text) for path, text in texts}
    for name in heads:
        _verify_name(name)
    known = {table.qualified_name: table for dataset in datasets for table in tables_of(dataset)}
    files, marts = {path.stem: (path, text) for path, text in texts}, list[Mart]()
    with closing(EmptyWarehouse(datasets)) as warehouse:
        for name in _order(heads):
            path, text = files[name]
            _verify_known(path.name, heads[name], known)
            mart = _mart(path, text, heads[name], known, marts, warehouse)
            known[mart.table.qualified_name] = mart.table
            marts.append(mart)
            warehouse.add(mart.table)
        return Marts(tuple(replace(mart, checks=_checks(mart.table, checks, warehouse)) for mart in marts))


def _checks(table: Table, texts: Texts, warehouse: EmptyWarehouse) -> tuple[MartCheck, ...]:
    """The checks of one mart; they may read every mart."""
    variables = (RULES_VERSION.name, *([MONTH.name] if table.is_partitioned else []))
    checks = []
    for path, text in texts:
        if path.parent.name == table.name:
            name, sql = f"{table.name}/{path.name}", without_end(text.lstrip("\ufeff"))
            _verify_name_of_file(name, path.stem, "check")
            columns = tuple(warehouse.columns_of(name, sql))
            verify_variables(name, sql, variables)
            checks.append(MartCheck(path.stem, sql, columns))
    return tuple(checks)


def _verify_name(name: str) -> None:
    _verify_name_of_file(f"{name}.sql", name, "mart")
    if namesake := next((table for table in (*TABLES.values(), *VIEWS.values()) if table.name == name), None):
        raise MartError(f"{name}.sql: {namesake.qualified_name} has this name already; rename the file")


def _verify_name_of_file(file: str, name: str, kind: str) -> None:
    if not NAME.fullmatch(name):
        raise MartError(f"{file}: a {kind} is named after its file; use lower-case letters, digits and underscores")


def _order(heads: Mapping[str, Head]) -> Sequence[str]:
    """The marts' names, each after the marts that it reads."""
    inputs = {
        name: {other for other in heads if f"{SCHEMA}.{other}" in head.inputs} for name, head in sorted(heads.items())
    }
    try:
        return list(TopologicalSorter(inputs).static_order())
    except CycleError as error:
        cycle = " -> ".join(reversed(error.args[1]))
        raise MartError(f"{error.args[1][0]}.sql: these marts read each other: {cycle}; leave one input out") from error


def _mart(  # noqa: PLR0917 - what a mart is made of
    path: Path,
    text: str,
    head: Head,
    known: Mapping[str, Table],
    marts: Sequence[Mart],
    warehouse: EmptyWarehouse,
) -> Mart:
    sql = without_end(text.lstrip("\ufeff"))
    verify_variables(path.name, sql)
    types = warehouse.columns_of(path.name, sql)
    _verify_inputs(path.name, head, warehouse.tables_in(sql))
    table = _table(path.name, path.stem, head, types, _sources_of_columns(sql, known))
    inputs = tuple(known[name] for name in head.inputs)
    if table.is_partitioned:
        _verify_months(path.name, inputs, marts)
    read = [mart for mart in marts if mart.table in inputs]
    version = digest(sql, *(mart.version for mart in read))
    return Mart(
        table, inputs, path, sql, version, _other_datasets(inputs).union(*(mart.other_datasets for mart in read))
    )


def _other_datasets(inputs: Collection[Table]) -> frozenset[RawDataset]:
    """The datasets besides D23 of which tables are among the inputs."""
    others = (dataset for dataset in DATASETS.values() if dataset != D23)
    return frozenset(dataset for dataset in others if not set(dataset.tables).isdisjoint(inputs))


def _verify_known(name: str, head: Head, known: Mapping[str, Table]) -> None:
    for unknown in (table for table in head.inputs if table not in known):
        if view := VIEWS.get(unknown):
            tables = ", ".join(source.qualified_name for source in view.sources)
            raise MartError(f"{name}: its input {unknown} is a view; name what it reads instead: {tables}")
        raise MartError(
            f"{name}: its input {unknown} is no table; name tables with their schemas, ours as in "
            f"docs/data_dictionary.md, another mart as {SCHEMA}.<its file's name>"
        )


def _verify_inputs(name: str, head: Head, read: frozenset[str]) -> None:
    if undeclared := sorted(read - set(head.inputs)):
        raise MartError(f"{name}: it reads {', '.join(undeclared)}; add that to its Inputs")
    if unread := sorted(set(head.inputs) - read):
        raise MartError(f"{name}: it does not read {', '.join(unread)}; take that out of its Inputs")


def _sources_of_columns(sql: str, known: Mapping[str, Table]) -> Mapping[str, AbstractSet[SourceColumn]]:
    """What each column, in lower case, is made of; empty without the extra `lineage`."""
    if find_spec("sqlglot") is None:
        return {}
    from cleargrid_assets.marts.column_lineage import trace  # noqa: PLC0415 - needs the extra

    return trace(sql, known)


def _table(
    name: str,
    stem: str,
    head: Head,
    types: Mapping[str, str],
    made_of: Mapping[str, AbstractSet[SourceColumn]],
) -> Table:
    _verify_columns(name, head, types)
    meanings = {MONTH.name: MONTH.meaning, **head.columns}
    columns = [
        Column(
            column,
            kind,
            meanings.get(column, ""),
            nullable=True,
            made_of=tuple(sorted(made_of.get(column.lower(), ()))),
        )
        for column, kind in types.items()
    ]
    return Table(SCHEMA, stem, head.description, head.grain, (*columns, RULES_VERSION))


def _verify_columns(name: str, head: Head, types: Mapping[str, str]) -> None:
    for missing in (column for column in (*head.grain, *head.columns) if column not in types):
        raise MartError(
            f"{name}: its head names the column {missing}, which its SELECT does not return; correct either"
        )
    if RULES_VERSION.name in map(str.lower, types):
        raise MartError(f"{name}: the column {RULES_VERSION.name} is added to every mart; leave it out of the SELECT")
    month = next((column for column in types if column.lower() == MONTH.name), None)
    if month and (month != MONTH.name or month not in head.grain or types[month] != MONTH.type):
        raise MartError(
            f"{name}: its column {month} is no month; a mart by month has month, a DATE, in its Grain, in lower case; "
            f"any other column needs another name"
        )
    for column, kind in types.items():
        if UNPUBLISHED.search(QUOTED.sub("", kind)):
            raise MartError(f"{name}: its column {column} is a {kind}, which cannot be published; cast it to VARCHAR")


def _verify_months(name: str, inputs: Sequence[Table], marts: Sequence[Mart]) -> None:
    """A month is computed before the tables over all months are."""
    later = [UNMAPPED_OUTCOMES, *(mart.table for mart in marts if not mart.table.is_partitioned)]
    for table in (table for table in inputs if table in later):
        raise MartError(
            f"{name}: it is computed by month and reads {table.qualified_name}, which is computed over all months "
            f"later; read another table, or rename the column month"
        )
