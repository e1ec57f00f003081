"""Where ClearGrid may be asked: HTTPS anywhere, plain HTTP on this machine only.

Here: judging addresses. Not here: sending anything to them (`transport`).
"""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from cleargrid_assets.client.errors import SettingsError


def checked_base_url(base_url: str) -> str:
    """The root address; raises `SettingsError` unless it is HTTPS, or plain HTTP on a loopback address."""
    parts = _parts(base_url)
    if "@" in base_url:
        raise SettingsError("CLEARGRID_BASE_URL contains a user or a password; leave them out")
    if not is_safe(parts):
        raise SettingsError(
            f"CLEARGRID_BASE_URL is {base_url!r}; ClearGrid takes HTTPS only, an emulator plain HTTP on 127.0.0.1"
        )
    return base_url.rstrip("/")


def _parts(base_url: str) -> SplitResult:
    """The address taken apart. What cannot be is not repeated: it may hold a password."""
    try:
        parts = urlsplit(base_url)
        is_whole = parts.port is None or parts.port > 0
    except ValueError:
        is_whole = False
    if not is_whole or parts.query or parts.fragment or base_url != "".join(base_url.split()):
        raise SettingsError("CLEARGRID_BASE_URL is not a valid URL; use one such as https://v3-api.cleargrid.ai")
    return parts


def is_safe(parts: SplitResult) -> bool:
    """Whether a secret may be sent to the address: HTTPS, or this machine."""
    host = parts.hostname or ""
    return (parts.scheme == "https" and host != "") or (parts.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
