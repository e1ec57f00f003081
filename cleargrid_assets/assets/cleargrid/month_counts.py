"""Asks ClearGrid for its count of each month, within the night's budget of requests.

What makes a count known belongs here; the order of the months and what becomes of the counts is in `observation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cleargrid_assets.client import (
    ContractError,
    DatasetUnavailableError,
    RateLimitedError,
    RequestBudgetError,
    RequestRefusedError,
    Total,
    TransientError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cleargrid_assets.client import ClearGridClient, ClearGridError, Counters, Window
    from cleargrid_assets.landing.ledger import LastLoad
    from cleargrid_assets.tables.dataset import RawDataset

NOTES: tuple[tuple[type[ClearGridError], str], ...] = (
    (RateLimitedError, "rate limited"),
    (UnreachableError, "unreachable"),
    (ContractError, "unusable"),
    (RequestBudgetError, "budget used up"),
    (RequestRefusedError, "refused"),
    (DatasetUnavailableError, "not available"),
    (TransientError, "failed"),
)
"""The note on what ended in an error."""

NOT_KNOWN = tuple(kind for kind, _ in NOTES)
"""The errors that cost one month or day, not the observation."""

OVERLOAD_ERRORS = (RateLimitedError, UnreachableError)
"""After two of these in a row nothing more is asked for: each further month or day would wait as long again."""


class Answer(Protocol):
    """What became of a request for a month or a day."""

    @property
    def error(self) -> ClearGridError | None:
        """The error in which it ended."""


@dataclass(frozen=True)
class SourceMonth:
    """A month of a dataset at ClearGrid."""

    dataset: RawDataset
    key: str

    def __str__(self) -> str:
        return f"{self.dataset.code} {self.key[:7]}"


@dataclass(frozen=True)
class MonthCount:
    """ClearGrid's response to the request for one count. `error`: why there was none."""

    month: SourceMonth
    total: Total
    error: ClearGridError | None = None

    @property
    def rows(self) -> int | None:
        """The number of rows; None if it is not known."""
        return self.total.total if self.total.exact else None

    @property
    def note(self) -> str:
        """Why the count is not known, in a word or two; empty if it is."""
        return "" if self.total.exact else self.total.note or "not exact"


@dataclass(frozen=True)
class MonthCounts:
    """The months that ClearGrid was asked about, and those left out: the budget was used up, or it was overloaded."""

    asked: Sequence[MonthCount]
    left_out: Sequence[SourceMonth]
    was_overloaded: bool = False

    def of(self, dataset: RawDataset) -> MonthCounts:
        """Those of one dataset."""
        return MonthCounts(
            [count for count in self.asked if count.month.dataset == dataset],
            [month for month in self.left_out if month.dataset == dataset],
            self.was_overloaded,
        )


def count_months(client: ClearGridClient, windows: Mapping[SourceMonth, Window], counters: Counters) -> MonthCounts:
    """Count the months in the given order until the budget of `counters` is used up.

    An error costs its month alone; a rate limit or an outage that outlasts two of them leaves out the rest.
    Raises `PermanentError` for a refused login or account, and `SettingsError`.
    """
    asked: list[MonthCount] = []
    for month, window in windows.items():
        if counters.requests_left < 1 or is_overloaded(asked):
            break
        asked.append(_count(client, month, window, counters))
    return MonthCounts(asked, list(windows)[len(asked) :], is_overloaded(asked))


def is_overloaded(answers: Sequence[Answer]) -> bool:
    """True if the last two answers say that ClearGrid takes no more requests for now."""
    return len(answers) > 1 and all(isinstance(answer.error, OVERLOAD_ERRORS) for answer in answers[-2:])


def _count(client: ClearGridClient, month: SourceMonth, window: Window, counters: Counters) -> MonthCount:
    try:
        return MonthCount(month, client.count(month.dataset.export, window, counters))
    except NOT_KNOWN as error:
        return MonthCount(month, Total(None, exact=False, note=note_on(error), request_id=error.request_id), error)


def note_on(error: ClearGridError) -> str:
    """What the error means, in a word or two."""
    return next(note for kind, note in NOTES if isinstance(error, kind))


def count_changes(counts: Iterable[MonthCount], loads: Mapping[str, LastLoad]) -> Mapping[str, str]:
    """What changed, for each counted month among `loads` whose count is not that of its last load."""
    return {
        count.month.key: f"count {count.rows} instead of {load.rows_at_cleargrid} at load {load.load_number}"
        for count in counts
        if (load := loads.get(count.month.key)) and count.rows not in (None, load.rows_at_cleargrid)
    }
