"""Schema `raw`: what ClearGrid sent, unaltered, and what landing it left on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.raw.d23_manual_communication_logs import (
    build_d23_manual_communication_logs,
    build_side_tables,
)

if TYPE_CHECKING:
    import dagster as dg


def build_raw(months: dg.MonthlyPartitionsDefinition) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """The assets of the schema."""
    return [build_d23_manual_communication_logs(months), *build_side_tables(months)]
