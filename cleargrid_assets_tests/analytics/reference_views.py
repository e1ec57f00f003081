"""Recomputes the views of `analytics` in plain Python, from the reference model's tables and rows.

Add the model of a new view here, from its definition alone.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from cleargrid_assets_tests.analytics.expected_statistics import difference_interval, difference_p, dispersion
from cleargrid_assets_tests.analytics.expected_values import NOT_COMPARED, Computed, Key, rate, wilson
from cleargrid_assets_tests.analytics.reference_comparisons import ReferenceComparisons
from cleargrid_assets_tests.analytics.reference_projection import ReferenceProjection
from cleargrid_assets_tests.analytics.reference_promises import ReferencePromises

if TYPE_CHECKING:
    from cleargrid_assets_tests.analytics.reference_model import ReferenceModel
    from cleargrid_assets_tests.analytics.small_warehouse import LandedRow, Scenario

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class ReferenceViews(ReferencePromises, ReferenceComparisons, ReferenceProjection):
    """The views of a scenario, each as rows by their grain."""

    model: ReferenceModel

    @property
    def scenario(self) -> Scenario:
        return self.model.scenario

    @cached_property
    def whole_days(self) -> set[date]:
        """The days of months with rows that were over when the month's load began."""
        months = {self.scenario.month_of(row) for row in self.model.rows}
        return {
            day
            for month in months
            for day in days_of(month)
            if end_of_day(day, self.scenario) <= self.scenario.started_at(month)
        }

    def loaded_days(self) -> Computed:
        months = {self.scenario.month_of(row) for row in self.model.rows}
        return {
            (day,): {
                "month": month,
                "ends_at": end_of_day(day, self.scenario),
                "read_at": self.scenario.started_at(month),
                "is_whole": day in self.whole_days,
            }
            for month in months
            for day in days_of(month)
        }

    def kpi_monthly_total(self) -> Computed:
        return {(key[0], key[4]): figure for key, figure in self.model.kpi_monthly().items() if key[1] == "all"}

    def kpi_monthly_by_channel(self) -> Computed:
        figures = self.model.kpi_monthly().items()
        return {(key[0], key[2], key[4]): figure for key, figure in figures if key[1] == "channel"}

    def kpi_monthly_by_pool(self) -> Computed:
        figures = self.model.kpi_monthly().items()
        return {(key[0], *key[2:]): figure for key, figure in figures if key[1] == "channel x source"}

    def outcome_mix_hourly(self) -> Computed:
        def key(row: LandedRow) -> Key:
            local, (outcome, _, result) = self.scenario.local(row.communicated_at), self.model.classes(row)
            pool = self.model.channel(row), self.model.source(row)
            return self.scenario.month_of(row), local.isoweekday(), local.hour, *pool, outcome, result

        return {
            name: {"rows": len(rows), "attempts": sum(map(self.model.in_scope, rows))}
            for name, rows in self.model.grouped(self.model.rows, key).items()
        }

    def kpi_weekly(self) -> Computed:
        weeks: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])
        for (_, day, *rest), figure in self.model.kpi_daily().items():
            week = weeks[monday(day), *rest]
            for place, name in enumerate(("numerator", "denominator", "unmapped")):
                week[place] += figure[name]
        return {
            key: {
                "iso_week": "{}-W{:02}".format(*key[0].isocalendar()),
                **shares("numerator", "denominator", "value", k, n),
                **dict(zip(("lo", "hi"), wilson(k, n), strict=True)),
                "unmapped": unmapped,
                **self._against_the_weeks_before(key, weeks),
            }
            for key, (k, n, unmapped) in weeks.items()
        }

    def _against_the_weeks_before(self, key: Key, weeks: dict[Key, list[int]]) -> dict[str, Any]:
        start, *rest = key
        k, n, _ = weeks[key]
        days, four = self._days(start), [start - WEEK * back for back in range(1, 5)]
        k0, n0 = (sum(weeks[week, *rest][place] for week in four if (week, *rest) in weeks) for place in (0, 1))
        reference_days = sum(map(self._days, four))
        twelve = [start - WEEK * back for back in range(1, 13)]
        counted = [weeks[week, *rest][:2] for week in twelve if (week, *rest) in weeks and self._days(week) == 7]
        phi = dispersion([(each[0], each[1]) for each in counted])
        is_compared = days == 7 and reference_days >= 7 and key[-1] not in NOT_COMPARED
        low, high = difference_interval(k, n, k0, n0, phi) if is_compared else (None, None)
        has_change = low is not None and high is not None
        return {
            "days": days,
            "is_complete": days == 7,
            "reference_days": reference_days,
            **shares("reference_numerator", "reference_denominator", "reference_value", k0, n0),
            "change_pp": 100 * (k / n - k0 / n0) if has_change else None,
            "change_lo": None if low is None else 100 * low,
            "change_hi": None if high is None else 100 * high,
            "phi": phi,
            "phi_weeks": sum(each[1] > 0 for each in counted),
            "p_value": difference_p(k, n, k0, n0, phi) if is_compared else None,
        }

    def promise_weekly(self) -> Computed:
        months = {self.scenario.month_of(row) for row in self.model.rows}
        weeks = {monday(day): [0, 0] for month in months for day in days_of(month)}
        for promise in self.promises():
            if promise.row.communicated_at <= promise.read_at - 30 * DAY:
                week = weeks[monday(self.scenario.local(promise.row.communicated_at).date())]
                week[0] += promise.broken(30)[0]
                week[1] += 1
        return {(start,): self._promises_of_the_week(start, weeks) for start in weeks}

    def _promises_of_the_week(self, start: date, weeks: dict[date, list[int]]) -> dict[str, Any]:
        broken, promises = weeks[start]
        twelve = [start - WEEK * back for back in range(1, 13)]
        counted = [weeks[week] for week in twelve if week in weeks and self._days(week) == 7]
        return {
            "promises": promises,
            "broken_by_updated_at": broken,
            **rate("broken_by_updated_at_share", broken, promises),
            "is_complete": self._days(start) == 7,
            "phi": dispersion([(k, n) for k, n in counted]),
            "phi_weeks": sum(n > 0 for _, n in counted),
        }

    def _days(self, start: date) -> int:
        return sum(start + DAY * place in self.whole_days for place in range(7))


def monday(day: date) -> date:
    return day - DAY * day.weekday()


def days_of(month: date) -> list[date]:
    return [day for day in (month + DAY * place for place in range(31)) if day.month == month.month]


def end_of_day(day: date, scenario: Scenario) -> datetime:
    """The next local midnight, naive UTC."""
    after = day + DAY
    midnight = datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(scenario.timezone))
    return midnight.astimezone(UTC).replace(tzinfo=None)


def shares(numerator: str, denominator: str, value: str, k: int, n: int) -> dict[str, Any]:
    return {numerator: k, denominator: n, value: k / n if n else None}
