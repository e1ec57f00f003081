"""Recomputes the tables of key figures in plain Python: every metric of every slice of a month and of a day.

Add a metric here, from its definition alone.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cleargrid_assets_tests.analytics.expected_statistics import difference_interval
from cleargrid_assets_tests.analytics.expected_values import NOT_COMPARED, Computed, Key, lag, quantile, wilson
from cleargrid_assets_tests.analytics.reference_rows import ReferenceRows

if TYPE_CHECKING:
    from datetime import date

    from cleargrid_assets_tests.analytics.small_warehouse import LandedRow

NOT_DAILY = ("attempts_per", "log_lag", "broken_per_mature")


class ReferenceKpis(ReferenceRows):
    """The key figures of a scenario."""

    def kpi_monthly(self) -> Computed:
        computed: Computed = {}
        slices: dict[Key, list[LandedRow]] = defaultdict(list)
        for row in self.rows:
            month, channel, source = self.scenario.month_of(row), self.channel(row), self.source(row)
            slices[month, "all", "(all)", "(all)"].append(row)
            slices[month, "channel", channel, "(all)"].append(row)
            slices[month, "channel x source", channel, source].append(row)
        for name, rows in slices.items():
            for metric, figure in self.metrics(name[0], rows).items():
                computed[*name, metric] = figure
        for key, figure in computed.items():
            month = (key[0] - timedelta(days=1)).replace(day=1)
            before = computed.get((month, *key[1:]), {}).get("value")
            comparable = figure["lo"] is not None and before is not None and key[4] not in NOT_COMPARED
            figure["prev_value"] = before
            figure["change_pp"] = 100 * (figure["value"] - before) if comparable else None
            low, high = _change(figure, computed.get((month, *key[1:]), {}) if comparable else {})
            figure["change_lo"], figure["change_hi"] = low, high
        return computed

    def kpi_daily(self) -> Computed:
        slices: dict[Key, list[LandedRow]] = defaultdict(list)
        for row in self.rows:
            day = self.scenario.month_of(row), self.scenario.local(row.communicated_at).date()
            channel, source = self.channel(row), self.source(row)
            slices[*day, "all", "(all)", "(all)"].append(row)
            slices[*day, "channel", channel, "(all)"].append(row)
            slices[*day, "channel x source", channel, source].append(row)
        return {
            (*name, metric): {key: value for key, value in figure.items() if key != "status"}
            for name, rows in slices.items()
            for metric, figure in self.metrics(name[0], rows).items()
            if not metric.startswith(NOT_DAILY)
        }

    def metrics(self, month: date, rows: list[LandedRow]) -> dict[str, dict[str, Any]]:
        """Every supported metric of one slice."""
        observed_at = self.scenario.loaded_at[month]
        scoped = [row for row in rows if self.in_scope(row)]
        n = self.counts(scoped)
        calls = self.counts([row for row in scoped if (row.communication_type or "").upper() == "CALL"])
        mature = self.counts(
            [
                row
                for row in scoped
                if observed_at - row.communicated_at >= timedelta(days=self.scenario.ptp_maturity_days)
            ]
        )
        clocks = (self.scenario.local(row.communicated_at).time() for row in rows)
        timed = [clock for clock in clocks if clock.isoformat() != "00:00:00"]
        outside = sum(not 8 <= clock.hour < 21 for clock in timed)
        lags, a, c, r, p = [lag(row) for row in scoped], n["attempts"], n["contacts"], n["rpc"], n["promises"]
        shares = {
            "connect_rate": (calls["connected"], calls["attempts"]),
            "contact_rate": (c, a),
            "rpc_per_attempt": (r, a),
            "rpc_per_contact": (r, c),
            "third_party_per_contact": (n["third_party"], c),
            "ptp_per_attempt": (p, a),
            "ptp_per_contact": (p, c),
            "ptp_per_rpc": (p, r),
            "refusal_per_rpc": (n["refusals"], r),
            "settlement_per_rpc": (n["settlements"], r),
            "dispute_per_rpc": (n["disputes"], r),
            "callback_per_rpc": (n["callbacks"], r),
            "hardship_per_rpc": (n["hardships"], r),
            "broken_per_promise": (n["broken"], p),
            "broken_per_mature_promise": (mature["broken"], mature["promises"]),
            "late_logged_1h_per_attempt": (sum(each > 3600 for each in lags), a),
            "late_logged_24h_per_attempt": (sum(each > 86400 for each in lags), a),
            "edited_per_attempt": (sum(row.updated_at > row.created_at for row in scoped), a),
            "outside_hours_per_timed_attempt": (outside, len(timed)),
            "unmapped_per_attempt": (n["unmapped"], a),
        }
        status = "final" if observed_at >= self.scenario.until(month) else "provisional"
        common = {"status": status, "unmapped": n["unmapped"]}
        figures = {metric: _figure(k, of, k / of if of else None, *wilson(k, of)) for metric, (k, of) in shares.items()}
        for metric, of in (("attempts_per_contact", c), ("attempts_per_rpc", r), ("attempts_per_promise", p)):
            figures[metric] = _figure(a, of, a / of if of else None)
        for q in (50, 90, 99):
            figures[f"log_lag_p{q}_s"] = _figure(None, a, quantile(lags, q / 100))
        return {metric: figure | common for metric, figure in figures.items()}


def _change(figure: dict[str, Any], before: dict[str, Any]) -> tuple[float | None, float | None]:
    """The interval of change_pp; null without a month before."""
    if not before:
        return None, None
    counts = figure["numerator"], figure["denominator"], before["numerator"], before["denominator"]
    low, high = difference_interval(*counts)
    return (None, None) if low is None or high is None else (100 * low, 100 * high)


def _figure(
    numerator: int | None, denominator: int, value: float | None, lo: float | None = None, hi: float | None = None
) -> dict[str, Any]:
    return {"numerator": numerator, "denominator": denominator, "value": value, "lo": lo, "hi": hi}
