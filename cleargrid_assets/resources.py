"""Dagster's resources: they show in the UI which settings are in force, and let one run differ from them.

The fields are made from the declarations of the settings. Runs get the plain objects of `connections`, which work
without Dagster. Add a field to `CLEARGRID_FIELDS` or `WAREHOUSE_FIELDS`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import dagster as dg
from pydantic import Field, create_model

from cleargrid_assets.client import SettingsError
from cleargrid_assets.connections import ClearGridConnection, Clock, WarehouseConnection
from cleargrid_assets.marts import NO_MARTS, Marts
from cleargrid_assets.settings import Settings

if TYPE_CHECKING:
    from cleargrid_assets.settings.setting_types import Setting

R = TypeVar("R", bound="SettingsResource")

CLEARGRID_FIELDS: tuple[Setting[Any], ...] = (
    Settings.environment,
    Settings.base_url,
    Settings.lender,
    Settings.email,
    Settings.password,
    Settings.timezone,
    Settings.page_size,
    Settings.concurrency,
    Settings.timeout_seconds,
    Settings.stall_seconds,
    Settings.load_seconds,
    Settings.observe_requests,
    Settings.quarantine_limit,
    Settings.vanish_limit,
)
WAREHOUSE_FIELDS: tuple[Setting[Any], ...] = (
    Settings.environment,
    Settings.warehouse,
    Settings.lake_data,
    Settings.lake_keep_days,
    Settings.duckdb_extensions,
    Settings.duckdb_memory_mb,
    Settings.report_keep_days,
    Settings.timezone,
    Settings.outcomes,
    Settings.targets,
    Settings.row_scope,
    Settings.ptp_maturity_days,
)
NEVER_SHOWN = (Settings.email, Settings.password)
"""Their fields hold the variable's name, never its value."""


class SettingsResource(dg.ConfigurableResource[Any]):
    """A resource whose fields are settings. `effective`: the settings that the fields show until a run changes one."""

    effective: ClassVar[Settings]
    settings_shown: ClassVar[tuple[Setting[Any], ...]]

    def settings(self) -> Settings:
        """The effective settings with the fields that the run changed."""
        changed = {
            setting.name: str(value)
            for setting in self.settings_shown
            if (value := getattr(self, setting.attribute)) not in (None, _value(self.effective, setting))
        }
        return replace(self.effective, variables={**self.effective.variables, **changed})


class ClearGridResource(SettingsResource):
    """The ClearGrid account that runs read from, and how they read it."""

    settings_shown = CLEARGRID_FIELDS

    def create_resource(self, _context: dg.InitResourceContext) -> ClearGridConnection:
        """The plain object, which has not sent anything yet."""
        return ClearGridConnection(self.settings())


class WarehouseResource(SettingsResource):
    """The warehouse that runs write to, and what the figures in it depend on."""

    marts: ClassVar[Marts] = NO_MARTS
    settings_shown = WAREHOUSE_FIELDS

    def create_resource(self, _context: dg.InitResourceContext) -> WarehouseConnection:
        """The plain object, not yet opened."""
        return WarehouseConnection(self.settings(), self.marts)


class ClockResource(dg.ConfigurableResource[Clock]):
    """The clock by which the freshness checks decide what is late. Tests replace it."""

    def create_resource(self, _context: dg.InitResourceContext) -> Clock:
        """The plain object."""
        return Clock()


def build_resource(kind: type[R], settings: Settings, **fixed: Any) -> R:
    """A resource of this kind that shows `settings`; a value that is not valid is left to the run that needs it.

    `fixed`: what else its runs get, and no run can change.
    """
    fields: dict[str, Any] = {
        setting.attribute: (setting.value_type | None, Field(default=None, description=setting.description))
        for setting in kind.settings_shown
    }
    model = create_model(kind.__name__, __base__=kind, __module__=kind.__module__, __doc__=kind.__doc__, **fields)
    for name, value in {"effective": settings, **fixed}.items():
        setattr(model, name, value)
    shown = {setting.attribute: _shown(settings, setting) for setting in kind.settings_shown}
    return model(**{attribute: value for attribute, value in shown.items() if value is not None})


def _value(settings: Settings, setting: Setting[Any]) -> Any:
    """What the field of `setting` holds within a run that changes nothing."""
    return settings.text_of(setting) if setting in NEVER_SHOWN else _shown(settings, setting)


def _shown(settings: Settings, setting: Setting[Any]) -> Any:
    """The setting's value as the UI shows it; None if it is not set or not valid."""
    if setting in NEVER_SHOWN:
        text = settings.text_of(setting)
        return dg.EnvVar(setting.name) if text and os.environ.get(setting.name) == text else None
    try:
        value = getattr(settings, setting.attribute)
    except SettingsError:
        return None
    return None if value is None else setting.value_type(setting.show(value))
