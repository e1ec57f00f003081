"""The faults of `cleargrid demo --fault`: those that turn a month red, limited to one month.

Choose a fault for the demo here; the faults themselves are in `emulator.faults`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cleargrid_assets.emulator.faults import FAULTS, ExportRequest, Fault

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
"""The emulator spoils just under one percent of the rows, which the default allows; half a percent turns red."""


def limit_fault_to_month(month: str, name: str) -> Fault:
    """The emulator's fault `name`, applied only to answers about one month (`2026-05`)."""
    fault = FAULTS[name]

    def refuse(request: ExportRequest) -> Any:
        return fault.refuse(request) if _concerns_month(month, request) else None

    def alter(envelope: dict[str, Any], request: ExportRequest) -> dict[str, Any]:
        return fault.alter(envelope, request) if _concerns_month(month, request) else envelope

    return Fault(fault.about, refuse=refuse, alter=alter)


def _concerns_month(month: str, request: ExportRequest) -> bool:
    return request.params.get("since", "").startswith(month)
