"""`AssetKeys`: the asset keys of the tables and files, behind the prefix of a project that embeds the assets.

A table's key is `[*prefix, schema, table]`; in the warehouse it stays `schema.table`. Build every key here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cleargrid_assets.settings import Settings
    from cleargrid_assets.tables.dataset import RawDataset
    from cleargrid_assets.tables.table import Table


@dataclass(frozen=True)
class AssetKeys:
    """The keys behind `prefix`, which is empty unless another project embeds the assets."""

    prefix: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> AssetKeys:
        """The keys in the project that `settings` belong to."""
        return cls(settings.key_prefix)

    def __call__(self, *path: str) -> dg.AssetKey:
        """The key with this path behind the prefix, such as `reports`, `collections_report`."""
        return dg.AssetKey([*self.prefix, *path])

    def table(self, table: Table) -> dg.AssetKey:
        """The key of a table."""
        return self(table.schema, table.name)

    def tables(self, tables: Iterable[Table]) -> list[dg.AssetKey]:
        """The keys of tables, in their order."""
        return [self.table(table) for table in tables]

    def source(self, dataset: RawDataset) -> dg.AssetKey:
        """The key of a dataset at ClearGrid."""
        return self("cleargrid", dataset.code.lower())


UNPREFIXED = AssetKeys()
"""The keys where nothing embeds the assets."""
