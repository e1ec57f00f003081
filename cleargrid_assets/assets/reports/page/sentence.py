"""The page's first sentences, made from figures by stated rules: how far the data goes, what it cannot say, what moved.

A rule or a wording of these sentences belongs here; nothing here reads a warehouse. The state of a month is the first
that holds of: failed (its load failed), red (a blocking check failed), missing (never read), uncomputed, open,
unfinished (it has ended, and was last read before), final.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cleargrid_assets.assets.reports.page.formatting import count, month_name, month_spans, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

QUARANTINED, UNMAPPED = 0.001, 0.01
"""The shares of a month above which the sentence names rows that were quarantined, and unmapped outcomes."""

LOWER_BOUNDS = "rates per attempt are lower bounds, and rates per contact or per RPC may be too low or too high"
"""What outcomes that the map does not know make of the rates."""

NOT_JUDGED = (
    f"No change is judged: more than {UNMAPPED:.0%} of attempts of this month or the month before have an unmapped "
    "outcome, and the changes may be that alone."
)
"""Why the changes of a month are not judged."""

MAX_NAMED = 3
"""The maximum of moves, or of months, that the sentence names; the table below it has all moves."""

WRONG = ("failed", "red", "missing", "uncomputed", "unfinished")
WORDS = {
    "failed": "the last load failed",
    "red": "a blocking check is red",
    "missing": "never read",
    "uncomputed": "read and not computed",
    "unfinished": "last read before its end",
}


@dataclass(frozen=True)
class MonthFacts:
    """A month's state and counts. `is_open`: it has not ended. `quarantined`: rows that its last load quarantined."""

    month: date
    state: str
    is_open: bool = False
    rows_landed: int = 0
    quarantined: int = 0
    attempts: int = 0
    unmapped: int = 0


@dataclass(frozen=True)
class Facts:
    """What the sentences are made of.

    `newest_at`: the newest attempt, on the warehouse's clock. `cells`: the rows of `last_seven_days.sql`. `today`: the
    date on the same clock; None leaves the age of the rows unsaid.
    """

    newest_at: datetime | None
    months: Sequence[MonthFacts]
    cells: Sequence[Mapping[str, Any]] = field(default_factory=list)
    today: date | None = None

    def months_in(self, state: str) -> list[date]:
        """The months in that state."""
        return [each.month for each in self.months if each.state == state]


def sentences(facts: Facts) -> list[str]:
    """The sentences, in their order; one if there are no rows."""
    if facts.newest_at is None:
        return ["There are no rows yet."]
    return [
        f"Rows up to {facts.newest_at:%-d %b %Y %H:%M}.",
        _closed_month(facts),
        *_problems(facts),
        *_age(facts),
        *_moves(facts),
    ]


def data_line(facts: Facts) -> str:
    """The months by state, and the rows that no figure holds."""
    final = [each for each in facts.months if each.state == "final"]
    counted = [f"{len(final)} {'month' if len(final) == 1 else 'months'} final"]
    states = [f"{state}: {month_spans(months)}" for state in (*WRONG, "open") if (months := facts.months_in(state))]
    landed, aside = _totals(facts, "rows_landed", "quarantined")
    attempts, unmapped = _totals(facts, "attempts", "unmapped")
    rows = [
        f"{count(aside)} of {count(landed + aside)} rows quarantined",
        f"{count(unmapped)} of {count(attempts)} attempts with an outcome that the map does not know",
    ]
    return f"Data: {'; '.join([*counted, *states, *rows])}."


def _closed_month(facts: Facts) -> str:
    """The newest month that has ended, whatever became of it."""
    closed = [each for each in facts.months if not each.is_open]
    if not closed:
        return "No month has ended yet: every figure is provisional."
    newest = max(closed, key=lambda each: each.month)
    name = month_name(newest.month)
    if newest.state != "final":
        return f"{name} is not final: {WORDS[newest.state]}."
    return f"{name} is final and complete."


def _problems(facts: Facts) -> list[str]:
    """One sentence of everything that the data cannot say; none if there is nothing."""
    parts = [f"{WORDS[state]}: {month_spans(months)}" for state in WRONG if (months := facts.months_in(state))]
    received = {each.month: (each.quarantined, each.rows_landed + each.quarantined) for each in facts.months}
    attempts = {each.month: (each.unmapped, each.attempts) for each in facts.months}
    if quarantined := _beyond(QUARANTINED, received, "rows"):
        parts.append(f"{quarantined} were quarantined")
    if unmapped := _beyond(UNMAPPED, attempts, "attempts"):
        parts.append(f"{unmapped} have an unmapped outcome, so {LOWER_BOUNDS}")
    return [f"Not in the figures, or not certain: {'; '.join(parts)}."] if parts else []


def _beyond(limit: float, counts: Mapping[date, tuple[int, int]], unit: str) -> str:
    """The months whose share is above the limit, the newest first: `300 of 9,099 rows of Nov 2026 (3.3%)`."""
    named = [
        f"{count(part)} of {count(whole)} {unit} of {month_name(month)} ({percent(part / whole)})"
        for month, (part, whole) in sorted(counts.items(), reverse=True)
        if part > limit * whole
    ]
    more = len(named) - MAX_NAMED
    others = [f"more than {percent(limit)} of {more} other {'month' if more == 1 else 'months'}"] if more > 0 else []
    return ", ".join([*named[:MAX_NAMED], *others])


def _age(facts: Facts) -> list[str]:
    """How old the last load of rows is, if yesterday is not among the days that are compared."""
    if not facts.cells or facts.today is None:
        return []
    days = (facts.today - facts.cells[0]["until_date"]).days - 1
    return [f"The last load of rows is {days} {'day' if days == 1 else 'days'} old."] if days > 0 else []


def _moves(facts: Facts) -> list[str]:
    """What moved, after the channels that cannot be judged and before the attempts a day."""
    if not facts.cells or not facts.cells[0]["is_compared"]:
        return [_why_nothing_is_compared(facts.cells)]
    not_judged = {cell["communication_type"]: cell for cell in facts.cells if cell["has_unmapped"]}
    moves = _moves_beyond_chance(facts, "other " if not_judged else "")
    return [*map(_unmapped, not_judged.values()), moves, *_attempts(facts)]


def _unmapped(cell: Mapping[str, Any]) -> str:
    """A channel's attempts with an unmapped outcome, in the span that has the larger share of them."""
    now = (cell["unmapped1"], cell["attempts1"], f"of {_days(cell)}")
    before = (cell["unmapped0"], cell["attempts0"], f"of the 4 weeks before {cell['from_date']:%-d %b %Y}")
    part, whole, span = max(now, before, key=lambda each: each[0] / (each[1] or 1))
    attempts = "attempts" if cell["slice"] == "all" else f"attempts {_where(cell)}"
    known = f"{count(part)} of {count(whole)} {attempts} {span} have an unmapped outcome"
    return f"{known}; changes {_where(cell)} may be that alone."


def _moves_beyond_chance(facts: Facts, other: str) -> str:
    moved = sorted(
        (cell for cell in facts.cells if cell["is_beyond_chance"]),
        key=lambda cell: abs(cell["change_pp"]),
        reverse=True,
    )
    if not moved:
        return f"{_days(facts.cells[0])} against the 4 weeks before: no {other}rate moved beyond chance."
    named = "; ".join(_move(cell) for cell in moved[:MAX_NAMED])
    more = len(moved) - MAX_NAMED
    rest = f"{more} more in the table; no other rate" if more > 0 else "No other rate"
    return f"{_days(facts.cells[0])} against the 4 weeks before: {named}. {rest} moved beyond chance."


def _days(cell: Mapping[str, Any]) -> str:
    """The days that are compared: `19 to 25 Nov 2026`."""
    first, last = cell["from_date"], cell["until_date"]
    start = f"{first:%-d}" if first.month == last.month else f"{first:%-d %b}"
    return f"{start} to {last:%-d %b %Y}"


def _attempts(facts: Facts) -> list[str]:
    """Attempts a day. Days off and pay days move them, so they are not judged."""
    cell = next(cell for cell in facts.cells if cell["slice"] == "all")
    now, before = cell["attempts1"] / cell["days"], cell["attempts0"] / cell["reference_days"]
    return [f"Attempts a day {now:,.1f}, before {before:,.1f}; not judged."]


def _move(cell: Mapping[str, Any]) -> str:
    direction = "up" if cell["change_pp"] > 0 else "down"
    size = f"{abs(cell['change_pp']):.1f} points"
    return f"{cell['name']} {_where(cell)} {direction} {size} (n {count(cell['n1'])} against {count(cell['n0'])})"


def _where(cell: Mapping[str, Any]) -> str:
    return "in total" if cell["slice"] == "all" else f"on {cell['communication_type']}"


def _why_nothing_is_compared(cells: Sequence[Mapping[str, Any]]) -> str:
    if not cells:
        return "The last 7 days are not compared: no day is whole yet."
    if cells[0]["rules_versions"] > 1:
        return "The last 7 days are not compared: these 5 weeks were computed under two versions of the rules."
    days, before = cells[0]["days"], cells[0]["reference_days"]
    return f"The last 7 days are not compared: {days} of 7 whole days are loaded, and {before} of the 28 before."


def _totals(facts: Facts, *names: str) -> list[int]:
    return [sum(getattr(each, name) for each in facts.months) for name in names]
