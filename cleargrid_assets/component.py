"""`D23Component`: the assets as a component of an existing Dagster project, behind that project's key prefix.

What such a project can set belongs here; the attributes are made from the declarations of the settings.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, create_model

from cleargrid_assets.definitions import build_definitions
from cleargrid_assets.resources import NEVER_SHOWN
from cleargrid_assets.settings import SETTINGS, Settings

if TYPE_CHECKING:
    from cleargrid_assets.settings.setting_types import Setting

ATTRIBUTES: tuple[Setting[Any], ...] = tuple(
    setting for setting in SETTINGS if not setting.is_secret and setting not in NEVER_SHOWN
)
"""The settings that a component may set. Secrets are read from the environment only."""

if TYPE_CHECKING:
    SettingAttributes = dg.Model
else:
    SettingAttributes = create_model(
        "SettingAttributes",
        __base__=dg.Model,
        **{
            setting.attribute: (setting.value_type | None, Field(default=None, description=setting.description))
            for setting in ATTRIBUTES
        },
    )


class D23Component(dg.Component, SettingAttributes, dg.Resolvable):
    """ClearGrid's D23, landed exactly, and the collections figures computed from it.

    Each attribute but `key_prefix` is a setting; one that is left out is read from its environment variable, as
    secrets always are (CLEARGRID_EMAIL, CLEARGRID_PASSWORD, CLEARGRID_ALERT_WEBHOOK).
    """

    key_prefix: str = Field(
        default="", description="what all asset keys begin with, such as `collections` or `lending/collections`"
    )

    def settings(self) -> Settings:
        """The attributes over the environment and `.env`."""
        known = Settings.from_environment()
        values = {setting.name: getattr(self, setting.attribute) for setting in ATTRIBUTES}
        attributes = {name: str(value) for name, value in values.items() if value is not None}
        prefix = tuple(part for part in self.key_prefix.split("/") if part)
        return replace(known, variables={**known.variables, **attributes}, key_prefix=prefix)

    def definitions(self) -> dg.Definitions:
        """The definitions to merge with those of the project. Their jobs bring the executor that they were tested with.

        A run that is started from an asset's page uses the project's own executor.
        """
        return build_definitions(self.settings(), executor=None)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:  # noqa: ARG002 - Dagster's signature
        """The same, for Dagster's loader of components."""
        return self.definitions()
