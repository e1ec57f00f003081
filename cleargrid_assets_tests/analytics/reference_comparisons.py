"""Recomputes in plain Python the views that compare a month with the one before, and a pool with others.

Add the model of a new comparison here, from its definition alone.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

from cleargrid_assets_tests.analytics.expected_statistics import difference_interval
from cleargrid_assets_tests.analytics.expected_values import NOT_COMPARED, Computed, Key, wilson
from cleargrid_assets_tests.analytics.reference_kpis import NOT_DAILY

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from cleargrid_assets_tests.analytics.reference_model import ReferenceModel
    from cleargrid_assets_tests.analytics.small_warehouse import LandedRow

DAY = timedelta(days=1)
Counts = tuple[int, int]
NOT_BY_HOUR = ("hardship", "late_logged", "edited", "outside_hours")
BENCHMARKS = ("contact_rate", "rpc_per_contact", "ptp_per_rpc")


class ReferenceComparisons:
    """The comparing views."""

    model: ReferenceModel

    def rate_change_decomposition(self) -> Computed:
        computed = {}
        for grouped_by, group_of in (("channel x source", self._pool), ("weekday x 3 h", self._hours)):
            groups = self._group_counts(group_of, every_row=grouped_by == "channel x source")
            for (month, metric), now in groups.items():
                before = groups.get((month_before(month), metric), {})
                for name, effects in decompose(now, before).items():
                    computed[month, grouped_by, metric, name[0]] = {**name[1], **effects}
        return computed

    def _pool(self, row: LandedRow) -> Key:
        channel, source = self.model.channel(row), self.model.source(row)
        columns = {"communication_type": channel, "interaction_source": source, "iso_weekday": None, "from_hour": None}
        return (f"{channel} x {source}", Columns(columns))

    def _hours(self, row: LandedRow) -> Key:
        local = self.model.scenario.local(row.communicated_at)
        hour = local.hour - local.hour % 3
        columns = {
            "communication_type": None, "interaction_source": None, "iso_weekday": local.isoweekday(), "from_hour": hour
        }  # fmt: skip
        return (f"{local.isoweekday()} {hour:02}-{hour + 3:02}", Columns(columns))

    def _group_counts(self, group_of: Callable[[LandedRow], Key], *, every_row: bool) -> dict[Key, dict[Key, Counts]]:
        """The numerator and denominator of each group, by month and metric."""
        rows = [row for row in self.model.rows if every_row or self.model.in_scope(row)]
        grouped = self.model.grouped(rows, lambda row: (self.model.scenario.month_of(row), *group_of(row)))
        counts: dict[Key, dict[Key, Counts]] = defaultdict(dict)
        left_out = (*NOT_DAILY, *NOT_COMPARED, *(() if every_row else NOT_BY_HOUR))
        for (month, *group), members in grouped.items():
            for metric, figure in self.model.metrics(month, members).items():
                if not metric.startswith(left_out):
                    counts[month, metric][tuple(group)] = figure["numerator"], figure["denominator"]
        return counts

    def pool_benchmark(self) -> Computed:
        scoped = [row for row in self.model.rows if self.model.in_scope(row)]
        pools = self._benchmark_counts(scoped)
        hours = {
            hour: self._benchmark_counts(rows)
            for hour, rows in self.model.grouped(
                scoped, lambda row: (self.model.scenario.local(row.communicated_at).hour,)
            ).items()
        }
        return {
            key: benchmark(key, pools) | expected(key, pools, [*hours.values()]) for key in pools
        }  # fmt: skip

    def _benchmark_counts(self, rows: list[LandedRow]) -> dict[Key, Counts]:
        """K and n by month, source, channel and metric."""
        model = self.model
        grouped = model.grouped(rows, lambda row: (model.scenario.month_of(row), model.source(row), model.channel(row)))
        return {
            (*key, metric): (figures[metric]["numerator"], figures[metric]["denominator"])
            for key, members in grouped.items()
            for figures in [model.metrics(key[0], members)]
            for metric in BENCHMARKS
        }


class Columns(dict[str, Any]):
    """The dimensions of a group, part of its key."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))


def month_before(month: date) -> date:
    return (month - DAY).replace(day=1)


def decompose(now: dict[Key, Counts], before: dict[Key, Counts]) -> dict[Key, dict[str, Any]]:
    """Kitagawa's effects of each group, by its definition; nothing unless both months have a denominator."""
    total1, total0 = sum(n for _, n in now.values()), sum(n for _, n in before.values())
    if not total1 or not total0:
        return {}
    r1, r0 = sum(k for k, _ in now.values()) / total1, sum(k for k, _ in before.values()) / total0
    effects = {}
    for group in now.keys() | before.keys():
        (k1, n1), (k0, n0) = now.get(group, (0, 0)), before.get(group, (0, 0))
        if n1 or n0:
            value, previous = k1 / n1 if n1 else None, k0 / n0 if n0 else None
            rate1 = value if value is not None else k0 / n0
            rate0 = previous if previous is not None else k1 / n1
            s1, s0 = n1 / total1, n0 / total0
            low, high = difference_interval(k1, n1, k0, n0)
            effects[group] = {
                "numerator": k1, "denominator": n1, "prev_numerator": k0, "prev_denominator": n0,
                "share": s1, "prev_share": s0, "value": value, "prev_value": previous,
                "rate_effect": (rate1 - rate0) * (s1 + s0) / 2,
                "rate_effect_lo": None if low is None else low * (s1 + s0) / 2,
                "rate_effect_hi": None if high is None else high * (s1 + s0) / 2,
                "mix_effect": (s1 - s0) * ((rate1 + rate0) / 2 - (r1 + r0) / 2),
                "total_change": r1 - r0,
            }  # fmt: skip
    return effects


def benchmark(key: Key, pools: dict[Key, Counts]) -> dict[str, Any]:
    """The pool and its own three months before."""
    month, *rest = key
    (k, n), months = pools[key], [month_before(month)]
    while len(months) < 3:
        months.append(month_before(months[-1]))
    own = [pools.get((each, *rest), (0, 0)) for each in months]
    k0, n0 = sum(each for each, _ in own), sum(each for _, each in own)
    low, high = difference_interval(k, n, k0, n0)
    return {
        "numerator": k, "denominator": n, "value": k / n if n else None,
        **dict(zip(("lo", "hi"), wilson(k, n), strict=True)),
        "own_numerator": k0, "own_denominator": n0, "own_value": k0 / n0 if n0 else None,
        "change_pp": None if low is None else 100 * (k / n - k0 / n0),
        "change_lo": None if low is None else 100 * low,
        "change_hi": None if high is None else 100 * high,
    }  # fmt: skip


def expected(key: Key, pools: dict[Key, Counts], hours: list[dict[Key, Counts]]) -> dict[str, Any]:
    """The pool against the others of its channel."""
    month, _, channel, metric = key
    of_channel = [each for each in pools if (each[0], *each[2:]) == (month, channel, metric)]
    large = [pools[each][0] / pools[each][1] for each in of_channel if pools[each][1] >= 30]
    active = sum(pools[each][1] > 0 for each in of_channel)
    total = 0.0
    for hour in hours:
        k = sum(hour[each][0] for each in of_channel if each in hour)
        n = sum(hour[each][1] for each in of_channel if each in hour)
        total += hour[key][1] * k / n if n and key in hour else 0
    compared = total if active > 1 and total else None
    (k, n), (low, high) = pools[key], wilson(*pools[key])
    return {
        "pools": active, "median_pools": len(large),
        "median_value": median(large) if len(large) > 1 else None,
        "expected": compared,
        "observed_per_expected": None if compared is None else k / compared,
        "observed_per_expected_lo": None if compared is None or low is None else n * low / compared,
        "observed_per_expected_hi": None if compared is None or high is None else n * high / compared,
    }  # fmt: skip
