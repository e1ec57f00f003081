"""Makes rows of May 2026 for the landing tests, which state what they expect."""

from datetime import UTC, datetime

from cleargrid_assets.client import Window

MAY = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))


def row(number: int = 1, **changed: object) -> dict[str, object]:
    """A good row; `changed` fields replace its own."""
    return {
        "public_id": f"{number:024x}",
        "communication_type": "CALL",
        "interaction_source": "AGENT",
        "outcome_option": "PTP",
        "is_active": True,
        "is_ptp_broken": False,
        "communicated_at": "2026-05-21T12:05:44.000Z",
        "created_at": "2026-05-21T12:06:00.512Z",
        "updated_at": "2026-05-21T12:06:00.512Z",
        **changed,
    }
