"""Schema `raw`: what ClearGrid sent, unaltered, and the record of landing it."""

from cleargrid_assets.assets.raw.raw_asset import build_raw, build_side_tables

__all__ = ["build_raw", "build_side_tables"]
