"""Generated communication logs, D21: calls and messages, with the numbers and texts that a platform must not store.

Change here what they contain and how they change later; when they happen is decided in `generated_rows`, as for D23.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cleargrid_assets.emulator.generated_rows import Entry, instant

if TYPE_CHECKING:
    from random import Random

CHANNELS = ("CALL",) * 8 + ("SMS",) * 6 + ("WHATSAPP",) * 4 + ("EMAIL",) * 2
NAMES = ("Ahmed", "Fatima", "Joseph", "Maryam", "Priya")
SHARE_INBOUND = 0.1
SHARE_ANSWERED = 0.6
MAX_DURATION_MS = 900_000
MAX_DELIVERY_MS = 3 * 86_400_000
"""A message to a phone that was switched off is delivered days later."""


@dataclass(frozen=True)
class Communication(Entry):
    """One call or message. `settled_ms`: when its status was final."""

    settled_ms: int
    channel: str
    is_inbound: bool
    final_status: str
    duration: float | None
    borrower: str
    subject: str | None

    def seen_at(self, now_ms: int) -> dict[str, Any]:
        """The eleven fields at `now_ms`."""
        is_settled = self.settled_ms <= now_ms
        parties = (self.borrower, "+97144000000") if self.is_inbound else ("+97144000000", self.borrower)
        return {
            "public_id": self.public_id,
            "communication_type": self.channel,
            "direction": "INBOUND" if self.is_inbound else "OUTBOUND",
            "status": self.final_status if is_settled else "SENT",
            "from": parties[0],
            "to": parties[1],
            "subject": self.subject,
            "duration": self.duration if is_settled else None,
            "communicated_at": instant(self.communicated_ms),
            "created_at": instant(self.created_ms),
            "updated_at": instant(self.settled_ms if is_settled else self.created_ms),
        }


def make_communication(communicated_ms: int, random: Random) -> Communication:
    """A communication with everything that will ever happen to it."""
    draw = random.random
    channel = CHANNELS[int(draw() * len(CHANNELS))]
    is_call, is_answered = channel == "CALL", draw() < SHARE_ANSWERED
    duration_ms = int(draw() * MAX_DURATION_MS) if is_call and is_answered else 0
    created = communicated_ms + int(1_000 + draw() * 60_000)
    name = NAMES[int(draw() * len(NAMES))]
    return Communication(
        public_id=f"{communicated_ms // 1000:08x}{random.getrandbits(64):016x}",
        communicated_ms=communicated_ms,
        created_ms=created,
        settled_ms=created + (duration_ms if is_call else int(draw() ** 4 * MAX_DELIVERY_MS)),
        channel=channel,
        is_inbound=draw() < SHARE_INBOUND,
        final_status=("COMPLETED" if is_answered else "NO_ANSWER") if is_call else "DELIVERED",
        duration=duration_ms / 1000 if duration_ms else None,
        borrower=f"{name.lower()}@example.com" if channel == "EMAIL" else f"+97150{int(draw() * 10**7):07d}",
        subject=f"{name}, your payment is due" if channel == "EMAIL" else None,
    )
