"""`ClearGridClient`: the export of one account, for programs and notebooks.

    client = ClearGridClient("https://v3-api.cleargrid.ai", "lender", "me@example.com", password)
    may = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
    for row in client.rows(D23, may):
        ...

It only assembles the parts; each of them has a module of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cleargrid_assets.client.deadlines import Deadline
from cleargrid_assets.client.envelope import Page, Total, parse_page
from cleargrid_assets.client.errors import QueryTooLargeError, ServerFaultError
from cleargrid_assets.client.limiter import ConcurrencyLimiter
from cleargrid_assets.client.narrowing import Narrowing
from cleargrid_assets.client.pagination import Paginator, Split
from cleargrid_assets.client.redaction import Redactor
from cleargrid_assets.client.requester import Counters, RequestContext, Requester
from cleargrid_assets.client.retry import RetryPolicy
from cleargrid_assets.client.status import TooSlowError
from cleargrid_assets.client.window import Window, format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleargrid_assets.client.dataset import Dataset
    from cleargrid_assets.client.transport import Transport

MAX_PAGE_SIZE = 1000
MAX_CONCURRENCY = 16
COUNT_TIMEOUT_SECONDS = 15.0
COUNT_DEADLINE_SECONDS = 300.0
"""A count is worth the few minutes of a rate limit; a single slow attempt is given up much sooner."""


class ClearGridClient:
    """One account's access to the export. Creating it sends nothing.

    `base_url`: the root URL without `/admin`. `lender`: the subdomain identifier. `page_size`: rows per page, 1-1000.
    `timeout_seconds`: the limit for one request, to its last byte. `concurrency`: requests in flight in
    `fetch_windows`. Raises `SettingsError` for a URL that is neither HTTPS nor loopback.
    """

    def __init__(
        self,
        base_url: str,
        lender: str,
        email: str,
        password: str,
        *,
        page_size: int = 500,
        timeout_seconds: float = 30.0,
        concurrency: int = 4,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._base_url = base_url
        self._lender = lender
        self.page_size = max(1, min(page_size, MAX_PAGE_SIZE))
        self.concurrency = max(1, min(concurrency, MAX_CONCURRENCY))
        self.counters = Counters()
        redactor = Redactor()
        redactor.learn(password)
        self.requester = Requester(
            _transport(base_url, timeout_seconds), redactor, (lender, email, password), retry or RetryPolicy()
        )

    def __repr__(self) -> str:
        return f"ClearGridClient({self._base_url!r}, {self._lender!r})"

    def deadline(self, seconds: float | None = None, stall_seconds: float = float("inf")) -> Deadline:
        """The time limit and cancellation signal of one operation."""
        return Deadline(seconds, stall_seconds=stall_seconds)

    def limiter(self, max_in_flight: int) -> ConcurrencyLimiter:
        """A limiter for the requests of one operation."""
        return ConcurrencyLimiter(max_in_flight)

    def log_in(self) -> str:
        """Log in now instead of with the first request; ClearGrid's public id of the lender. Raises as `rows` does."""
        return self.requester.log_in(self.deadline(COUNT_DEADLINE_SECONDS))

    def count(self, dataset: Dataset, window: Window) -> Total:
        """ClearGrid's own count of the window's rows; its total is None if ClearGrid cannot count them in time."""
        doing = f"counting {dataset.code} {window}"
        params = {
            "since": format_instant(window.since),
            "until": format_instant(window.until),
            "limit": "1",
            "sort": "asc",
        }
        try:
            envelope = self.requester.get(
                dataset.path,
                {**params, "includeTotal": "true"},
                RequestContext(doing, self.deadline(COUNT_DEADLINE_SECONDS), self.limiter(1), self.counters),
                seconds=COUNT_TIMEOUT_SECONDS,
            )
        except TooSlowError as slow:
            return Total(None, exact=False, note="timeout", request_id=slow.request_id)
        except ServerFaultError as fault:
            return Total(None, exact=False, note="failed", request_id=fault.request_id)
        page = parse_page(envelope, window, is_first=True, wants_total=True, doing=doing)
        return page.total or Total(None, exact=False, note="absent")

    def first_page(self, dataset: Dataset, window: Window) -> Page:
        """Only the first page of `window`, without narrowing a slow request. Raises `ClearGridError`."""
        doing = f"reading the first page of {dataset.code} {window}"
        params = {"since": format_instant(window.since), "until": format_instant(window.until), "sort": "asc"}
        context = RequestContext(doing, self.deadline(COUNT_DEADLINE_SECONDS), self.limiter(1), self.counters)
        try:
            envelope = self.requester.get(
                dataset.path, {**params, "limit": str(self.page_size)}, context, seconds=COUNT_TIMEOUT_SECONDS
            )
        except TooSlowError as slow:
            raise QueryTooLargeError(
                f"{doing}: no response in time", doing=doing, status=slow.status, request_id=slow.request_id
            ) from slow
        return parse_page(envelope, window, is_first=True, wants_total=False, doing=doing)

    def pages(self, dataset: Dataset, window: Window) -> Iterator[list[Any]]:
        """The rows of `window`, page by page in order of time; each list as received, some empty.

        Raises `ClearGridError`. Pages are yielded once their window is complete, so no row comes twice if the server
        is too slow and smaller windows have to be read instead.
        """
        paginator: Paginator[list[Any]] = Paginator(
            requester=self.requester,
            dataset=dataset,
            convert=lambda rows, _window: rows,
            deadline=self.deadline(),
            limiter=self.limiter(1),
            counters=self.counters,
            narrowing=Narrowing(self.page_size),
            on_page=lambda _rows: None,
        )
        pending = [window]
        while pending:
            outcome = paginator.read(pending.pop(0))
            if isinstance(outcome, Split):
                pending[:0] = outcome.parts
            else:
                yield from outcome.batches

    def rows(self, dataset: Dataset, window: Window) -> Iterator[Any]:
        """The rows of `window` one by one, in order of time. Raises as `pages` does."""
        for page in self.pages(dataset, window):
            yield from page


def _transport(base_url: str, timeout_seconds: float) -> Transport:
    """Imports the HTTP library only now: that costs a tenth of a second, and loading a code location sends nothing."""
    from cleargrid_assets.client.transport import Transport  # noqa: PLC0415 - see the docstring

    return Transport(base_url, timeout_seconds)


__all__ = ["ClearGridClient", "Page"]
