"""`Mart`, one of a lender's own tables, and `Marts`, all of them in the order in which they are computed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.tables.table import Table

SCHEMA = "marts"


@dataclass(frozen=True)
class MartCheck:
    """A file that checks a mart: its name, its SQL and the columns that this returns."""

    name: str
    sql: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Mart:
    """A table of schema `marts`. `inputs`: the tables that its SELECT reads, other marts among them.

    `version`: a digest of its SQL and of that of the marts that it reads. `other_datasets`: those besides D23 that it
    or a mart that it reads is made of. `checks`: its own.
    """

    table: Table
    inputs: tuple[Table, ...]
    file: Path
    sql: str
    version: str
    other_datasets: frozenset[RawDataset] = frozenset()
    checks: tuple[MartCheck, ...] = ()


@dataclass(frozen=True)
class Marts:
    """A lender's marts, each after its inputs."""

    marts: tuple[Mart, ...] = ()

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of their tables."""
        return tuple(mart.table for mart in self.marts)

    @property
    def by_month(self) -> tuple[Mart, ...]:
        """Those that are computed month by month."""
        return tuple(mart for mart in self.marts if mart.table.is_partitioned)

    @property
    def over_all_months(self) -> tuple[Mart, ...]:
        """Those that are computed as a whole."""
        return tuple(mart for mart in self.marts if not mart.table.is_partitioned)

    @cached_property
    def version(self) -> str:
        """A digest of all of them; empty if there is none."""
        return digest(*(mart.table.name + mart.version for mart in self.marts)) if self.marts else ""

    @property
    def datasets(self) -> list[RawDataset]:
        """The datasets besides D23 that any of them is made of."""
        return self.other_datasets(*self.tables)

    def without(self, datasets: AbstractSet[RawDataset]) -> Marts:
        """Those that are made of none of `datasets`."""
        return Marts(tuple(mart for mart in self.marts if mart.other_datasets.isdisjoint(datasets)))

    def other_datasets(self, *tables: Table) -> list[RawDataset]:
        """The datasets besides D23 that marts among `tables` are made of; our own tables are made of D23 alone."""
        used = {dataset for mart in self.marts if mart.table in tables for dataset in mart.other_datasets}
        return sorted(used, key=lambda dataset: dataset.code)

    def rules_of(self, table: Table, rules: str) -> str:
        """The rules version of a table: a mart follows its own SQL besides the rules that all tables follow.

        Ours do not follow the marts', so that a change of a mart leaves them, and the report's figures, as they are.
        """
        version = next((mart.version for mart in self.marts if mart.table == table), None)
        return rules if version is None else f"{rules} mart {version}"


NO_MARTS = Marts()


def digest(*texts: str) -> str:
    """Eight characters that change with any of the texts."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]
