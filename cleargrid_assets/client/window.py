"""`Window`: a half-open range of UTC instants; and the planning of many over one.

Here: arithmetic on time. Not here: what is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil

from cleargrid_assets.client.errors import SettingsError

SECOND = timedelta(seconds=1)
MILLISECOND_US = 1_000
DAY_SECONDS = 86_400
MOST_WINDOWS = 512


@dataclass(frozen=True)
class Window:
    """`[since, until)`. Both must be aware; they are kept in UTC. Raises `SettingsError` otherwise.

    ClearGrid's instants have milliseconds, and so have a window's: a finer one becomes the next whole one, which
    leaves the same rows on the same side.
    """

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            moment = getattr(self, name)
            if moment.tzinfo is None:
                raise SettingsError(f"the window's {name} {moment.isoformat()} has no time zone: give it one")
            past = timedelta(microseconds=-moment.microsecond % MILLISECOND_US)
            object.__setattr__(self, name, moment.astimezone(UTC) + past)
        if self.since >= self.until:
            raise SettingsError(f"the window {self} is empty: its end must be after its start")

    def __str__(self) -> str:
        return f"[{instant(self.since)}, {instant(self.until)})"

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.until - self.since).total_seconds()

    @property
    def is_splittable(self) -> bool:
        """Whether both halves would last a second at least."""
        return self.until - self.since >= 2 * SECOND

    def split(self, parts: int = 2) -> list[Window]:
        """At most `parts` windows that cover this one, none under a second, with whole-second borders inside."""
        parts = max(1, min(parts, int(self.seconds)))
        step = self.seconds / parts
        borders = [self.since + timedelta(seconds=int(step * number)) for number in range(1, parts)]
        edges = [self.since, *borders, self.until]
        return [Window(since, until) for since, until in pairwise(edges)]


def instant(moment: datetime) -> str:
    """ISO-8601 with milliseconds and Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plan_windows(
    window: Window, total: int | None, target_rows: int, now: datetime | None = None, workers: int = 1
) -> list[Window]:
    """Windows that cover `window`, sized for about `target_rows` of `total` rows each; by day when unknown.

    The last ones are smaller, so that `workers` who walk them side by side end together.
    What lies after `now` is one window: an open month's future holds next to nothing.
    """
    if now is not None and window.since + SECOND <= now <= window.until - SECOND:
        border = now.astimezone(UTC).replace(microsecond=0) + SECOND
        if border < window.until:
            past, future = Window(window.since, border), Window(border, window.until)
            return [*plan_windows(past, total, target_rows, workers=workers), future]
    parts = ceil(window.seconds / DAY_SECONDS) if total is None else ceil(total / max(target_rows, 1))
    return _with_short_tail(window.split(min(max(parts, 1), MOST_WINDOWS)), workers)


def _with_short_tail(windows: list[Window], workers: int) -> list[Window]:
    """The last windows in quarters, two for each worker; as they are when there are few for each."""
    tail = workers // 2
    if not tail or len(windows) <= workers:
        return windows
    return [*windows[:-tail], *(part for window in windows[-tail:] for part in window.split(4))]
