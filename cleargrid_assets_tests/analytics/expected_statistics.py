"""The statistics of the reference model in plain Python: differences of shares, p-values, dispersion.

Add a formula here that SQL macros compute; the shares themselves are in `expected_values`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cleargrid_assets_tests.analytics.expected_values import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

COEFFICIENTS = (0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429)
FEWEST_WEEKS = 6


def difference_interval(k1: int, n1: int, k0: int, n0: int, phi: float = 1) -> tuple[float | None, float | None]:
    """Newcombe's interval, method 10."""
    if n1 == 0 or n0 == 0:
        return None, None
    (low1, high1), (low0, high0) = wilson(k1, n1), wilson(k0, n0)
    assert low1 is not None
    assert high1 is not None
    assert low0 is not None
    assert high0 is not None
    p1, p0 = k1 / n1, k0 / n0
    below, above = math.hypot(p1 - low1, high0 - p0), math.hypot(high1 - p1, p0 - low0)
    return p1 - p0 - math.sqrt(phi) * below, p1 - p0 + math.sqrt(phi) * above


def normal_tail(z: float) -> float:
    """Abramowitz and Stegun, 26.2.17."""
    if z < 0:
        return 1 - normal_tail(-z)
    t = 1 / (1 + 0.2316419 * z)
    series = sum(coefficient * t**power for power, coefficient in enumerate(COEFFICIENTS, start=1))
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * series


def difference_p(k1: int, n1: int, k0: int, n0: int, phi: float = 1) -> float:
    """Two-sided, by the pooled z-test."""
    if n1 == 0 or n0 == 0 or k1 + k0 in (0, n1 + n0):
        return 1.0
    pooled = (k1 + k0) / (n1 + n0)
    z = (k1 / n1 - k0 / n0) / math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n0) * phi)
    return min(1.0, 2 * normal_tail(abs(z)))


def dispersion(weeks: Sequence[tuple[int, int]]) -> float:
    """Of the weeks' (k, n)."""
    counted = [(k, n) for k, n in weeks if n]
    total_k, total_n = sum(k for k, _ in counted), sum(n for _, n in counted)
    if len(counted) < FEWEST_WEEKS or total_k in (0, total_n):
        return 1.0
    p = total_k / total_n
    return max(1.0, sum((k - n * p) ** 2 / (n * p * (1 - p)) for k, n in counted) / (len(counted) - 1))
