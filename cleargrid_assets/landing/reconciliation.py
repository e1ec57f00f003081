"""Compares the rows of a month with ClearGrid's own count, which is fetched before the rows.

Decide here what is counted (by the day if the whole month cannot be) and what a disagreement means; `read_month` reads
the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

from cleargrid_assets.client import ContractError, Total, TransientError
from cleargrid_assets.landing.errors import ReconciliationError, RecountError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cleargrid_assets.client import Window

    CountRequest = Callable[[Window], Total]
    """Asks ClearGrid to count a range of one dataset."""

DAY_SECONDS = 86_400
TOO_MANY_FOR_ONE_COUNT = frozenset({"capped", "timeout"})
"""Notes on a total that a shorter range may avoid."""


@dataclass(frozen=True)
class CountedRange:
    """A time range and ClearGrid's count of it."""

    window: Window
    total: Total


def count(request: CountRequest, window: Window) -> list[CountedRange]:
    """`window` with its count, or its days with theirs if the whole is too much for ClearGrid to count.

    If the days cannot be counted either, one range without an exact total. Raises the client's errors.
    """
    whole = CountedRange(window, request(window))
    days = ceil(window.seconds / DAY_SECONDS)
    if whole.total.exact or whole.total.note not in TOO_MANY_FOR_ONE_COUNT or days == 1:
        return [whole]
    counted = []
    for day in window.split(days):
        total = request(day)
        if not total.exact:
            return [whole]
        counted.append(CountedRange(day, total))
    return counted


def sum_totals(counted: Sequence[CountedRange]) -> Total:
    """The sum of all counts; exact if each is."""
    totals = [part.total for part in counted]
    if len(totals) == 1:
        return totals[0]
    notes = [total.note for total in totals if not total.exact]
    rows = sum(total.total or 0 for total in totals)
    return Total(rows, exact=not notes, note=notes[0] if notes else None, request_id=totals[0].request_id)


def reconcile(request: CountRequest, counted: Sequence[CountedRange], received: Mapping[Window, int]) -> Total:
    """ClearGrid's count that agrees with the rows `received` in each window.

    Raises `ReconciliationError`, or `RecountError` if rows are missing and ClearGrid does not count again.
    """
    agreed_ranges = []
    for part in counted:
        inside = (rows for window, rows in received.items() if part.window.since <= window.since < part.window.until)
        agreed_ranges.append(replace(part, total=_reconcile_range(request, part, sum(inside))))
    return sum_totals(agreed_ranges)


def _reconcile_range(request: CountRequest, counted: CountedRange, received: int) -> Total:
    """The count of one range that agrees with `received`.

    Rows may be logged between the count and the read, late ones in closed months too. So after a disagreement ClearGrid
    counts again: the rows received must lie between the two counts. A count that moved past them is no longer called
    exact, and neither is one that ClearGrid does not repeat if more rows came than it had counted.
    """
    before = counted.total
    if not before.exact or before.total is None or before.total == received:
        return before
    after = _recount(request, counted.window)
    if after is None or after.total is None:
        if received < before.total:
            raise _missing_rows(counted.window, received, before)
        return replace(before, exact=False, note="not repeated")
    if received == after.total:
        return after
    if min(before.total, after.total) < received < max(before.total, after.total):
        return replace(after, exact=False, note="moved")
    raise _disagreement(counted.window, received, before, after)


def _recount(request: CountRequest, window: Window) -> Total | None:
    """A second exact count; None if ClearGrid does not give one, for a reason that may pass."""
    try:
        after = request(window)
    except (TransientError, ContractError):
        return None
    return after if after.exact else None


def _missing_rows(window: Window, received: int, before: Total) -> RecountError:
    return RecountError(
        f"ClearGrid sent {received} rows of {window}, but counted {before.total} before they were read and did not "
        f"count again, so the two cannot be compared; the month is unchanged",
        request_id=before.request_id,
    )


def _disagreement(window: Window, received: int, before: Total, after: Total) -> ReconciliationError:
    return ReconciliationError(
        f"ClearGrid sent {received} rows of {window}, but counted {before.total} before and {after.total} after they "
        f"were read; the month is unchanged",
        request_id=after.request_id or before.request_id,
    )
