"""The HTTP interface: routes, envelopes and pagination, as the contract describes them.

Add correct responses here; wrong ones are in `faults`, rows in `generated_rows`, tokens in `auth`.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from cleargrid_assets.emulator.faults import ExportRequest, error, plain
from cleargrid_assets.emulator.pagination import SHARES, Range, page_of, success

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from starlette.requests import Request

    from cleargrid_assets.emulator.auth import Accounts
    from cleargrid_assets.emulator.faults import Fault
    from cleargrid_assets.emulator.generated_rows import GeneratedRows

QUICK_ROWS = 10
"""Over a longer range, ClearGrid finds the first few rows in time, but not more."""


@dataclass(frozen=True)
class LoggedRequest:
    """An answered request, without its token."""

    method: str
    path: str
    params: Mapping[str, str]
    status: int


@dataclass
class Api:
    """One emulated ClearGrid. `manual_logs`: the rows of D23; `communications`: those of D21.

    `now`: its clock. `page_delay_seconds`: how long a page takes. `page_shares`: see `pagination.SHARES`.
    """

    manual_logs: GeneratedRows
    accounts: Accounts
    now: Callable[[], datetime]
    communications: GeneratedRows
    faults: Sequence[Fault] = ()
    page_delay_seconds: float = 0.0
    page_shares: Sequence[float] = SHARES
    requests: list[LoggedRequest] = field(default_factory=list)
    peak_in_flight: int = 0
    _in_flight: int = 0
    _pages: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/admin/auth/{lender}/login", self._endpoint(self._log_in), methods=["POST"]),
                Route("/admin/auth/{lender}/refresh-token", self._endpoint(self._refresh), methods=["POST"]),
                Route("/admin/v3/lenders/{lender}/exports", self._endpoint(self._catalog)),
                Route("/admin/v3/lenders/{lender}/exports/{section}/{dataset}", self._endpoint(self._export)),
            ],
            exception_handlers={HTTPException: self._refuse},
        )

    def _refuse(self, _request: Request, refusal: Any) -> Response:
        """The answer to an unknown path or method."""
        return error(refusal.status_code, refusal.detail, self._next_number())

    def _endpoint(self, answer: Callable[[Request, bytes], Response]) -> Callable[[Request], Any]:
        """Run `answer` in its own thread and record the request."""

        async def endpoint(request: Request) -> Response:
            body = await request.body()
            return await run_in_threadpool(self._answer_and_record, answer, request, body)

        return endpoint

    def _answer_and_record(
        self, answer: Callable[[Request, bytes], Response], request: Request, body: bytes
    ) -> Response:
        with self._count_in_flight():
            response = answer(request, body)
        logged = LoggedRequest(request.method, request.url.path, dict(request.query_params), response.status_code)
        self.requests.append(logged)
        return response

    @contextmanager
    def _count_in_flight(self) -> Iterator[None]:
        with self._lock:
            self._in_flight += 1
            self.peak_in_flight = max(self.peak_in_flight, self._in_flight)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1

    def _log_in(self, request: Request, body: bytes) -> Response:
        payload = _object(body)
        tokens = self.accounts.log_in(request.path_params["lender"], payload.get("email"), payload.get("password"))
        if tokens is None:
            return error(500, "Login failed", self._next_number())
        return _json(success(tokens) if self.accounts.wraps_answers else tokens)

    def _refresh(self, request: Request, body: bytes) -> Response:
        refresh_token = _object(body).get("refreshToken")
        if not isinstance(refresh_token, str):
            return error(400, "refreshToken is required", self._next_number())
        token = self.accounts.refresh(request.path_params["lender"], refresh_token)
        return _json({"token": token}) if token else error(401, "Invalid refresh token", self._next_number())

    def _catalog(self, request: Request, _body: bytes) -> Response:
        refusal = self._authorization_error(request)
        datasets = [
            {"section": section, "dataset": code, "cursorField": "communicated_at", "available": True}
            for section, code in self._datasets()
        ]
        return refusal or _json(success({"datasets": datasets}))

    def _authorization_error(self, request: Request) -> Response | None:
        """The 401 or 403 response; None if the request is authorized."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            return error(401, "Access denied. No token provided.", self._next_number())
        if not self.accounts.accepts(token):
            return error(401, "Invalid or expired token", self._next_number())
        if request.path_params["lender"] != self.accounts.credentials.lender_public_id:
            return error(403, "The lender is not the token's", self._next_number())
        return None

    def _export(self, request: Request, _body: bytes) -> Response:
        refusal = self._authorization_error(request)
        if refusal:
            return refusal
        source = self._datasets().get((request.path_params["section"], request.path_params["dataset"]))
        if source is None:
            return error(404, "Unknown or unavailable dataset", self._next_number())
        params = dict(request.query_params)
        number = self._next_number()
        query = Range.parse(params, self.now())
        if query is None:
            return error(500, "Internal server error", number)
        return self._page(source, ExportRequest(number, params, query, self._in_flight))

    def _datasets(self) -> dict[tuple[str, str], GeneratedRows]:
        """The rows of each available dataset, by section and code."""
        return {("S4", "D23"): self.manual_logs, ("S4", "D21"): self.communications}

    def _page(self, source: GeneratedRows, request: ExportRequest) -> Response:
        """The page, or the faulty response in its place."""
        query = request.query
        for fault in self.faults:
            if refusal := fault.refuse(request):
                return refusal
        if query.is_too_long and (query.limit > QUICK_ROWS or query.is_descending):
            return plain(504)
        if self.page_delay_seconds:
            time.sleep(self.page_delay_seconds)
        envelope = page_of(source, query, self.page_shares)
        for fault in self.faults:
            envelope = fault.alter(envelope, request)
        right = body = orjson.dumps(envelope)
        for fault in self.faults:
            body = fault.garble(body, request)
        return Response(body, headers={"content-length": str(len(right))}, media_type="application/json")

    def _next_number(self) -> int:
        with self._lock:
            self._pages += 1
            return self._pages


def _json(body: object) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object in a request's body; an empty one for anything else."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return payload if isinstance(payload, dict) else {}
