"""A ClearGrid on raw sockets with faults on demand, written from the contract alone and independent of the client.

It sends correct responses and offers the means to send faulty ones; `fault_cases` decides which.
"""

from __future__ import annotations

import base64
import json
import select
import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

from cleargrid_assets_tests.client.vendor_rows import collection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LENDER, LENDER_ID = "acme", "11111111-2222-4333-8444-555555555555"
EMAIL, PASSWORD = "robot@acme.invalid", 'planted "pass/word" 7'
CLIENT_GONE_CHECK_SECONDS = 0.02
LINGER_AND_RESET = struct.pack("ii", 1, 0)


@dataclass
class RequestRecord:
    """A request that the server received, and the status of its response."""

    number: int
    params: dict[str, str]
    target: str
    in_flight: int
    status: int | None = None
    is_over: bool = False

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The parameters that distinguish it from other requests."""
        return tuple(sorted(self.params.items()))


@dataclass
class PendingRequest:
    """A request for a page that waits for a response. Every method sends one; `record.number` counts from 1."""

    server: FaultServer
    record: RequestRecord
    handler: BaseHTTPRequestHandler

    @property
    def limit(self) -> int:
        """The requested page size."""
        return min(max(int(self.record.params.get("limit", "500")), 1), 1000)

    @property
    def seconds(self) -> float:
        """The length of the requested window."""
        since, until = self._bounds()
        return (until - since).total_seconds()

    def every(self, nth: int) -> bool:
        """True for every `nth` request."""
        return self.record.number % nth == 0

    def envelope(self) -> dict[str, Any]:
        """The correct response."""
        since, until = self._bounds()
        inside = [(moment, row) for moment, row in collection() if since <= moment < until]
        cursor = self.record.params.get("cursor")
        start = int(base64.urlsafe_b64decode(cursor)) if cursor else 0
        end = start + self.limit
        after = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(inside) else None
        pagination: dict[str, Any] = {"nextCursor": after}
        if self.record.params.get("includeTotal") == "true":
            total = sum(row is not None for _, row in inside)
            pagination.update(total=total, totalExact=True, totalNote=None)
        rows = [dict(row) for _, row in inside[start:end] if row is not None]
        meta = {"since": self.record.params["since"], "until": self.record.params["until"], "tenantPathKind": "via"}
        return {
            "code": 200,
            "message": "OK",
            "errors": [],
            "body": {"rows": rows, "pagination": pagination, "meta": meta},
        }

    def _bounds(self) -> tuple[datetime, datetime]:
        since, until = (datetime.fromisoformat(self.record.params[name]) for name in ("since", "until"))
        return since, until

    def right(self) -> None:
        """Respond as ClearGrid does."""
        self.send(200, self.envelope())

    def refuse(self, status: int, **headers: str) -> None:
        """Respond with an error envelope whose message contains the token and the password, which must not leak."""
        secrets = f"{self.handler.headers.get('Authorization')} {PASSWORD}"
        self.send(status, {"success": False, "message": f"no {secrets}", "requestId": self.request_id}, **headers)

    @property
    def request_id(self) -> str:
        """The id of this request."""
        return f"req-{self.record.number}"

    def send(self, status: int, body: object, **headers: str) -> None:
        """Respond with JSON, or with bytes as they are."""
        self.record.status = status
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.raw(self.head(status, {"Content-Length": str(len(content)), **headers}) + content)

    def head(self, status: int, headers: dict[str, str]) -> bytes:
        """Status line and headers."""
        lines = [
            f"HTTP/1.1 {status} Whatever",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode()

    def raw(self, data: bytes, *, then_close: bool = False) -> None:
        """Send bytes; `then_close` closes the connection afterwards."""
        self.server.is_over(self.record)
        self.handler.wfile.write(data)
        self.handler.close_connection = self.handler.close_connection or then_close

    def reset(self) -> None:
        """End the connection with a reset."""
        self.server.is_over(self.record)
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_AND_RESET)
        self.handler.connection.close()
        self.handler.close_connection = True

    def hang(self) -> None:
        """Send nothing more until the client disconnects."""
        for _ in self.until_gone():
            pass
        self.handler.close_connection = True

    def drip(self, data: bytes) -> None:
        """Send a byte now and then until the client disconnects."""
        for _, byte in zip(self.until_gone(), data, strict=False):
            self.handler.wfile.write(bytes([byte]))
        self.handler.close_connection = True

    def until_gone(self) -> Iterator[None]:
        """Yield at short intervals until the client disconnects."""
        while not self.server.is_closing.wait(CLIENT_GONE_CHECK_SECONDS):
            readable, _, _ = select.select([self.handler.connection], [], [], 0)
            if readable:
                return
            yield


@dataclass
class Tokens:
    """How tokens expire. `uses`: the number of requests that one is good for; None: unlimited."""

    uses: int | None = None
    one_at_a_time: bool = False
    refuses_refresh: bool = False
    wraps: bool = False
    login_refusals: list[int] = field(default_factory=list)
    """The statuses of the first logins, in order; later ones succeed."""


@dataclass
class FaultServer:
    """Runs inside its `with` block; `play` responds to requests for pages, `tokens` decides about the others."""

    play: Callable[[PendingRequest], None]
    tokens: Tokens = field(default_factory=Tokens)
    requests: list[RequestRecord] = field(default_factory=list)
    login_headers: dict[str, str] = field(default_factory=dict)
    logins: int = 0
    refreshes: int = 0
    is_closing: threading.Event = field(default_factory=threading.Event)
    _left: dict[str, float] = field(default_factory=dict)
    _in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def base_url(self) -> str:
        """Its root URL."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def peak_in_flight(self) -> int:
        """The highest number of concurrent requests for pages."""
        return max(record.in_flight for record in self.requests)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_closing.set()
        self._http.shutdown()
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                server.answer(self)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = server.log_in(body) if self.path.endswith("/login") else server.refresh(body)
                content = json.dumps(answer).encode()
                headers = {"Content-Length": len(content), **server.login_headers}
                lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
                self.wfile.write("\r\n".join(lines).encode() + content)

            def log_message(self, *_: object) -> None:
                """Log nothing: `requests` has the record."""

        return Handler

    def log_in(self, body: dict[str, str]) -> tuple[int, Any]:
        """The response to a login."""
        with self._lock:
            self.logins += 1
            if self.tokens.login_refusals:
                status = self.tokens.login_refusals.pop(0)
                return status, {"success": False, "message": f"Login failed {body}", "requestId": "req-login"}
            assert body == {"email": EMAIL, "password": PASSWORD}
            answer = {"lenderPublicId": LENDER_ID, "token": self._token(), "refreshToken": "planted-refresh"}
        return 200, {"code": 200, "message": "OK", "errors": [], "body": answer} if self.tokens.wraps else answer

    def refresh(self, body: dict[str, str]) -> tuple[int, Any]:
        """The response to a token refresh."""
        with self._lock:
            self.refreshes += 1
            if self.tokens.refuses_refresh or body != {"refreshToken": "planted-refresh"}:
                return 401, {"success": False, "message": "Invalid refresh token", "requestId": "req-refresh"}
            return 200, {"token": self._token()}

    def _token(self) -> str:
        if self.tokens.one_at_a_time:
            self._left.clear()
        token = f"planted-token-{self.logins}-{self.refreshes}"
        self._left[token] = self.tokens.uses if self.tokens.uses is not None else float("inf")
        return token

    def _accepts(self, header: str) -> bool:
        with self._lock:
            token = header.removeprefix("Bearer ")
            self._left[token] = self._left.get(token, 0) - 1
            return self._left[token] >= 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Let `play` respond to a request for a page if its token is valid."""
        parts = urlsplit(handler.path)
        with self._counted(RequestRecord(0, dict(parse_qsl(parts.query)), handler.path, 0)) as record:
            request = PendingRequest(self, record, handler)
            right_path = f"/admin/v3/lenders/{LENDER_ID}/exports/S4/D23"
            if parts.path != right_path:
                request.refuse(404)
            elif not self._accepts(handler.headers.get("Authorization", "")):
                request.refuse(401)
            else:
                self.play(request)

    @contextmanager
    def _counted(self, record: RequestRecord) -> Iterator[RequestRecord]:
        with self._lock:
            self._in_flight += 1
            record.number, record.in_flight = len(self.requests) + 1, self._in_flight
            self.requests.append(record)
        try:
            yield record
        finally:
            self.is_over(record)

    def is_over(self, record: RequestRecord) -> None:
        """Count the request as finished, before its response can trigger the next one."""
        with self._lock:
            self._in_flight -= not record.is_over
            record.is_over = True
