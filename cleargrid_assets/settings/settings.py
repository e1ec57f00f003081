"""`Settings`: the typed values of all settings, each parsed when it is read.

Values derived from several settings belong here; where their values come from is in `variables`. Definitions load with
nothing set, and a wrong value stops exactly the runs that need it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cleargrid_assets.client.errors import SettingsError
from cleargrid_assets.settings.declarations import EMULATOR, SETTINGS, Declarations
from cleargrid_assets.settings.setting_types import Group
from cleargrid_assets.settings.variables import read_variables, unknown_names
from cleargrid_assets.warehouse.ducklake_catalogs import PREFIX

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cleargrid_assets.settings.setting_types import Setting


@dataclass(frozen=True)
class Account:
    """ClearGrid's address and the credentials of one account. The password is never shown."""

    environment: str
    base_url: str
    lender: str
    email: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Settings(Declarations):
    """Settings read from `variables`; reading one raises `SettingsError` if its variable has an invalid value.

    `from_file`: the names whose values come from `.env`. `file_problems`: what could not be read in it. `key_prefix`:
    that of the asset keys in a Dagster project that embeds the assets; no variable sets it.
    """

    variables: Mapping[str, str] = field(repr=False)
    from_file: frozenset[str] = frozenset()
    file_problems: tuple[str, ...] = ()
    key_prefix: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls) -> Settings:
        """The process's environment over the `.env` of the working directory; an empty value counts as not set."""
        return cls(*read_variables())

    @property
    def account(self) -> Account:
        """Everything a client needs."""
        return Account(self.environment, self.base_url, self.lender, self.email, self.password)

    @property
    def is_lake(self) -> bool:
        """True if the warehouse is a lake; False, not an error, while no warehouse is set."""
        return (self.text_of(Settings.warehouse) or "").startswith(PREFIX)

    @property
    def is_alerting(self) -> bool:
        """True if an alert webhook is set; it is validated when it is used."""
        return self.text_of(Settings.alert_webhook) is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values of secret settings, which no message may repeat."""
        values = (self.text_of(setting) for setting in SETTINGS if setting.is_secret)
        return tuple(value for value in values if value)

    @property
    def has_account(self) -> bool:
        """True if any setting names an address or an account of ClearGrid."""
        return any(
            self.text_of(setting)
            for setting in SETTINGS
            if setting.group is Group.ACCOUNT and setting is not Settings.environment
        )

    def or_emulator(self) -> Settings:
        """These settings, or the emulator's if no environment, account or warehouse is set.

        For the commands that work right after `cleargrid demo`. Runs never ask for this: one without an environment
        fails instead of going to the emulator.
        """
        if self.has_account or self.text_of(Settings.environment) or self.text_of(Settings.warehouse):
            return self
        return replace(self, variables={**self.variables, Settings.environment.name: EMULATOR})

    def text_of(self, setting: Setting[Any]) -> str | None:
        """The text of the setting's variable; None if it is not set."""
        return self.variables.get(setting.name, "").strip() or None

    def origin_of(self, setting: Setting[Any]) -> str:
        """Where the setting's value comes from: `environment`, `.env` or `default`."""
        if self.text_of(setting) is None:
            return "default"
        return ".env" if setting.name in self.from_file else "environment"

    def exported(self) -> dict[str, str]:
        """The variables for processes that work in another folder: paths are absolute.

        Dagster's commands put a `.env` of their folder over their environment; ours are started where there is none.
        """
        variables = dict(self.variables)
        for setting in SETTINGS:
            with suppress(SettingsError):  # the run that needs it says what is wrong
                path = setting.absolute(getattr(self, setting.attribute))
                variables |= {setting.name: path} if path else {}
        return variables

    def validate_sources(self) -> None:
        """Raise `SettingsError` for a name that is not a setting, or an unreadable `.env`: either hides a value."""
        problems = self.source_problems()
        if problems:
            raise SettingsError("; ".join(str(problem) for problem in problems))

    def source_problems(self) -> list[SettingsError]:
        """Every misspelt name, and every problem with `.env` itself."""
        names = [setting.name for setting in SETTINGS]
        return [SettingsError(text) for text in (*self.file_problems, *unknown_names(self.variables, names))]

    def problems(self, without: Collection[Group] = ()) -> list[SettingsError]:
        """Every problem with the settings, each once, except in the groups `without`."""
        errors = {str(error): error for error in self.source_problems()}
        for setting in (setting for setting in SETTINGS if setting.group not in without):
            try:
                getattr(self, setting.attribute)
            except SettingsError as error:
                errors.setdefault(str(error), error)
        return list(errors.values())
