"""`ClearGridClient`: the export of one account, for programs and notebooks.

    client = ClearGridClient("https://v3-api.cleargrid.ai", "lender", "me@example.com", password)
    may = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
    for row in client.rows(D23, may):
        ...

Here: putting the parts together. Not here: any part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cleargrid_assets.client.answers import Page, Total, page_of
from cleargrid_assets.client.errors import QueryTooLargeError, ServerFaultError
from cleargrid_assets.client.flight import Flight
from cleargrid_assets.client.meaning import TooSlowError
from cleargrid_assets.client.narrowing import Narrowing
from cleargrid_assets.client.patience import Patience
from cleargrid_assets.client.redaction import Redactor
from cleargrid_assets.client.requester import Counters, Requester, Work
from cleargrid_assets.client.retry import RetryPolicy
from cleargrid_assets.client.walk import Split, Walker
from cleargrid_assets.client.window import Window, instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleargrid_assets.client.dataset import Dataset
    from cleargrid_assets.client.transport import Transport

LARGEST_PAGE = 1000
MOST_CONCURRENCY = 16
COUNT_SECONDS = 15.0
COUNT_PATIENCE_SECONDS = 300.0
"""A count is worth the few minutes that a rate limit may ask for; one that takes long is given up much sooner."""


class ClearGridClient:
    """One account's access to the export. Sends nothing before its first request.

    `base_url`: the root address without `/admin`. `lender`: the subdomain identifier. `page_size`: rows asked for
    per page, 1-1000. `timeout_seconds`: for one request, to its last byte. `concurrency`: requests in flight in
    `fetch_windows`. Raises `SettingsError` for an address that is neither HTTPS nor loopback.
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
        self.page_size = max(1, min(page_size, LARGEST_PAGE))
        self.concurrency = max(1, min(concurrency, MOST_CONCURRENCY))
        self.counters = Counters()
        redactor = Redactor()
        redactor.learn(password)
        self.requester = Requester(
            _transport(base_url, timeout_seconds), redactor, (lender, email, password), retry or RetryPolicy()
        )

    def __repr__(self) -> str:
        return f"ClearGridClient({self._base_url!r}, {self._lender!r})"

    def patience(self, seconds: float | None = None, stall_seconds: float = float("inf")) -> Patience:
        """The time and the stop signal of one piece of work."""
        return Patience(seconds, stall_seconds=stall_seconds)

    def flight(self, most: int) -> Flight:
        """A gate for requests."""
        return Flight(most)

    def log_in(self) -> str:
        """Log in now instead of with the first request; ClearGrid's public id of the lender. Raises as `rows` does."""
        return self.requester.log_in(self.patience(COUNT_PATIENCE_SECONDS))

    def count(self, dataset: Dataset, window: Window) -> Total:
        """ClearGrid's own count of the window's rows; no total when it cannot count them, or not in time."""
        doing = f"counting {dataset.code} {window}"
        params = {"since": instant(window.since), "until": instant(window.until), "limit": "1", "sort": "asc"}
        try:
            reply = self.requester.get(
                dataset.path,
                {**params, "includeTotal": "true"},
                Work(doing, self.patience(COUNT_PATIENCE_SECONDS), self.flight(1), self.counters),
                seconds=COUNT_SECONDS,
            )
        except TooSlowError as slow:
            return Total(None, exact=False, note="timeout", request_id=slow.request_id)
        except ServerFaultError as fault:
            return Total(None, exact=False, note="failed", request_id=fault.request_id)
        page = page_of(reply, window, is_first=True, wants_total=True, doing=doing)
        return page.total or Total(None, exact=False, note="absent")

    def first_page(self, dataset: Dataset, window: Window) -> Page:
        """The first page of `window`, asked for once: a look, where `pages` would walk on. Raises `ClearGridError`."""
        doing = f"reading the first page of {dataset.code} {window}"
        params = {"since": instant(window.since), "until": instant(window.until), "sort": "asc"}
        work = Work(doing, self.patience(COUNT_PATIENCE_SECONDS), self.flight(1), self.counters)
        try:
            reply = self.requester.get(
                dataset.path, {**params, "limit": str(self.page_size)}, work, seconds=COUNT_SECONDS
            )
        except TooSlowError as slow:
            raise QueryTooLargeError(
                f"{doing}: no answer in time", doing=doing, status=slow.status, request_id=slow.request_id
            ) from slow
        return page_of(reply, window, is_first=True, wants_total=False, doing=doing)

    def pages(self, dataset: Dataset, window: Window) -> Iterator[list[Any]]:
        """The rows of `window`, page by page in order of time; each list as received, some empty.

        Raises `ClearGridError`. A window is handed out when it was walked to its end, so no row is given twice when
        the server makes us start over with smaller windows.
        """
        walker: Walker[list[Any]] = Walker(
            requester=self.requester,
            dataset=dataset,
            convert=lambda rows, _window: rows,
            patience=self.patience(),
            flight=self.flight(1),
            counters=self.counters,
            narrowing=Narrowing(self.page_size),
            on_page=lambda _rows: None,
        )
        todo = [window]
        while todo:
            outcome = walker.walk(todo.pop(0))
            if isinstance(outcome, Split):
                todo[:0] = outcome.parts
            else:
                yield from outcome.batches

    def rows(self, dataset: Dataset, window: Window) -> Iterator[Any]:
        """The rows of `window` one by one, in order of time. Raises as `pages` does."""
        for page in self.pages(dataset, window):
            yield from page


def _transport(base_url: str, timeout_seconds: float) -> Transport:
    """Imported by who sends: the HTTP library costs a tenth of a second, and loading a code location sends nothing."""
    from cleargrid_assets.client.transport import Transport  # noqa: PLC0415 - see the docstring

    return Transport(base_url, timeout_seconds)


__all__ = ["ClearGridClient", "Page"]
