"""Recomputes the projection of the open month and its backtest in plain Python, row by row.

Add what is projected here, from its definition alone.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from cleargrid_assets_tests.analytics.reference_comparisons import month_before

if TYPE_CHECKING:
    from cleargrid_assets_tests.analytics.expected_values import Computed, Key
    from cleargrid_assets_tests.analytics.reference_model import ReferenceModel
    from cleargrid_assets_tests.analytics.small_warehouse import LandedRow, Scenario

DAY = timedelta(days=1)
COUNTS = (
    "attempts", "calls", "calls_connected", "contacts", "third_party", "rpc", "promises", "refusals", "settlements",
    "disputes", "callbacks", "hardships", "unmapped",
)  # fmt: skip
SHARES = {
    "connect_rate": ("calls_connected", "calls"), "contact_rate": ("contacts", "attempts"),
    "rpc_per_attempt": ("rpc", "attempts"), "rpc_per_contact": ("rpc", "contacts"),
    "third_party_per_contact": ("third_party", "contacts"), "ptp_per_attempt": ("promises", "attempts"),
    "ptp_per_contact": ("promises", "contacts"), "ptp_per_rpc": ("promises", "rpc"),
    "refusal_per_rpc": ("refusals", "rpc"), "settlement_per_rpc": ("settlements", "rpc"),
    "dispute_per_rpc": ("disputes", "rpc"), "callback_per_rpc": ("callbacks", "rpc"),
    "hardship_per_rpc": ("hardships", "rpc"), "unmapped_per_attempt": ("unmapped", "attempts"),
}  # fmt: skip
Figures = dict[str, Any]


class ReferenceProjection:
    """The view `month_projection`, over the rows in scope."""

    model: ReferenceModel

    @property
    def whole_days(self) -> set[date]:
        """The days that were over when their month was last read."""
        raise NotImplementedError

    def month_projection(self) -> Computed:
        scenario = self.model.scenario
        months = sorted({scenario.month_of(row) for row in self.model.rows})
        if not months or scenario.started_at(months[-1]) >= scenario.until(months[-1]):
            return {}
        elapsed = scenario.local(scenario.started_at(months[-1])) - midnight(months[-1])
        computed: Computed = {}
        for month in months:
            is_open = month == months[-1]
            if is_open or scenario.started_at(month) >= scenario.until(month):
                cut = scenario.started_at(month) if is_open else min(
                    scenario.until(month), instant(midnight(month) + elapsed, scenario)
                )  # fmt: skip
                computed |= self._projected(month, cut, is_open=is_open)
        add_errors(computed)
        return computed

    def _projected(self, month: date, cut: datetime, *, is_open: bool) -> Computed:
        scenario = self.model.scenario
        last = scenario.local(cut - 7 * DAY).date() - DAY
        window = {last - back * DAY for back in range(56)}
        if not window <= self.whole_days:
            return {}
        scoped = [row for row in self.model.rows if self.model.in_scope(row)]
        seen = [row for row in scoped if is_open or row.created_at < cut]
        computed: Computed = {}
        in_window = [row for row in seen if self._date(row) in window]
        in_month = [row for row in seen if scenario.month_of(row) == month]
        for slice_, channel in self._slices([*in_window, *in_month]):
            rows, weeks = self._of(in_month, channel), self._of(in_window, channel)
            final, previous = (
                [row for row in self._of(scoped, channel) if scenario.month_of(row) == each]
                for each in (month, month_before(month))
            )
            common = {"is_open": is_open, "cut_at": cut}
            totals = None if is_open else self._counts(final), self._counts(previous) if previous else None
            figures = self._figures(month, cut, rows, weeks)
            for figure, values in with_shares(figures, *totals).items():
                computed[month, slice_, channel, figure] = {**values, **common}
        return computed

    def _figures(self, month: date, cut: datetime, rows: list[LandedRow], weeks: list[LandedRow]) -> Figures:
        """So far, projected, and the part of whole days of each count."""
        scenario = self.model.scenario
        weekdays = self.model.grouped(weeks, lambda row: (self._date(row).weekday(),))
        means = {key[0]: self._counts(members) for key, members in weekdays.items()}
        days = self.model.grouped(rows, lambda row: (self._date(row),))
        figures = {name: [0.0, 0.0, 0.0, 0.0] for name in COUNTS}
        for day in (month + DAY * place for place in range(31)):
            if day.month != month.month:
                continue
            counts, mean = self._counts(days.get((day,), [])), means.get(day.weekday(), {})
            end = instant(midnight(day) + DAY, scenario)
            complete = self._completeness(weeks, cut - end) if end <= cut else 1.0
            for name in COUNTS:
                sums = figures[name]
                sums[0] += counts[name]
                if end <= cut:
                    sums[1] += counts[name] / complete
                    sums[2] += counts[name]
                    sums[3] += counts[name] / complete
                else:
                    sums[1] += max(counts[name], mean.get(name, 0) / 8)
        return figures

    def _completeness(self, weeks: list[LandedRow], age: timedelta) -> float:
        logged = [
            row.created_at <= instant(midnight(self._date(row)) + DAY, self.model.scenario) + age for row in weeks
        ]
        return sum(logged) / len(logged) if any(logged) else 1.0

    def _counts(self, rows: list[LandedRow]) -> dict[str, int]:
        calls = self.model.counts([row for row in rows if (row.communication_type or "").upper() == "CALL"])
        counts = {**self.model.counts(rows), "calls": calls["attempts"], "calls_connected": calls["connected"]}
        return {name: counts[name] for name in COUNTS}

    def _slices(self, rows: list[LandedRow]) -> set[Key]:
        return {("all", "(all)") for _ in rows} | {("channel", self.model.channel(row)) for row in rows}

    def _of(self, rows: list[LandedRow], channel: str) -> list[LandedRow]:
        return [row for row in rows if channel == "(all)" or self.model.channel(row) == channel]

    def _date(self, row: LandedRow) -> date:
        return self.model.scenario.local(row.communicated_at).date()


def with_shares(
    figures: Figures, final: dict[str, int] | None, previous: dict[str, int] | None
) -> dict[str, dict[str, Any]]:
    """The counts, and the shares made of them."""
    computed = {}
    for name, (so_far, projected, whole, completed) in figures.items():
        computed[name] = {
            "unit": "count", "completeness": whole / completed if completed else None,
            "so_far": so_far, "projected": projected,
            "final": None if final is None else float(final[name]),
            "previous": None if previous is None else float(previous[name]),
        }  # fmt: skip
    for metric, (numerator, denominator) in SHARES.items():
        k, n = computed[numerator], computed[denominator]
        shares = {each: k[each] / n[each] if n[each] else None for each in ("so_far", "projected", "final", "previous")}
        computed[metric] = {"unit": "share", "completeness": k["completeness"], **shares}
    return computed


def add_errors(computed: Computed) -> None:
    """Each month's errors, and their medians over the closed months that have both."""
    errors: dict[Key, list[tuple[float, float]]] = defaultdict(list)
    for key, row in computed.items():
        final, previous = row["final"], row["previous"]
        row["abs_error"] = None if final is None or row["projected"] is None else abs(row["projected"] - final)
        row["previous_abs_error"] = None if final is None or previous is None else abs(previous - final)
        if row["abs_error"] is not None and row["previous_abs_error"] is not None:
            errors[key[1:]].append((row["abs_error"], row["previous_abs_error"]))
    for key, row in computed.items():
        both = errors[key[1:]]
        row["backtests"] = len(both)
        row["median_abs_error"] = median(each for each, _ in both) if both else None
        row["previous_median_abs_error"] = median(each for _, each in both) if both else None


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - on the scenario's clock


def instant(local: datetime, scenario: Scenario) -> datetime:
    """The instant of a local time, naive UTC."""
    return local.replace(tzinfo=ZoneInfo(scenario.timezone)).astimezone(UTC).replace(tzinfo=None)
