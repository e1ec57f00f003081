"""`Emulator`: a local ClearGrid that runs for the length of a block, or until it is stopped.

Starting and stopping the server belongs here; its responses are in `api`.
"""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Self

import uvicorn

from cleargrid_assets.emulator.api import Api
from cleargrid_assets.emulator.auth import Accounts, Credentials
from cleargrid_assets.emulator.faults import FAULTS, Fault
from cleargrid_assets.emulator.generated_d21_rows import make_communication
from cleargrid_assets.emulator.generated_d23_rows import make_manual_log
from cleargrid_assets.emulator.generated_rows import GeneratedRows
from cleargrid_assets.emulator.pagination import SHARES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from types import TracebackType

    from cleargrid_assets.emulator.api import LoggedRequest

START_SECONDS = 20.0


class Emulator:
    """A ClearGrid on 127.0.0.1, on `port` or a free one.

    `now`: the instant at which its rows stand still; None: it follows the clock. `faults`: names out of
    `faults.FAULTS`, or faults of one's own. `page_shares`: the shares of a page that belong to this lender; `[1.0]`:
    full pages. `uses_per_token`: requests after which a token expires.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        seed: int = 7,
        rows_per_day: int = 400,
        dense_days: Mapping[date, float] | None = None,
        now: datetime | None = None,
        credentials: Credentials | None = None,
        faults: Sequence[str | Fault] = (),
        page_delay_seconds: float = 0.0,
        page_shares: Sequence[float] = SHARES,
        uses_per_token: int | None = None,
    ) -> None:
        self.credentials = credentials or Credentials()
        rows = partial(GeneratedRows, seed=seed, rows_per_day=rows_per_day, dense_days=dict(dense_days or {}))
        self.manual_logs = rows(make_manual_log)
        self.communications = rows(make_communication, "D21/")
        self.accounts = Accounts(self.credentials, uses_per_token)
        self.now = now
        self.api = Api(
            self.manual_logs,
            self.accounts,
            now=lambda: self.now or datetime.now(UTC),
            communications=self.communications,
            faults=[FAULTS[fault] if isinstance(fault, str) else fault for fault in faults],
            page_delay_seconds=page_delay_seconds,
            page_shares=page_shares,
        )
        self._socket = socket.create_server(("127.0.0.1", port), backlog=128)
        self._server = uvicorn.Server(uvicorn.Config(self.api.application(), log_level="critical", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    @property
    def base_url(self) -> str:
        """Its address, for `CLEARGRID_BASE_URL`."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def requests(self) -> list[LoggedRequest]:
        """The requests so far."""
        return self.api.requests

    def __enter__(self) -> Self:
        # The socket has been listening since __init__: a request that arrives earlier waits in its backlog.
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        self._socket.close()
