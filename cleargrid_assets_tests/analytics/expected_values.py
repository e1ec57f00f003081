"""The meaning of the tests' spellings, classified by hand, and the arithmetic of rates, for `reference_model`."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import timedelta
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cleargrid_assets_tests.analytics.small_warehouse import LandedRow, Scenario

Z = NormalDist().inv_cdf(0.975)
UNKNOWN = ("unmapped", "unknown", "unknown")
Classes = tuple[str, str, str]
BY_HAND: dict[str, Classes] = {
    "PTP": ("ptp", "right_party", "promise"),
    " promise-TO-pay ": ("ptp", "right_party", "promise"),
    "Refused": ("refusal", "right_party", "refusal"),
    "SETTLED": ("settled", "right_party", "settlement"),
    "Dispute": ("dispute", "right_party", "dispute"),
    "CALLBACK": ("callback", "right_party", "callback"),
    "Hardship": ("unable_to_pay", "right_party", "hardship"),
    "RPC": ("rpc", "right_party", "no_commitment"),
    "Wrong number": ("wrong_number", "third_party", "bad_number"),
    "Hung up": ("hung_up", "live_unidentified", "none"),
    "VOICEMAIL": ("voicemail", "machine", "none"),
    "NO_ANSWER": ("no_answer", "no_connect", "none"),
    "no-answer": ("no_answer", "no_connect", "none"),
}
UNMAPPED = {
    "BPTP": "bptp",
    "B.P.T.P": "bptp",
    'Éscalated|to, "legal"': "escalatedtolegal",
    "---": "(no letter or digit)",
}
SPELLINGS = [None, *BY_HAND, *UNMAPPED]

CONNECTED = ("machine", "live_unidentified", "third_party", "right_party")
CONTACTS = ("live_unidentified", "third_party", "right_party")
NOT_COMPARED = ("broken_per_promise", "broken_per_mature_promise", "edited_per_attempt")
Key = tuple[Any, ...]
Computed = dict[Key, dict[str, Any]]


def wilson(k: int, n: int) -> tuple[float | None, float | None]:
    if n == 0:
        return None, None
    p = k / n
    centre, spread = p + Z * Z / (2 * n), Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return max(0.0, (centre - spread) / (1 + Z * Z / n)), min(1.0, (centre + spread) / (1 + Z * Z / n))


def rate(name: str, k: int, n: int) -> dict[str, float | None]:
    low, high = wilson(k, n)
    return {name: k / n if n else None, f"{name}_lo": low, f"{name}_hi": high}


def classes(row: LandedRow, outcomes: Mapping[str, Classes]) -> Classes:
    if row.outcome_option is None:
        return "(null)", "unknown", "unknown"
    return outcomes.get(row.outcome_option, UNKNOWN)


def attempt(row: LandedRow, scenario: Scenario, *, in_scope: bool) -> dict[str, Any]:
    """The row of `core.contact_attempts`."""
    outcome, who, result = classes(row, scenario.outcomes)
    month, local = scenario.month_of(row), scenario.local(row.communicated_at)
    return {
        **asdict(row),
        "month": month,
        "outcome": outcome,
        "contact_class": who,
        "result_class": result,
        "is_mapped": row.outcome_option in scenario.outcomes,
        "in_scope": in_scope,
        "is_connected": who in CONNECTED,
        "is_contact": who in CONTACTS,
        "is_rpc": who == "right_party",
        "is_promise": who == "right_party" and result == "promise",
        "local_at": local,
        "local_date": local.date(),
        "local_hour": local.hour,
        "iso_weekday": local.isoweekday(),
        "log_lag_seconds": lag(row),
    }


def lag(row: LandedRow) -> float:
    return (row.created_at - row.communicated_at) / timedelta(seconds=1)


def quantile(values: Iterable[float], q: float) -> float | None:
    """Linear between the two nearest ranks."""
    ranked = sorted(values)
    if not ranked:
        return None
    place = q * (len(ranked) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (place - below) * (ranked[above] - ranked[below])
