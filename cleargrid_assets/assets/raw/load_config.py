"""The run config of a load: what one run does differently from the settings.

Dagster shows the fields in the Launchpad and in the backfill dialog. Add a field here if people need it for one run.
"""

from __future__ import annotations

import dagster as dg
from pydantic import Field

from cleargrid_assets.client import SettingsError
from cleargrid_assets.settings import Settings

EVERY_ROW = 1.0


class LoadConfig(dg.Config):
    """Fields that are not set leave the settings in force."""

    page_size: int | None = Field(default=None, description=f"{Settings.page_size.description}; for this run only.")
    concurrency: int | None = Field(default=None, description=f"{Settings.concurrency.description}; for this run only.")
    accept_vanished: bool = Field(
        default=False,
        description=f"Accept that ClearGrid removed more rows than {Settings.vanish_limit.name} allows; once, in this "
        "run. Ask ClearGrid first.",
    )
    preview: bool = Field(
        default=False,
        description="Read the month and show, as an observation in the run, what a load would change in its rows and "
        "key figures. Nothing is written, computed or started.",
    )

    def validate_bounds(self) -> None:
        """Raise `SettingsError` if a number is out of its setting's bounds."""
        for setting, value in ((Settings.page_size, self.page_size), (Settings.concurrency, self.concurrency)):
            if value is not None and not setting.minimum <= value <= setting.maximum:
                raise SettingsError(
                    f"{setting.attribute} in the run config is {value}; use a whole number from {setting.minimum} to "
                    f"{setting.maximum}"
                )

    def vanish_limit(self, settings: Settings) -> float:
        """The share of a month's rows that may vanish in this run."""
        return EVERY_ROW if self.accept_vanished else settings.vanish_limit
