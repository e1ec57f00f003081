"""The settings: what each `CLEARGRID_*` variable means, its default, and the sentence that says what is wrong with it.

Here: reading and validating environment variables and `.env`. Not here: what is done with them. A variable is
looked at only when it is asked for, so definitions load with none set and a bad one stops exactly the runs that
need it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values

from cleargrid_assets.client.address import is_safe
from cleargrid_assets.client.errors import SettingsError
from cleargrid_assets.warehouse.catalogs import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE_URLS = {
    "production": "https://v3-api.cleargrid.ai",
    "staging": "https://stage-v3-api.cleargrid.ai",
}
ENVIRONMENTS = (*BASE_URLS, "emulator")

NO_IANA_ZONES = ("localtime", "posixrules", "posix/", "right/")
"""What a host's zone files hold beside the zones; the database knows none of it."""

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


@dataclass(frozen=True)
class Account:
    """Whom ClearGrid knows us as, and where it answers. The password is never shown."""

    environment: str
    base_url: str
    lender: str
    email: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """Settings out of `variables`; each property raises `SettingsError` when its variable cannot be used."""

    variables: Mapping[str, str] = field(repr=False)

    @classmethod
    def from_environment(cls) -> Settings:
        """The process's environment, over the `.env` of the working directory."""
        from_file = {name: value for name, value in dotenv_values(".env").items() if value is not None}
        return cls({**from_file, **os.environ})

    @property
    def environment(self) -> str:
        """`production`, `staging` or `emulator`."""
        return self._one_of("CLEARGRID_ENVIRONMENT", None, ENVIRONMENTS)

    @property
    def base_url(self) -> str:
        """ClearGrid's root address, without `/admin`."""
        given = self._text("CLEARGRID_BASE_URL", BASE_URLS.get(self.environment))
        if given is None:
            raise SettingsError(
                "CLEARGRID_BASE_URL is not set and the emulator has no fixed address: start one with "
                "`cleargrid emulator --port 8123` and set CLEARGRID_BASE_URL=http://127.0.0.1:8123"
            )
        return given.rstrip("/")

    @property
    def account(self) -> Account:
        """Everything a client needs."""
        return Account(
            environment=self.environment,
            base_url=self.base_url,
            lender=self._required("CLEARGRID_LENDER"),
            email=self._required("CLEARGRID_EMAIL"),
            password=self._required("CLEARGRID_PASSWORD"),
        )

    @property
    def warehouse(self) -> str:
        """A DuckDB file's path or a shared warehouse's address."""
        given = self._text("CLEARGRID_WAREHOUSE", None)
        return warehouse_address("CLEARGRID_WAREHOUSE", given) if given else f"data/{self.environment}.duckdb"

    @property
    def duckdb_extensions(self) -> Path | None:
        """The folder of DuckDB's extensions, which a lake needs; None: their wheels, or DuckDB's own folder."""
        given = self._text("CLEARGRID_DUCKDB_EXTENSIONS", None)
        return None if given is None else Path(given)

    @property
    def lake_data(self) -> str | None:
        """The folder or `s3://bucket/prefix` of a lake's Parquet files; a lake that exists knows it."""
        given = self._text("CLEARGRID_LAKE_DATA", None)
        if given and "://" in given and not re.fullmatch(r"s3://[^/]+/[^/].*", given):
            raise SettingsError(f"CLEARGRID_LAKE_DATA is {given!r}: write a shared folder, or s3://bucket/prefix")
        return given

    @property
    def is_lake(self) -> bool:
        """Whether the warehouse is a lake; false as well while no warehouse is set."""
        return (self._text("CLEARGRID_WAREHOUSE", None) or "").startswith(PREFIX)

    @property
    def lake_keep_days(self) -> int:
        """Days for which a lake keeps snapshots and replaced files."""
        return self._integer("CLEARGRID_LAKE_KEEP_DAYS", 30, 1, 3650)

    @property
    def start_month(self) -> date:
        """The first day of the first partition."""
        given = self._text("CLEARGRID_START_MONTH", "2024-01") or ""
        if not re.fullmatch(r"(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])(-01)?", given):
            raise SettingsError(f"CLEARGRID_START_MONTH is {given!r}: write a month such as 2024-01")
        return date(int(given[:4]), int(given[5:7]), 1)

    @property
    def timezone(self) -> str:
        """The IANA zone of month borders, local dates and schedules."""
        given = self._text("CLEARGRID_TIMEZONE", "UTC") or ""
        try:
            ZoneInfo(given)
            is_iana = not given.startswith(NO_IANA_ZONES)
        except (KeyError, ValueError, OSError):
            is_iana = False
        if not is_iana:
            raise SettingsError(
                f"CLEARGRID_TIMEZONE is {given!r}, which is no IANA time zone: write one such as Asia/Dubai"
            )
        return given

    @property
    def page_size(self) -> int:
        """Rows asked for per page."""
        return self._integer("CLEARGRID_PAGE_SIZE", 500, 1, 1000)

    @property
    def concurrency(self) -> int:
        """Requests in flight for one month."""
        return self._integer("CLEARGRID_CONCURRENCY", 4, 1, 16)

    @property
    def trailing_months(self) -> int:
        """Closed months that the daily schedule re-reads."""
        return self._integer("CLEARGRID_TRAILING_MONTHS", 3, 0, 120)

    @property
    def outcomes(self) -> Path | None:
        """The user's own outcome map, laid over the shipped one."""
        given = self._text("CLEARGRID_OUTCOMES", None)
        return None if given is None else Path(given)

    @property
    def ptp_maturity_days(self) -> int:
        """Age in days from which a promise counts as mature."""
        return self._integer("CLEARGRID_PTP_MATURITY_DAYS", 30, 0, 3650)

    @property
    def row_scope(self) -> str:
        """`active` or `all`: the rows of the headline counts."""
        return self._one_of("CLEARGRID_ROW_SCOPE", "active", ("active", "all"))

    @property
    def quarantine_limit(self) -> float:
        """The share of a month's received rows that may be quarantined before the month's check fails."""
        return self._share("CLEARGRID_QUARANTINE_LIMIT", 0.01)

    @property
    def vanish_limit(self) -> float:
        """The share of a month's rows that a re-read may remove before it is refused."""
        return self._share("CLEARGRID_VANISH_LIMIT", 0.20)

    @property
    def timeout_seconds(self) -> int:
        """Seconds that one request may take, from sending to the last byte."""
        return self._integer("CLEARGRID_TIMEOUT_SECONDS", 30, 1, 600)

    @property
    def duckdb_memory_mb(self) -> int:
        """Megabytes that DuckDB may hold before it spills to disk; what Python holds of a month comes on top."""
        return self._integer("CLEARGRID_DUCKDB_MEMORY_MB", 192, 64, 1_000_000)

    @property
    def load_seconds(self) -> int:
        """Seconds that one load of a month may take in all."""
        return self._integer("CLEARGRID_LOAD_SECONDS", 7200, 10, 14400)

    @property
    def stall_seconds(self) -> int:
        """Seconds without a single page after which a load gives up."""
        return self._integer("CLEARGRID_STALL_SECONDS", 75, 5, 3600)

    @property
    def is_alerting(self) -> bool:
        """Whether a webhook for alerts is given; its form is looked at when it is used."""
        return self._text("CLEARGRID_ALERT_WEBHOOK", None) is not None

    @property
    def alert_webhook(self) -> str | None:
        """Where alerts are posted; None: nowhere. The address is a secret."""
        given = self._text("CLEARGRID_ALERT_WEBHOOK", None)
        if given is None:
            return None
        if not _is_safe_address(given):
            raise SettingsError("CLEARGRID_ALERT_WEBHOOK is not usable: write an address that starts with https://")
        return given

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must never be told."""
        given = (self._text(name, None) for name in ("CLEARGRID_PASSWORD", "CLEARGRID_ALERT_WEBHOOK"))
        return tuple(value for value in given if value)

    def problems(self) -> list[SettingsError]:
        """Everything that is wrong with the settings; each error once."""
        found: dict[str, SettingsError] = {}
        for name, member in vars(type(self)).items():
            if isinstance(member, property):
                try:
                    getattr(self, name)
                except SettingsError as error:
                    found.setdefault(str(error), error)
        return list(found.values())

    def _text(self, name: str, default: str | None) -> str | None:
        return self.variables.get(name, "").strip() or default

    def _required(self, name: str) -> str:
        value = self._text(name, None)
        if value is None:
            raise SettingsError(f"{name} is not set: put it into .env or the environment (see .env.example)")
        return value

    def _one_of(self, name: str, default: str | None, choices: tuple[str, ...]) -> str:
        value = self._text(name, default)
        if value in choices:
            return str(value)
        said = "is not set" if value is None else f"is {value!r}"
        raise SettingsError(f"{name} {said}: set it to one of {', '.join(choices)}")

    def _integer(self, name: str, default: int, least: int, most: int) -> int:
        given = self._text(name, str(default)) or ""
        if not re.fullmatch(r"[0-9]{1,9}", given) or not least <= int(given) <= most:
            raise SettingsError(f"{name} is {given!r}: write a whole number from {least} to {most}")
        return int(given)

    def _share(self, name: str, default: float) -> float:
        given = self._text(name, str(default)) or ""
        if not re.fullmatch(r"[0-9]*\.?[0-9]+", given) or float(given) > 1:
            raise SettingsError(f"{name} is {given!r}: write a share from 0 to 1, such as {default}")
        return float(given)


def warehouse_address(name: str, given: str) -> str:
    """The path of a DuckDB file or the address of a lake, as it was given; `name` is who gave it.

    Raises `SettingsError` for any other address, without repeating it: it may hold a password.
    """
    scheme = SCHEME.match(given)
    if scheme and scheme.group() != PREFIX:
        raise SettingsError(
            f"{name} starts with {scheme.group()!r}: write the path of a DuckDB file, or {PREFIX} and the catalog of a "
            f"lake, such as {PREFIX}postgres:host=... dbname=..."
        )
    return given


def _is_safe_address(given: str) -> bool:
    """Whether `given` is a web address that a secret may be sent to."""
    try:
        return is_safe(urlsplit(given))
    except ValueError:
        return False
