"""`Window`, a half-open range of UTC instants, and how many of them a month is split into before it is read.

Arithmetic on time belongs here; `walk` shortens windows that turn out to be long, and `adaptive_page_size` splits those
that time out.
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
MAX_WINDOWS = 512


@dataclass(frozen=True)
class Window:
    """`[since, until)`, in UTC. Raises `SettingsError` if either has no time zone or the window is empty.

    ClearGrid's instants have milliseconds, so a window's do too: a finer one is rounded up, which leaves every row on
    the same side.
    """

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            moment = getattr(self, name)
            if moment.tzinfo is None:
                raise SettingsError(f"the window's {name} {moment.isoformat()} has no time zone; add one")
            round_up = timedelta(microseconds=-moment.microsecond % MILLISECOND_US)
            object.__setattr__(self, name, moment.astimezone(UTC) + round_up)
        if self.since >= self.until:
            raise SettingsError(f"the window {self} is empty: its end must be after its start")

    def __str__(self) -> str:
        return f"[{format_instant(self.since)}, {format_instant(self.until)})"

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.until - self.since).total_seconds()

    @property
    def is_splittable(self) -> bool:
        """True if both halves would last at least a second."""
        return self.until - self.since >= 2 * SECOND

    def split(self, parts: int = 2) -> list[Window]:
        """Up to `parts` windows that cover this one, none shorter than a second, divided at whole seconds."""
        parts = max(1, min(parts, int(self.seconds)))
        step = self.seconds / parts
        boundaries = [self.since + timedelta(seconds=int(step * number)) for number in range(1, parts)]
        edges = [self.since, *boundaries, self.until]
        return [Window(since, until) for since, until in pairwise(edges)]


def plan_windows(window: Window, total: int | None, target_rows: int, now: datetime | None = None) -> list[Window]:
    """Windows that cover `window`, each with about `target_rows` of its `total` rows, or one day without a total.

    The time after `now` is one window, because the future of an open month has almost no rows.
    """
    if now is not None:
        boundary = now.astimezone(UTC).replace(microsecond=0) + SECOND
        if window.since + SECOND <= boundary <= window.until - SECOND:
            past, future = Window(window.since, boundary), Window(boundary, window.until)
            return [*plan_windows(past, total, target_rows), future]
    parts = ceil(window.seconds / DAY_SECONDS) if total is None else ceil(total / max(target_rows, 1))
    return window.split(min(parts, MAX_WINDOWS))


def format_instant(moment: datetime) -> str:
    """ISO 8601 with milliseconds and Z, as ClearGrid expects it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
