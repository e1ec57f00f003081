"""One HTTP exchange: sent once, answered within a deadline or not.

Here: sessions, time-outs, reading a body as it comes. Not here: tokens, retries, meaning of answers.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from cleargrid_assets.client.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONNECT_SECONDS = 10.0
CHUNK = 65_536
LATELY = 32
SHORTEST_DEADLINE = 10.0
USER_AGENT = "cleargrid-assets/0.1"
BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class TimedOutError(Exception):
    """No complete answer came within the deadline."""


class BrokenExchangeError(Exception):
    """The connection failed or the body was cut."""


@dataclass(frozen=True)
class Answer:
    """A complete answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def checked_base_url(base_url: str) -> str:
    """The root address; raises `SettingsError` unless it is HTTPS, or plain HTTP on a loopback address."""
    parts = urlsplit(base_url)
    if parts.username or parts.password:
        raise SettingsError("the base URL holds a user name or password: remove it")
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise SettingsError(f"the base URL {base_url!r} is no address: write one such as https://v3-api.cleargrid.ai")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise SettingsError(f"the base URL {base_url!r} is plain HTTP: use https, or a loopback address")
    return base_url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Pace:
    """How long answers have taken lately, and how long to wait for the next one.

    When pages come in a hundredth of a second, one that takes ten is lost, and waiting longer wastes the load's time.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout = timeout_seconds
        self._lately: deque[float] = deque(maxlen=LATELY)

    def took(self, seconds: float) -> None:
        """A complete answer came after `seconds`."""
        self._lately.append(seconds)

    def deadline_seconds(self, *, is_first_try: bool) -> float:
        """Twenty times the slowest of the latest answers, ten seconds at least, never more than the time-out.

        A request that is tried again gets the whole time-out.
        """
        if not is_first_try or not self._lately:
            return self._timeout
        return min(self._timeout, max(SHORTEST_DEADLINE, 20 * max(tuple(self._lately))))


class Transport:
    """Sends requests; one session per thread, no redirects, no proxy before a loopback address."""

    def __init__(self, base_url: str, timeout_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._base_url = checked_base_url(base_url)
        self._is_local = is_loopback(urlsplit(base_url).hostname or "")
        self._pace = Pace(timeout_seconds)
        self._clock = clock
        self._threads = threading.local()

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        is_first_try: bool = False,
    ) -> Answer:
        """One exchange. Raises `TimedOutError` or `BrokenExchangeError`; neither carries header or body."""
        started, seconds = self._clock(), self._pace.deadline_seconds(is_first_try=is_first_try)
        timeouts = (min(CONNECT_SECONDS, seconds), seconds)
        try:
            with self._session().request(
                method,
                f"{self._base_url}{path}",
                params=params,
                headers=headers,
                json=json,
                timeout=timeouts,
                stream=True,
                allow_redirects=False,
            ) as response:
                body = self._body(response, started + seconds)
                self._pace.took(self._clock() - started)
                return Answer(response.status_code, body, dict(response.headers.lower_items()))
        except requests.Timeout:
            raise TimedOutError from None
        except BROKEN as error:
            raise (TimedOutError if _is_timeout(error) else BrokenExchangeError(type(error).__name__)) from None

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        """The whole body; a slow drip is noticed while it drips."""
        chunks = []
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            chunks.append(chunk)
            if self._clock() > deadline:
                raise TimedOutError
        return b"".join(chunks)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = not self._is_local
            session.auth = _keep_header
            session.headers["User-Agent"] = USER_AGENT
            session.headers["Accept"] = "application/json"
            self._threads.session = session
        return session


def _keep_header(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stands in for an authentication, so that a `.netrc` does not replace our bearer header."""
    return request


def _is_timeout(error: BaseException) -> bool:
    """Whether a read time-out hides in the exception's causes."""
    kinds = (TimeoutError, urllib3.exceptions.TimeoutError)
    return isinstance(error, kinds) or any(isinstance(part, kinds) for part in error.args)
