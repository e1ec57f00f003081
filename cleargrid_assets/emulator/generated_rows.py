"""Generates the rows of a call centre as a pure function of a seed, a range and the time of the request.

Change here how many rows an hour has and when they happen; what they contain is in `generated_d23_rows` and
`generated_d21_rows`, HTTP is in `api`.

The rows of an hour come from a random generator seeded with that hour, so any window costs only what it holds, and
the same window requested months later differs exactly by what has happened since: late logs, broken promises,
deactivated entries.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from random import Random
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
EPOCH_WEEKDAY = 4  # 1970-01-01 was a Thursday
MAX_LAG_MS = 3 * DAY_MS
CACHED_ENTRIES = 200_000
"""About a hundred megabytes; a busy day of a large lender has fifty thousand."""

HOUR_WEIGHTS = (0, 0, 0, 0, 0.2, 1, 3, 7, 9, 10, 9, 6, 5, 7, 8, 8, 6, 4, 2, 1, 0.3, 0, 0, 0)
DAY_WEIGHTS = (1.1, 1.05, 1.0, 1.0, 0.6, 0.35, 0.9)
SHARE_OF_TIES = 0.02


@dataclass(frozen=True)
class Entry(ABC):
    """One log entry with its whole life, in milliseconds since 1970: what a reader sees depends on when they ask.

    `created_ms`: when it was logged; the export does not show it earlier.
    """

    public_id: str
    communicated_ms: int
    created_ms: int

    @property
    def key(self) -> tuple[int, str]:
        """The order of the export."""
        return self.communicated_ms, self.public_id

    @abstractmethod
    def seen_at(self, now_ms: int) -> dict[str, Any]:
        """Its fields at `now_ms`."""


@dataclass
class GeneratedRows:
    """`rows_per_day` on an average working day; a day in `dense_days` has its factor times as many.

    `make_entry`: makes an entry at an instant, with a random generator. `dataset`: part of the seed.
    """

    make_entry: Callable[[int, Random], Entry]
    dataset: str = ""
    seed: int = 7
    rows_per_day: int = 400
    dense_days: dict[date, float] = field(default_factory=dict)
    _hours: OrderedDict[int, list[Entry]] = field(default_factory=OrderedDict, repr=False)
    _cached: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def rows(self, since: datetime, until: datetime, now: datetime) -> list[dict[str, Any]]:
        """The rows of `[since, until)` as ClearGrid would send them at `now`, in the export's order."""
        now_ms = milliseconds(now)
        entries = self.entries((milliseconds(since), ""), milliseconds(until), now_ms, None)
        return [entry.seen_at(now_ms) for entry in entries]

    def entries(self, after: tuple[int, str], until_ms: int, now_ms: int, limit: int | None) -> list[Entry]:
        """Up to `limit` visible entries with a key greater than `after` and before `until_ms`."""
        visible: list[Entry] = []
        for hour in range(after[0] // HOUR_MS, -(-min(until_ms, now_ms + 1) // HOUR_MS)):
            entries = self._hour(hour)
            for entry in islice(entries, bisect_right(entries, after, key=attrgetter("key")), None):
                if entry.communicated_ms >= until_ms:
                    return visible
                if entry.created_ms <= now_ms:
                    visible.append(entry)
                    if len(visible) == limit:
                        return visible
        return visible

    def count(self, since_ms: int, until_ms: int, now_ms: int) -> int:
        """Visible entries of `[since_ms, until_ms)`; whole past hours are counted without generating them."""
        total = 0
        for hour in range(since_ms // HOUR_MS, -(-min(until_ms, now_ms + 1) // HOUR_MS)):
            start, end = hour * HOUR_MS, (hour + 1) * HOUR_MS
            if since_ms <= start and end <= until_ms and end + MAX_LAG_MS <= now_ms:
                total += self._size(hour, self._random(hour))
            else:
                total += len(self.entries((max(start, since_ms), ""), min(end, until_ms), now_ms, None))
        return total

    def _hour(self, hour: int) -> list[Entry]:
        """The entries of an hour since 1970, sorted; kept for a while."""
        with self._lock:
            cached = self._hours.get(hour)
            if cached is not None:
                self._hours.move_to_end(hour)
                return cached
        entries = self._generate(hour)
        with self._lock:
            if hour not in self._hours:
                self._hours[hour] = entries
                self._cached += len(entries)
            while self._cached > CACHED_ENTRIES and len(self._hours) > 1:
                self._cached -= len(self._hours.popitem(last=False)[1])
        return entries

    def _random(self, hour: int) -> Random:
        return Random(f"{self.dataset}{self.seed}/{hour}")

    def _size(self, hour: int, random: Random) -> int:
        """How many entries the hour has; at a month's border at least one."""
        day, hour_of_day = divmod(hour, 24)
        weight = HOUR_WEIGHTS[hour_of_day] / sum(HOUR_WEIGHTS) * DAY_WEIGHTS[(day + EPOCH_WEEKDAY - 1) % 7]
        dense = self.dense_days.get(date(1970, 1, 1) + timedelta(days=day), 1.0)
        expected = self.rows_per_day * weight * dense
        size = int(expected * random.uniform(0.85, 1.15) + random.random())
        return max(size, 1) if _starts_month(hour) or _starts_month(hour + 1) else size

    def _generate(self, hour: int) -> list[Entry]:
        random = self._random(hour)
        size = self._size(hour, random)
        offsets = [int(random.random() * HOUR_MS) for _ in range(size)]
        if _starts_month(hour):
            offsets[-1] = 0
        if _starts_month(hour + 1):
            offsets[-1] = HOUR_MS - 1
        for position in range(1, size):
            if random.random() < SHARE_OF_TIES:
                offsets[position] = offsets[position - 1]
        entries = (self.make_entry(hour * HOUR_MS + offset, random) for offset in offsets)
        return sorted(entries, key=lambda entry: entry.key)


def _starts_month(hour: int) -> bool:
    """True if the hour is the first of a month in UTC."""
    return hour % 24 == 0 and (date(1970, 1, 1) + timedelta(days=hour // 24)).day == 1


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def instant(ms: int) -> str:
    """ISO-8601 with milliseconds and Z, as ClearGrid writes it."""
    days, rest = divmod(ms, DAY_MS)
    minutes, rest = divmod(rest, 60_000)
    return f"{_iso_date(days)}T{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}Z"


@lru_cache(maxsize=4_096)
def _iso_date(days: int) -> str:
    """The date that many days after 1970-01-01; cached, because a month has a million instants."""
    return (date(1970, 1, 1) + timedelta(days=days)).isoformat()
