"""Addresses of the warehouse, of a lake's files and of web pages: which are usable, and what to write instead.

Validating an address belongs here; opening it belongs in `warehouse`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cleargrid_assets.client.errors import SettingsError
from cleargrid_assets.client.url_validation import is_secure
from cleargrid_assets.settings.setting_types import OptionalSetting, Setting, expand_home
from cleargrid_assets.warehouse.ducklake_catalogs import PREFIX, redacted

if TYPE_CHECKING:
    from typing import Any

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
FILE_CATALOG = re.compile(rf"({PREFIX}(?:sqlite:)?)(.*)", re.DOTALL)
"""A lake's address up to the file that holds its catalog; of any other catalog, up to its kind."""

WEB_SCHEMES = ("http", "https")
IN_MEMORY = ":memory:"


class WarehouseAddress(Setting[str]):
    """A DuckDB file's path, or the address of a lake."""

    def parse(self, text: str) -> str:
        """The validated address."""
        return warehouse_address(self.name, text)

    def show(self, value: Any) -> str:
        """The address with its password masked."""
        return redacted(value)

    def absolute(self, value: Any) -> str:
        """The address with its file's path made absolute; a server's address is unchanged."""
        prefix, path = _split(value)
        is_file = path != "" and not SCHEME.match(path)
        return f"{prefix}{Path(path).absolute()}" if is_file else str(value)


class LakeData(OptionalSetting[str]):
    """A folder or `s3://bucket/prefix`, or nothing."""

    def parse(self, text: str) -> str:
        """The folder, or the bucket and its prefix. The error does not repeat what may hold a key."""
        if "://" in text and not re.fullmatch(r"s3://[^/@?]+/[^/?][^?]*", text):
            raise SettingsError(
                f"{self.name} is not usable; use a shared folder, or s3://bucket/prefix, and the variables of AWS for "
                f"its keys"
            )
        return expand_home(self.name, text)

    def absolute(self, value: Any) -> str | None:
        """A folder's path; a bucket as it is."""
        return str(Path(value).absolute()) if value and "://" not in value else value


def warehouse_address(name: str, address: str) -> str:
    """`address` with `~` expanded; `name` is the variable or argument it came from.

    Raises `SettingsError` unless it is the path of a DuckDB file or the address of a lake, without repeating it: it may
    hold a password.
    """
    scheme = SCHEME.match(address)
    if scheme and scheme.group() != PREFIX:
        raise SettingsError(
            f"{name} starts with {scheme.group()!r}; use the path of a DuckDB file, or {PREFIX} and the catalog of a "
            f"lake, such as {PREFIX}postgres:host=... dbname=..."
        )
    prefix, path = _split(address)
    if not path or str(Path(path)).startswith(IN_MEMORY):
        raise SettingsError(f"{name} names no file, so nothing would be kept; use the path of a DuckDB file")
    return prefix + expand_home(name, path)


def _split(address: str) -> tuple[str, str]:
    """Split an address into its prefix, such as `ducklake:sqlite:`, and its file's path."""
    lake = FILE_CATALOG.fullmatch(address)
    return (lake[1], lake[2]) if lake else ("", address)


class Link(OptionalSetting[str]):
    """The URL of a web page, without a trailing slash, or None."""

    def parse(self, text: str) -> str:
        """The URL, which must be absolute and hold no password and no query."""
        if not re.fullmatch(r"https?://[^\s/@?#]+(/[^\s@?#]*)?", text):
            raise SettingsError(f"{self.name} is not a web address; use one such as https://dagster.example.com")
        return text.rstrip("/")


class AlertAddress(OptionalSetting[str]):
    """The URL of a webhook, or the address of another service in apprise's form, such as `mailto://`; or None."""

    def parse(self, text: str) -> str:
        """The address; a webhook's must be HTTPS, or plain HTTP on this machine. The error does not repeat it."""
        try:
            parts = urlsplit(text)
            is_usable = is_secure(parts) if parts.scheme in WEB_SCHEMES else bool(parts.scheme and parts.netloc)
        except ValueError:
            is_usable = False
        if not is_usable:
            raise SettingsError(f"{self.name} is not a usable address; use one that starts with https://")
        return text
