"""Group `cleargrid`: the vendor's datasets, where the lineage begins, as ClearGrid itself counts them each night."""

from cleargrid_assets.assets.cleargrid.observation_events import changed_months
from cleargrid_assets.assets.cleargrid.source_assets import API_POOL, build_sources

__all__ = ["API_POOL", "build_sources", "changed_months"]
