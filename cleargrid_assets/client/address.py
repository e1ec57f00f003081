"""Where ClearGrid may be asked: HTTPS anywhere, plain HTTP on this machine only.

Here: judging addresses. Not here: sending anything to them (`transport`).
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from cleargrid_assets.client.errors import SettingsError


def checked_base_url(base_url: str) -> str:
    """The root address; raises `SettingsError` unless it is HTTPS, or plain HTTP on a loopback address."""
    parts = urlsplit(base_url)
    if parts.username or parts.password:
        raise SettingsError("the base URL carries a user or a password: leave them out")
    if parts.scheme == "https" and parts.hostname:
        return base_url.rstrip("/")
    if parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return base_url.rstrip("/")
    raise SettingsError(f"{base_url!r} cannot be used: ClearGrid takes HTTPS only; plain HTTP is for 127.0.0.1")


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
