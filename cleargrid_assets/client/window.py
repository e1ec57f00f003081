"""`Window`, a half-open range of UTC instants.

Arithmetic on time belongs here; `window_planning` decides how many windows a month is split into.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from cleargrid_assets.client.errors import SettingsError

SECOND = timedelta(seconds=1)
MILLISECOND_US = 1_000


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


def format_instant(moment: datetime) -> str:
    """ISO 8601 with milliseconds and Z, as ClearGrid expects it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
