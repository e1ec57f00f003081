"""The faults that `cleargrid demo --fault` shows: those that end in a red month, played in one month only.

The faults themselves are the emulator's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cleargrid_assets.emulator.faults import FAULTS, Ask, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

ENDING_RED = (
    "bad-rows",
    "total-too-high",
    "cursor-loop",
    "no-rows",
    "no-pagination",
    "echo-shortened",
    "always-times-out",
    "down",
)
STRICTER: Mapping[str, str] = {"CLEARGRID_QUARANTINE_LIMIT": "0.005"}
"""The emulator spoils just under the one percent that a month may have; half a percent makes its month red."""


def fault_in(month: str, name: str) -> Fault:
    """The emulator's fault `name`, in answers about one month (`2026-05`) only."""
    fault = FAULTS[name]

    def refuse(ask: Ask) -> Any:
        return fault.refuse(ask) if _is_about(month, ask) else None

    def alter(envelope: dict[str, Any], ask: Ask) -> dict[str, Any]:
        return fault.alter(envelope, ask) if _is_about(month, ask) else envelope

    return Fault(fault.about, refuse=refuse, alter=alter)


def _is_about(month: str, ask: Ask) -> bool:
    return ask.params["since"].startswith(month)
