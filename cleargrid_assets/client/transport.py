"""Sends one HTTP request, once, with a time-out for the whole response and a limit on its body.

Connections, sockets and everything else about the HTTP library belong here; tokens and retries do not.

Requests are sent by an adapter of the library without a session, whose redirects, cookies and `.netrc` could only do
harm, and which took a fifth of a request's processor time.
"""

from __future__ import annotations

import io
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import requests.adapters
import urllib3.connection
import urllib3.connectionpool
import urllib3.exceptions
from requests.utils import default_headers

from cleargrid_assets.client.response import (
    MAX_BODY_BYTES,
    BodyTooLargeError,
    ConnectionBrokenError,
    RequestTimeoutError,
    Response,
)
from cleargrid_assets.client.url_validation import is_loopback, validate_base_url

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

CONNECT_TIMEOUT_SECONDS = 10.0
BUFFER_BYTES = 65_536
HEADERS = {**default_headers(), "User-Agent": "cleargrid-assets/0.1", "Accept": "application/json"}
CONNECTION_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class Transport:
    """Sends requests: one adapter per thread, no redirects, no proxy for a loopback address."""

    def __init__(self, base_url: str, timeout_seconds: float) -> None:
        self._base_url = validate_base_url(base_url)
        self._settings = _environment_settings(self._base_url)
        self.timeout_seconds = timeout_seconds
        self._threads = threading.local()

    def send(
        self,
        method: str,
        path: str,
        *,
        seconds: float,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
    ) -> Response:
        """Send one request and read its response within `seconds` and the client's time-out.

        Raises `RequestTimeoutError`, `BodyTooLargeError` or `ConnectionBrokenError`; none of them contains the body.
        """
        sent_at, started, timeout = datetime.now(UTC), time.monotonic(), min(seconds, self.timeout_seconds)
        try:
            request = requests.Request(
                method, f"{self._base_url}{path}", params=params, headers={**HEADERS, **(headers or {})}, json=json
            )
            timeouts = (min(CONNECT_TIMEOUT_SECONDS, timeout), timeout)
            http_response = self._adapter().send(request.prepare(), timeout=timeouts, **self._settings)
            body = _read_body(http_response)
        except requests.Timeout:
            raise RequestTimeoutError(timeout) from None
        except CONNECTION_ERRORS as error:
            if _is_timeout(error):
                raise RequestTimeoutError(timeout) from None
            raise ConnectionBrokenError(type(error).__name__) from None
        response_headers, elapsed = dict(http_response.headers.lower_items()), time.monotonic() - started
        response = Response(http_response.status_code, body or b"", response_headers, elapsed, sent_at)
        if body is None:
            raise BodyTooLargeError(response)
        return response

    def _adapter(self) -> _Adapter:
        adapter: _Adapter | None = getattr(self._threads, "adapter", None)
        if adapter is None:
            adapter = self._threads.adapter = _Adapter()
        return adapter


def _environment_settings(base_url: str) -> dict[str, Any]:
    """The proxies and certificates that the environment names for `base_url`, as an adapter takes them."""
    session = requests.Session()
    session.trust_env = not is_loopback(urlsplit(base_url).hostname or "")
    return {**session.merge_environment_settings(base_url, {}, stream=True, verify=None, cert=None)}


def _read_body(response: requests.Response) -> bytes | None:
    """The decompressed body; None, after closing the connection, as soon as it exceeds the limit."""
    chunks, length = list[bytes](), 0
    for chunk in response.iter_content(BUFFER_BYTES):
        length += len(chunk)
        if length > MAX_BODY_BYTES:
            response.close()
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _is_timeout(error: BaseException) -> bool:
    """True if the exception is, or wraps, a read time-out."""
    timeouts = (TimeoutError, urllib3.exceptions.TimeoutError)
    return isinstance(error, timeouts) or any(isinstance(part, timeouts) for part in error.args)


class _DeadlineReader(io.RawIOBase):
    """Reads one response; raises `TimeoutError` at its deadline even if bytes keep trickling in."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds_left = self._deadline - time.monotonic()
        if seconds_left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(seconds_left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineSocket:
    """A socket whose time-out applies to the whole response that is read next, not to each read."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._seconds: float | None = None

    def settimeout(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._sock.settimeout(seconds)

    def makefile(self, mode: str, *_args: object) -> io.BufferedReader:
        assert self._seconds is not None, f"{mode} without a time-out"
        return io.BufferedReader(_DeadlineReader(self._sock, time.monotonic() + self._seconds), BUFFER_BYTES)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class _HTTPConnection(urllib3.connection.HTTPConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = _DeadlineSocket(self.sock)


class _HTTPSConnection(urllib3.connection.HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = _DeadlineSocket(self.sock)


class _HTTPPool(urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.connectionpool.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _Adapter(requests.adapters.HTTPAdapter):
    """Uses connections whose time-out applies to the whole response, through a proxy too."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        return manager
