"""One HTTP exchange: sent once, answered within a deadline or not.

Sessions, the time-out for a whole answer and the limit on its body belong here; tokens and retries do not.
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

from cleargrid_assets.client.address import checked_base_url, is_loopback
from cleargrid_assets.client.exchange import (
    MAX_BODY_BYTES,
    Answer,
    BodyTooLargeError,
    BrokenExchangeError,
    TimedOutError,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator, Mapping

CONNECT_SECONDS = 10.0
BUFFER = 65_536
USER_AGENT = "cleargrid-assets/0.1"
BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class Transport:
    """Sends requests; one session per thread, no redirects, no proxy before a loopback address."""

    def __init__(self, base_url: str, timeout_seconds: float) -> None:
        self._base_url = checked_base_url(base_url)
        self._is_local = is_loopback(urlsplit(base_url).hostname or "")
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
    ) -> Answer:
        """One exchange of at most `seconds`, and at most the client's time-out.

        Raises `TimedOutError`, `BodyTooLargeError` or `BrokenExchangeError`; none of them carries a body.
        """
        sent_at, started, allowed = datetime.now(UTC), time.monotonic(), min(seconds, self.timeout_seconds)
        try:
            response = self._session().request(
                method,
                f"{self._base_url}{path}",
                params=params,
                headers=headers,
                json=json,
                timeout=(min(CONNECT_SECONDS, allowed), allowed),
                allow_redirects=False,
                stream=True,
            )
            body = _read_body(response)
        except requests.Timeout:
            raise TimedOutError(allowed) from None
        except BROKEN as error:
            raise (TimedOutError(allowed) if _is_timeout(error) else _broken(error)) from None
        received, took = dict(response.headers.lower_items()), time.monotonic() - started
        answer = Answer(response.status_code, body or b"", received, took, sent_at)
        if body is None:
            raise BodyTooLargeError(answer)
        return answer

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = _Session()
            session.mount("https://", _Adapter())
            session.mount("http://", _Adapter())
            session.trust_env = not self._is_local
            session.auth = _keep_header
            session.headers["User-Agent"] = USER_AGENT
            session.headers["Accept"] = "application/json"
            self._threads.session = session
        return session


class _Session(requests.Session):
    """Leaves redirects alone: requests parses their target and reads their whole body even when it follows none."""

    def resolve_redirects(self, *_arguments: Any, **_named: Any) -> Generator[Any, None, None]:
        yield from ()


def _read_body(response: requests.Response) -> bytes | None:
    """The decoded body; None, and the connection closed, as soon as it is longer than any answer may be."""
    parts, length = list[bytes](), 0
    for part in response.iter_content(BUFFER):
        length += len(part)
        if length > MAX_BODY_BYTES:
            response.close()
            return None
        parts.append(part)
    return b"".join(parts)


def _keep_header(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stands in for an authentication, so that a `.netrc` does not replace our bearer header."""
    return request


def _broken(error: BaseException) -> BrokenExchangeError:
    return BrokenExchangeError(type(error).__name__)


def _is_timeout(error: BaseException) -> bool:
    """Whether a read time-out hides in the exception's causes."""
    kinds = (TimeoutError, urllib3.exceptions.TimeoutError)
    return isinstance(error, kinds) or any(isinstance(part, kinds) for part in error.args)


class _DeadlineReader(io.RawIOBase):
    """The bytes of one answer; raises `TimeoutError` at its deadline, however often a byte drips in."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineSocket:
    """A socket whose time-out is for the whole answer that is read after it was set, not for each of its bytes."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._seconds: float | None = None

    def settimeout(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._sock.settimeout(seconds)

    def makefile(self, mode: str, *_arguments: object) -> io.BufferedReader:
        assert self._seconds is not None, f"{mode} without a time-out"
        return io.BufferedReader(_DeadlineReader(self._sock, time.monotonic() + self._seconds), BUFFER)

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
    """Connections whose time-out is for the whole answer, through a proxy too."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **named)
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        return manager
