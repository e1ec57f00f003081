"""The rows of the fault server: what a load is compared with.

They are made up, in the order of the export, with those of another lender among them; `fault_server` serves them.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

START, END = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 4, tzinfo=UTC)
ROWS_ON_ONE_INSTANT = 300
SHARED_ROWS = 3_000
OURS = 0.6


def instant(moment: datetime) -> str:
    """An instant as ClearGrid formats it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@cache
def collection() -> tuple[tuple[datetime, dict[str, Any] | None], ...]:
    """The whole collection in the order of the export; rows of another lender are None."""
    chance = random.Random(23)  # noqa: S311 # made-up rows need repeatable numbers, not secret ones
    milliseconds = int((END - START).total_seconds() * 1000)
    offsets = [chance.randrange(milliseconds) for _ in range(SHARED_ROWS - ROWS_ON_ONE_INSTANT)]
    offsets += [milliseconds // 2] * ROWS_ON_ONE_INSTANT
    return tuple(_entry(START + timedelta(milliseconds=offset), chance) for offset in sorted(offsets))


def _entry(moment: datetime, chance: random.Random) -> tuple[datetime, dict[str, Any] | None]:
    row = {
        "public_id": f"{chance.getrandbits(96):024x}",
        "communication_type": chance.choice(["CALL", "SMS"]),
        "interaction_source": "AGENT",
        "outcome_option": chance.choice(["PTP", "RPC", "no-answer", "Überfällig"]),
        "is_active": chance.random() < 0.9,
        "is_ptp_broken": False,
        "communicated_at": instant(moment),
        "created_at": instant(moment + timedelta(seconds=30)),
        "updated_at": instant(moment + timedelta(seconds=30)),
    }
    return moment, row if chance.random() < OURS else None


def truth() -> list[dict[str, Any]]:
    """All rows of the lender, in order."""
    return [row for _, row in collection() if row is not None]
