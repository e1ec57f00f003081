"""Settings for a local emulator. Here: the one place that turns a running emulator into `CLEARGRID_*` variables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleargrid_assets.emulator import Emulator


def emulator_settings(emulator: Emulator) -> dict[str, str]:
    """Variables that point everything at `emulator` and its own warehouse."""
    credentials = emulator.credentials
    return {
        "CLEARGRID_ENVIRONMENT": "emulator",
        "CLEARGRID_BASE_URL": emulator.base_url,
        "CLEARGRID_LENDER": credentials.lender,
        "CLEARGRID_EMAIL": credentials.email,
        "CLEARGRID_PASSWORD": credentials.password,
        "CLEARGRID_WAREHOUSE": str(Path("data/emulator.duckdb").resolve()),
    }
