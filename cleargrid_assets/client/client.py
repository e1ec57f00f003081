"""`ClearGridClient`: the export of one account, for programs and notebooks.

    client = ClearGridClient("https://v3-api.cleargrid.ai", "lender", "me@example.com", password)
    may = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
    for row in client.rows(D23, may):
        ...

It only assembles the parts; each of them has a module of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from cleargrid_assets.client.adaptive_page_size import AdaptivePageSize
from cleargrid_assets.client.auth import Credentials
from cleargrid_assets.client.concurrency_limiter import ConcurrencyLimiter
from cleargrid_assets.client.deadlines import Deadline
from cleargrid_assets.client.declared_pages import page_decoder
from cleargrid_assets.client.envelope import Page, Total, decode
from cleargrid_assets.client.errors import QueryTooLargeError, ServerFaultError, during
from cleargrid_assets.client.pagination import Paginator, Split
from cleargrid_assets.client.redaction import Redactor
from cleargrid_assets.client.requester import Counters, PageRequest, RequestContext, Requester
from cleargrid_assets.client.retry import RetryPolicy
from cleargrid_assets.client.status import TooSlowError
from cleargrid_assets.client.walk import Walk
from cleargrid_assets.client.worker_pool import FetchResult, Progress, read_windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import msgspec

    from cleargrid_assets.client.dataset import Dataset
    from cleargrid_assets.client.transport import Transport
    from cleargrid_assets.client.window import Window

T = TypeVar("T")

MAX_PAGE_SIZE = 1000
MAX_CONCURRENCY = 16
COUNT_TIMEOUT_SECONDS = 15.0
COUNT_DEADLINE_SECONDS = 300.0
"""A count is worth the few minutes of a rate limit; a single slow attempt is given up much sooner."""


class ClearGridClient:
    """One account's access to the export. Creating it sends nothing.

    `base_url`: the root URL without `/admin`. `lender`: the subdomain identifier. `page_size`: rows per page, 1-1000.
    `timeout_seconds`: the limit for one request, to its last byte. `concurrency`: requests in flight in `fetch`.

    Raises `SettingsError` for a URL that is neither HTTPS nor loopback.
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
        redactor = Redactor()
        redactor.learn(password)
        self._requester = Requester(
            _transport(base_url, timeout_seconds),
            redactor,
            Credentials(lender, email, password),
            retry or RetryPolicy(),
        )

    def __repr__(self) -> str:
        return f"ClearGridClient({self._base_url!r}, {self._lender!r})"

    def log_in(self) -> str:
        """Log in now instead of with the first request; ClearGrid's public id of the lender. Raises as `rows` does."""
        return self._requester.log_in(Deadline(COUNT_DEADLINE_SECONDS))

    def count(self, dataset: Dataset, window: Window, counters: Counters | None = None) -> Total:
        """ClearGrid's own count of the window's rows; its total is None if ClearGrid cannot count them in time.

        `counters`: those of the load that the count belongs to.
        """
        with during(f"counting {dataset.code} {window}"):
            try:
                page = self._get(PageRequest(dataset, window, limit=1, wants_total=True), counters)
            except TooSlowError as slow:
                return Total(note="timeout", request_id=slow.request_id)
            except ServerFaultError as fault:
                return Total(note="failed", request_id=fault.request_id)
        return page.total or Total(note="absent")

    def first_page(self, dataset: Dataset, window: Window) -> Page:
        """Only the first page of `window`, without asking for less if it is slow. Raises `ClearGridError`."""
        with during(f"reading the first page of {dataset.code} {window}"):
            try:
                return self._get(PageRequest(dataset, window, self.page_size))
            except TooSlowError as slow:
                raise QueryTooLargeError(
                    "no response in time", status=slow.status, request_id=slow.request_id
                ) from slow

    def fetch(
        self,
        dataset: Dataset,
        windows: Iterable[Window],
        convert: Callable[[list[object], Window], T],
        *,
        concurrency: int | None = None,
        page_size: int | None = None,
        merge: Callable[[list[T]], list[T]] = list,
        row_type: type[msgspec.Struct] | None = None,
        deadline_seconds: float = 7200.0,
        stall_seconds: float = 75.0,
        counters: Counters | None = None,
        on_progress: Callable[[Progress], None] = lambda _progress: None,
    ) -> FetchResult[T]:
        """Read `windows` concurrently, with up to `concurrency` requests in flight.

        A worker that has nothing left to do takes over the rest of the window with the most pages to come.

        `convert` makes a `T` of each page, `merge` reduces the `T`s of a window. The rows of a page are instances of
        `row_type` if every one of them is exactly that, and as received if not. `counters`: those of the load that
        the fetch belongs to. Raises the first error of any worker at once, and a `TransientError` that is not
        retryable after `deadline_seconds` or after `stall_seconds` without a page. A wait that ClearGrid requests
        does not count as a stall unless it is longer than `stall_seconds`.
        """
        workers = concurrency or self.concurrency
        paginator = Paginator(
            requester=self._requester,
            dataset=dataset,
            convert=convert,
            context=RequestContext(
                Deadline(deadline_seconds, stall_seconds=stall_seconds),
                ConcurrencyLimiter(workers),
                counters or Counters(),
            ),
            adaptive_page_size=AdaptivePageSize(page_size or self.page_size),
            merge=merge,
            decode=decode if row_type is None else page_decoder(row_type),
        )
        return read_windows(paginator, windows, workers, on_progress)

    def pages(self, dataset: Dataset, window: Window) -> Iterator[list[Any]]:
        """The rows of `window`, page by page in order of time; each list as received, some empty.

        Raises `ClearGridError`. Pages are yielded once their window is complete, so no row comes twice if the server
        is too slow and smaller windows have to be read instead.
        """
        paginator: Paginator[list[Any]] = Paginator(
            requester=self._requester,
            dataset=dataset,
            convert=lambda rows, _window: rows,
            context=RequestContext(Deadline(), ConcurrencyLimiter(1), Counters()),
            adaptive_page_size=AdaptivePageSize(self.page_size),
        )
        pending = [window]
        while pending:
            outcome = paginator.read(Walk(pending.pop(0), dataset.cursor_field, can_be_shortened=False))
            if isinstance(outcome, Split):
                pending[:0] = outcome.parts
            else:
                yield from outcome.batches

    def rows(self, dataset: Dataset, window: Window) -> Iterator[Any]:
        """The rows of `window` one by one, in order of time. Raises as `pages` does."""
        for page in self.pages(dataset, window):
            yield from page

    def _get(self, request: PageRequest, counters: Counters | None = None) -> Page:
        """One page by a request of its own, outside of any fetch."""
        context = RequestContext(Deadline(COUNT_DEADLINE_SECONDS), ConcurrencyLimiter(1), counters or Counters())
        return self._requester.get(request, context, seconds=COUNT_TIMEOUT_SECONDS)


def fetch_windows(
    client: ClearGridClient,
    dataset: Dataset,
    windows: Iterable[Window],
    convert: Callable[[list[object], Window], T],
    **options: Any,
) -> FetchResult[T]:
    """The earlier name of `ClearGridClient.fetch`, which works until the next release."""
    return client.fetch(dataset, windows, convert, **options)


def _transport(base_url: str, timeout_seconds: float) -> Transport:
    """Imports the HTTP library only now: that costs a tenth of a second, and loading a code location sends nothing."""
    from cleargrid_assets.client.transport import Transport  # noqa: PLC0415 - see the docstring

    return Transport(base_url, timeout_seconds)
