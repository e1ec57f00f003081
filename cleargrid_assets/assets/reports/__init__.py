"""Group `reports`: files over all months, for people and for tools that do not speak DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.collections_report import build_collections_report
from cleargrid_assets.assets.reports.month_certificates import build_month_certificates
from cleargrid_assets.assets.reports.published_tables import build_published_tables

if TYPE_CHECKING:
    import dagster as dg

    from cleargrid_assets.asset_keys import AssetKeys
    from cleargrid_assets.marts import Marts


def build_reports(keys: AssetKeys, marts: Marts) -> list[dg.AssetsDefinition]:
    """The assets of the group."""
    return [build_published_tables(keys, marts), build_collections_report(keys), build_month_certificates(keys)]
