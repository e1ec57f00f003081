"""Schema `raw`: what ClearGrid sent, unaltered, and the record of landing it."""

from cleargrid_assets.assets.raw.d23_manual_communication_logs import (
    build_d23_manual_communication_logs,
    build_side_tables,
)

__all__ = ["build_d23_manual_communication_logs", "build_side_tables"]
