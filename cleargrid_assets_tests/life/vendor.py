"""ClearGrid's log in the simulation: rows are logged, edited, moved to another time and deleted.

The emulator serves it in place of its generated rows. The expected warehouse is in `model`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cleargrid_assets.emulator.generated_rows import instant, milliseconds
from cleargrid_assets_tests.fixed_rows import LoggedRow

if TYPE_CHECKING:
    from random import Random

    from cleargrid_assets.client import Window

Fields = dict[str, Any]
CHANNELS = (None, "CALL", "CALL", "call", "SMS")
SOURCES = (None, "AGENT", "AGENT", "DIALER")


@dataclass
class Vendor:
    """The rows by id, in the export's types. `spellings`: the outcomes that agents write."""

    spellings: tuple[str | None, ...]
    rows: dict[str, Fields] = field(default_factory=dict)
    _logged: int = 0

    def log(self, random: Random, communicated_at: datetime, now: datetime) -> None:
        """Log a row at `now` for an attempt at `communicated_at`."""
        self._logged += 1
        public_id = f"{self._logged:024x}"
        self.rows[public_id] = {
            "public_id": public_id,
            "communication_type": random.choice(CHANNELS),
            "interaction_source": random.choice(SOURCES),
            "outcome_option": random.choice(self.spellings),
            "is_active": random.random() < 0.9,
            "is_ptp_broken": False,
            "communicated_at": format_instant(communicated_at),
            "created_at": format_instant(now),
            "updated_at": format_instant(now),
        }

    def edit(self, public_id: str, now: datetime, **changed: object) -> None:
        """Change fields of a row at `now`."""
        self.rows[public_id] |= {"updated_at": format_instant(now), **changed}

    def log_some(self, random: Random, first: datetime, now: datetime, *, number: int) -> None:
        """Log `number` rows for random instants between `first` and `now`."""
        for _ in range(number):
            seconds = random.randrange(int((now - first).total_seconds()))
            self.log(random, now - timedelta(seconds=seconds), now)

    def edit_some(self, random: Random, now: datetime) -> None:
        """Give some rows another outcome."""
        for _ in range(3):
            self.edit(self.any_row(random), now, outcome_option=random.choice(self.spellings))

    def move(self, random: Random, now: datetime, *, silently: bool) -> None:
        """Move a row to another instant; `silently`: leave `updated_at` unchanged."""
        public_id = self.any_row(random)
        instant = format_instant(now - timedelta(seconds=random.randrange(60 * 86_400)))
        updated_at = {"updated_at": self.rows[public_id]["updated_at"]} if silently else {}
        self.edit(public_id, now, communicated_at=instant, **updated_at)

    def any_row(self, random: Random) -> str:
        """The id of a random row."""
        return random.choice(sorted(self.rows))

    def in_window(self, window: Window) -> dict[str, Fields]:
        """The rows of the window by their ids."""
        since, until = format_instant(window.since), format_instant(window.until)
        return {key: dict(row) for key, row in self.rows.items() if since <= row["communicated_at"] < until}

    def entries(self, after: tuple[int, str], until_ms: int, _now_ms: int, limit: int | None) -> list[LoggedRow]:
        """Up to `limit` rows after `after` and before `until_ms`, in the export's order."""
        rows = sorted((_entry(row) for row in self.rows.values()), key=lambda row: row.key)
        return [row for row in rows if row.key > after and row.communicated_ms < until_ms][:limit]

    def count(self, since_ms: int, until_ms: int, now_ms: int) -> int:
        """The number of rows in the range."""
        return len(self.entries((since_ms, ""), until_ms, now_ms, None))


def format_instant(moment: datetime) -> str:
    """An instant as the export writes it; such texts sort like the instants."""
    return instant(milliseconds(moment))


def parse_instant(text: str) -> datetime:
    """The instant in `text` as the warehouse stores it: naive, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def _entry(row: Fields) -> LoggedRow:
    return LoggedRow(milliseconds(datetime.fromisoformat(row["communicated_at"])), int(row["public_id"], 16), row)
