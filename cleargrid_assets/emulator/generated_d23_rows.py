"""Generated manual communication logs, D23: the outcomes that agents log, and how they change later.

Change here what they contain; when they happen is decided in `generated_rows`, as for D21.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cleargrid_assets.emulator.generated_rows import DAY_MS, HOUR_MS, MAX_LAG_MS, Entry, instant

if TYPE_CHECKING:
    from random import Random

CHANNELS = ("CALL",) * 14 + ("WHATSAPP",) * 3 + ("SMS", "EMAIL", "FIELD_VISIT")
SOURCES = ("AGENT",) * 12 + ("SUPERVISOR",) * 2 + ("FIELD_AGENT", "DIALER")
OUTCOMES = (
    *("NO_ANSWER",) * 16, "No answer", "no-answer", *("BUSY",) * 5, *("Switched off",) * 4, "Not reachable",
    *("VOICEMAIL",) * 4, "Left message", *("HUNG_UP",) * 3, *("WRONG_NUMBER",) * 2, *("TPC",) * 2, *("RPC",) * 6,
    *("PTP",) * 8, "Promise to Pay", "promise_to_pay", *("REFUSED",) * 4, "Refused to pay", *("CALLBACK",) * 4,
    *("DISPUTE",) * 2, "SETTLED", "Paid", "Claims paid", "Financial difficulty", "Language barrier", "BPTP",
    "Follow up", "Escalated to legal",
)  # fmt: skip
SHARE_LOGGED_LATE = 0.03
SHARE_LOGGED_DAYS_LATE = 0.2  # of those logged late
SHARE_OF_PROMISES_BROKEN = 0.38
SHARE_DEACTIVATED = 0.02
PROMISES = frozenset({"PTP", "Promise to Pay", "promise_to_pay"})


@dataclass(frozen=True)
class ManualLog(Entry):
    """An outcome that an agent logged."""

    channel: str
    source: str
    outcome: str
    broken_ms: int | None
    inactive_ms: int | None

    def seen_at(self, now_ms: int) -> dict[str, Any]:
        """The nine fields at `now_ms`."""
        events = (self.created_ms, self.broken_ms, self.inactive_ms)
        updated = max(event for event in events if event is not None and event <= now_ms)
        return {
            "public_id": self.public_id,
            "communication_type": self.channel,
            "interaction_source": self.source,
            "outcome_option": self.outcome,
            "is_active": self.inactive_ms is None or self.inactive_ms > now_ms,
            "is_ptp_broken": self.broken_ms is not None and self.broken_ms <= now_ms,
            "communicated_at": instant(self.communicated_ms),
            "created_at": instant(self.created_ms),
            "updated_at": instant(updated),
        }


def make_manual_log(communicated_ms: int, random: Random) -> ManualLog:
    """An entry of D23 with everything that will ever happen to it."""
    draw = random.random
    outcome = OUTCOMES[int(draw() * len(OUTCOMES))]
    created = communicated_ms + int(2_000 + draw() * 240_000)
    if draw() < SHARE_LOGGED_LATE:  # logged at the end of the shift, or days later
        created = communicated_ms + int(draw() * (MAX_LAG_MS if draw() < SHARE_LOGGED_DAYS_LATE else 10 * HOUR_MS))
    is_broken = outcome in PROMISES and draw() < SHARE_OF_PROMISES_BROKEN
    broken = created + int((3 + draw() * 40) * DAY_MS) if is_broken else None
    inactive = created + int(draw() * 60 * DAY_MS) if draw() < SHARE_DEACTIVATED else None
    return ManualLog(
        public_id=f"{communicated_ms // 1000:08x}{random.getrandbits(64):016x}",
        communicated_ms=communicated_ms,
        created_ms=created,
        channel=CHANNELS[int(draw() * len(CHANNELS))],
        source=SOURCES[int(draw() * len(SOURCES))],
        outcome=outcome,
        broken_ms=broken,
        inactive_ms=inactive,
    )
