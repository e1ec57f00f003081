"""Validates URLs: HTTPS anywhere, plain HTTP on this machine only.

Every rule about where a secret may be sent belongs here; `transport` and the settings apply it.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from cleargrid_assets.client.errors import SettingsError

API_PATH = re.compile(r"/admin(/(auth|v\d+)(/.*)?)?/*")
"""The paths that the client adds to the base URL, and ClearGrid's documentation writes with it."""


def validate_base_url(base_url: str) -> str:
    """The URL without a trailing slash.

    Raises `SettingsError` unless it is HTTPS, or plain HTTP on loopback, and for one that ends in an API path.
    """
    parts = _split(base_url)
    if "@" in base_url:
        raise SettingsError("CLEARGRID_BASE_URL contains a user or a password; leave them out")
    if not is_secure(parts):
        raise SettingsError(
            f"CLEARGRID_BASE_URL is {base_url!r}; ClearGrid takes HTTPS only, an emulator plain HTTP on 127.0.0.1"
        )
    api_path = API_PATH.search(parts.path)
    if api_path is not None and api_path.end() == len(parts.path):
        raise SettingsError(
            f"CLEARGRID_BASE_URL is {base_url!r}; leave out {api_path.group()!r}, which each request adds"
        )
    return base_url.rstrip("/")


def _split(base_url: str) -> SplitResult:
    """The parts of the URL. The error for an invalid one does not repeat it, because it may contain a password."""
    try:
        parts = urlsplit(base_url)
        is_valid = parts.port is None or parts.port > 0
    except ValueError:
        is_valid = False
    if not is_valid or parts.query or parts.fragment or base_url != "".join(base_url.split()):
        raise SettingsError("CLEARGRID_BASE_URL is not a valid URL; use one such as https://v3-api.cleargrid.ai")
    return parts


def is_secure(parts: SplitResult) -> bool:
    """True if a secret may be sent there: over HTTPS, or to this machine."""
    host = parts.hostname or ""
    return (parts.scheme == "https" and host != "") or (parts.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """True if `host` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
