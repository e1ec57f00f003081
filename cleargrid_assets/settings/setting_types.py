"""What a setting is: its variable, type, default, bounds and meaning, and the sentence for a wrong value.

Kinds of settings belong here; the settings themselves are listed in `declarations`.
"""

from __future__ import annotations

import re
from datetime import date
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Self, TypeVar, overload
from zoneinfo import ZoneInfo

from cleargrid_assets.client.errors import SettingsError
from cleargrid_assets.command_names import with_commands
from cleargrid_assets.tables.catalog import DATASETS
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.tables.dataset import RawDataset

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cleargrid_assets.settings.settings import Settings

T_co = TypeVar("T_co", covariant=True)

SECRET = "***"  # noqa: S105 - what is shown instead of one
NO_IANA_ZONES = ("localtime", "posixrules", "posix/", "right/")
"""Entries of a host's zone folder that are not IANA names; the database knows none of them."""


class Group(Enum):
    """How documents and `cleargrid doctor` group the settings."""

    ACCOUNT = "Account"
    LOADING = "Loading"
    MEANING = "Meaning"
    STORAGE = "Warehouse, lake and alerts"


class Setting(Generic[T_co]):
    """One variable. On an instance of `Settings` it is the value; on the class, this declaration.

    `default`: the text that stands for a variable that is not set, or how to find it from other settings.
    `default_note`: how documents describe such a default. `is_essential`: one of the few to decide on first.
    `is_secret`: its value is never shown.
    """

    attribute: str
    value_type: type[str | int | float] = str
    """The type in which other programs hold the value."""

    def __init__(
        self,
        name: str,
        default: str | Callable[[Any], str | None] | None,
        meaning: str,
        *,
        group: Group,
        default_note: str = "",
        is_essential: bool = False,
        is_secret: bool = False,
    ) -> None:
        self.name = name
        self.default = default
        self.meaning = meaning
        self.group = group
        self.default_note = default_note or (default if isinstance(default, str) else "")
        self.is_essential = is_essential
        self.is_secret = is_secret

    @property
    def description(self) -> str:
        """The meaning, with the bounds if there are any."""
        return self.meaning

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute

    @overload
    def __get__(self, settings: None, owner: type) -> Self: ...

    @overload
    def __get__(self, settings: Settings, owner: type) -> T_co: ...

    def __get__(self, settings: Settings | None, owner: type) -> Self | T_co:
        if settings is None:
            return self
        text = settings.text_of(self)
        if text is None:
            text = self.default(settings) if callable(self.default) else self.default
        return self.missing() if text is None else self.parse(text)

    def parse(self, text: str) -> T_co:
        """The value that `text` means. Raises `SettingsError`."""
        raise NotImplementedError

    def missing(self) -> T_co:
        """The value of a variable that is not set and has no default. Raises `SettingsError` if it is required."""
        raise SettingsError(f"{self.name} is not set; put it in .env or in the environment")

    def absolute(self, _value: Any) -> str | None:
        """The value with its path made absolute, for a process in another folder; None if it holds no path."""
        return None

    def show(self, value: Any) -> str:
        """The value as text, with a secret masked."""
        return "none" if value is None else SECRET if self.is_secret else str(value)


class Datasets(Setting[tuple[RawDataset, ...]]):
    """Datasets of ClearGrid by their codes, separated by commas."""

    def parse(self, text: str) -> tuple[RawDataset, ...]:
        """The datasets with these codes, which must be known and include D23."""
        codes = [code.strip() for code in text.split(",")]
        unknown = [code for code in codes if code not in DATASETS]
        if unknown:
            raise SettingsError(f"{self.name} is {text!r}, but {unknown[0]!r} is none of {', '.join(DATASETS)}")
        if D23.code not in codes:
            raise SettingsError(f"{self.name} is {text!r}; add {D23.code}, from which every figure is computed")
        return tuple(dataset for code, dataset in DATASETS.items() if code in codes)

    def show(self, value: tuple[RawDataset, ...]) -> str:
        """The datasets' codes, separated by commas."""
        return ",".join(dataset.code for dataset in value)


class Text(Setting[str]):
    """A required text of any form."""

    def parse(self, text: str) -> str:
        """The text unchanged."""
        return text


class Choice(Setting[str]):
    """One of a few words."""

    def __init__(self, name: str, default: str | None, choices: tuple[str, ...], meaning: str, **rest: Any) -> None:
        super().__init__(name, default, meaning, **rest)
        self.choices = choices

    def parse(self, text: str) -> str:
        """One of the choices."""
        if text not in self.choices:
            raise SettingsError(f"{self.name} is {text!r}; set it to one of {', '.join(self.choices)}")
        return text

    def missing(self) -> str:
        """Raise `SettingsError` with the choices."""
        raise SettingsError(f"{self.name} is not set; set it to one of {', '.join(self.choices)}")


class Integer(Setting[int]):
    """A whole number within bounds."""

    value_type = int

    def __init__(self, name: str, default: int, minimum: int, maximum: int, meaning: str, **rest: Any) -> None:
        super().__init__(name, str(default), meaning, **rest)
        self.minimum = minimum
        self.maximum = maximum

    @property
    def description(self) -> str:
        """The meaning, with bounds such as `1-1000`."""
        return f"{self.meaning}, {self.minimum}-{self.maximum}"

    def parse(self, text: str) -> int:
        """A whole number within the bounds, written in digits."""
        if not re.fullmatch(r"[0-9]{1,9}", text) or not self.minimum <= int(text) <= self.maximum:
            raise SettingsError(f"{self.name} is {text!r}; use a whole number from {self.minimum} to {self.maximum}")
        return int(text)


class Share(Setting[float]):
    """A share from 0 to 1."""

    value_type = float

    def parse(self, text: str) -> float:
        """A decimal fraction; Python writes a small one with an exponent."""
        if not re.fullmatch(r"[0-9]*\.?[0-9]+(e-[0-9]+)?", text) or float(text) > 1:
            raise SettingsError(f"{self.name} is {text!r}; use a share from 0 to 1, such as {self.default}")
        return float(text)


class Month(Setting[date]):
    """A month, held as the date of its first day."""

    def parse(self, text: str) -> date:
        """`2024-01`, or its first day."""
        if not re.fullmatch(r"(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])(-01)?", text):
            raise SettingsError(f"{self.name} is {text!r}; use a month such as 2024-01")
        return date(int(text[:4]), int(text[5:7]), 1)

    def show(self, value: date) -> str:
        """The month without a day, such as `2024-01`."""
        return f"{value:%Y-%m}"


class Zone(Setting[str]):
    """A time zone by its IANA name."""

    def parse(self, text: str) -> str:
        """A name that both Python and the database know."""
        try:
            ZoneInfo(text)
            is_iana = not text.startswith(NO_IANA_ZONES)
        except (KeyError, ValueError, OSError):
            is_iana = False
        if not is_iana:
            raise SettingsError(f"{self.name} is {text!r}, which is not an IANA time zone; use one such as Asia/Dubai")
        return text


class OptionalSetting(Setting[T_co | None]):
    """A setting that may be None."""

    def missing(self) -> None:
        """None."""


class OptionalPath(OptionalSetting[Path]):
    """The path of a file or folder, or None; it may be relative to the working directory."""

    def parse(self, text: str) -> Path:
        """`~` is the user's home folder."""
        return Path(expand_home(self.name, text))

    def absolute(self, value: Any) -> str | None:
        """The absolute path."""
        return None if value is None else str(Path(value).absolute())


class Url(Setting[str]):
    """A URL without a trailing slash; the code that uses it validates it."""

    def __init__(self, *arguments: Any, missing_advice: str, **rest: Any) -> None:
        super().__init__(*arguments, **rest)
        self.missing_advice = missing_advice

    def parse(self, text: str) -> str:
        """The URL without a trailing slash."""
        return text.rstrip("/")

    def show(self, value: Any) -> str:
        """The URL, masked if it may contain a user, a password or a token."""
        return SECRET if re.search("[@?#]", value) else str(value)

    def missing(self) -> str:
        """Raise `SettingsError` with advice on where to find the URL."""
        raise SettingsError(f"{self.name} is not set{with_commands(self.missing_advice)}")


def expand_home(name: str, path: str) -> str:
    """`path` with a leading `~` replaced by the home folder; `name` is the variable or argument it came from."""
    try:
        return str(Path(path).expanduser()) if path.startswith("~") else path
    except RuntimeError as error:
        raise SettingsError(f"{name} starts with '~' and the home folder is not known; write the whole path") from error
