"""Recomputes every table of `core` and `analytics` in plain Python over lists of rows, from their definitions alone.

Add the model of a new table here, without the project's SQL, macros or outcome map: the few spellings that the tests
use are classified by hand.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cleargrid_assets_tests.analytics.expected_values import (
    CONNECTED,
    CONTACTS,
    NOT_COMPARED,
    UNMAPPED,
    Classes,
    Computed,
    Key,
    attempt,
    classes,
    lag,
    quantile,
    rate,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from cleargrid_assets_tests.analytics.small_warehouse import LandedRow, Scenario

RESULTS = ("refusal", "settlement", "callback", "dispute", "hardship")


class ReferenceModel:
    """The tables of a scenario, each as rows by their grain."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.rows = [row for row in scenario.rows if scenario.month_of(row) in scenario.loaded_at]

    def in_scope(self, row: LandedRow) -> bool:
        return row.is_active or self.scenario.row_scope == "all"

    def classes(self, row: LandedRow) -> Classes:
        return classes(row, self.scenario.outcomes)

    def channel(self, row: LandedRow) -> str:
        return "(null)" if row.communication_type is None else row.communication_type

    def source(self, row: LandedRow) -> str:
        return "(null)" if row.interaction_source is None else row.interaction_source

    def grouped(self, rows: Iterable[LandedRow], key: Callable[[LandedRow], Key]) -> dict[Key, list[LandedRow]]:
        groups = defaultdict(list)
        for row in rows:
            groups[key(row)].append(row)
        return groups

    def counts(self, rows: list[LandedRow]) -> dict[str, int]:
        """The additive counts over rows that are in scope already."""
        classified = [(*self.classes(row), row) for row in rows]
        right = [(result, row) for _, who, result, row in classified if who == "right_party"]
        promised = [row for result, row in right if result == "promise"]
        return {
            "attempts": len(rows),
            "connected": sum(who in CONNECTED for _, who, _, _ in classified),
            "contacts": sum(who in CONTACTS for _, who, _, _ in classified),
            "third_party": sum(who == "third_party" for _, who, _, _ in classified),
            "rpc": len(right),
            "promises": len(promised),
            **{f"{name}s": sum(result == name for result, _ in right) for name in RESULTS},
            "broken": sum(row.is_ptp_broken for row in promised),
            "unmapped": sum(row.outcome_option not in self.scenario.outcomes for row in rows),
        }

    def contact_attempts(self) -> Computed:
        return {(row.public_id,): attempt(row, self.scenario, in_scope=self.in_scope(row)) for row in self.rows}

    def outcome_mix(self) -> Computed:
        def key(row: LandedRow) -> Key:
            spelling = "(null)" if row.outcome_option is None else row.outcome_option
            local = self.scenario.local(row.communicated_at)
            return self.scenario.month_of(row), local.date(), self.channel(row), self.source(row), spelling

        computed = {}
        for name, rows in self.grouped(self.rows, key).items():
            outcome, who, result = self.classes(rows[0])
            scoped = [row for row in rows if self.in_scope(row)]
            computed[name] = {
                "outcome": outcome,
                "contact_class": who,
                "result_class": result,
                "is_mapped": rows[0].outcome_option in self.scenario.outcomes,
                "rows_total": len(rows),
                "rows_active": sum(row.is_active for row in rows),
                "rows_inactive": sum(not row.is_active for row in rows),
                "attempts": len(scoped),
                "broken": sum(row.is_ptp_broken for row in scoped) if result == "promise" else 0,
            }
        return computed

    def agent_productivity(self) -> Computed:
        def key(row: LandedRow) -> Key:
            local = self.scenario.local(row.communicated_at)
            return self.scenario.month_of(row), local.date(), self.source(row), self.channel(row)

        computed = {}
        for name, rows in self.grouped(filter(self.in_scope, self.rows), key).items():
            counts = self.counts(rows)
            del counts["broken"], counts["hardships"]
            hours = len({self.scenario.local(row.communicated_at).hour for row in rows})
            instants = [row.communicated_at for row in rows]
            computed[name] = {
                **counts,
                **{f"{count}_per_active_hour": number / hours for count, number in counts.items()},
                "active_hours": hours,
                "first_at": min(instants),
                "last_at": max(instants),
                **rate("contact_rate", counts["contacts"], counts["attempts"]),
                **rate("rpc_per_contact", counts["rpc"], counts["contacts"]),
                **rate("ptp_per_rpc", counts["promises"], counts["rpc"]),
                **{f"log_lag_p{q}_s": quantile(map(lag, rows), q / 100) for q in (50, 90, 99)},
                "late_logged_1h": sum(lag(row) > 3600 for row in rows),
                "late_logged_24h": sum(lag(row) > 86400 for row in rows),
                "edited_rows": sum(row.updated_at > row.created_at for row in rows),
            }
        return computed

    def cohort_contact(self) -> Computed:
        def key(row: LandedRow) -> Key:
            local = self.scenario.local(row.communicated_at)
            return (
                self.scenario.month_of(row), self.channel(row), self.source(row), local.isoweekday(), local.hour
            )  # fmt: skip

        kept_columns = ("attempts", "connected", "contacts", "third_party", "rpc", "promises", "broken", "unmapped")
        computed = {}
        for name, rows in self.grouped(filter(self.in_scope, self.rows), key).items():
            n = self.counts(rows)
            computed[name] = {
                **{count: n[count] for count in kept_columns},
                **rate("connect_rate", n["connected"], n["attempts"]),
                **rate("contact_rate", n["contacts"], n["attempts"]),
                **rate("rpc_per_attempt", n["rpc"], n["attempts"]),
                **rate("rpc_per_contact", n["rpc"], n["contacts"]),
                **rate("ptp_per_attempt", n["promises"], n["attempts"]),
                **rate("ptp_per_rpc", n["promises"], n["rpc"]),
                "small_sample": n["attempts"] < 30,
            }
        return computed

    def calling_hours(self) -> Computed:
        computed = {}
        key = lambda row: (self.scenario.month_of(row), "reg_f", self.channel(row), self.source(row))  # noqa: E731
        for name, rows in self.grouped(self.rows, key).items():
            clocks = [self.scenario.local(row.communicated_at) for row in rows]
            seconds = [
                (clock - clock.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() for clock in clocks
            ]
            known = [second for second in seconds if second]
            early, late = sum(second < 8 * 3600 for second in known), sum(second >= 21 * 3600 for second in known)
            computed[name] = {
                "attempts": len(rows),
                "time_known": len(known),
                "outside_early": early,
                "outside_late": late,
                **rate("outside_share", early + late, len(known)),
                "verified": True,
            }
        return computed

    def ptp_vintage(self) -> Computed:
        promised = [row for row in self.rows if self.in_scope(row) and self.classes(row)[2] == "promise"]
        computed = {}
        key = lambda row: (self.scenario.month_of(row), self.channel(row), self.source(row))  # noqa: E731
        for (month, channel, source), rows in self.grouped(promised, key).items():
            observed_at = self.scenario.loaded_at[month]
            broken = sum(row.is_ptp_broken for row in rows)
            computed[month, self.scenario.load_number(month), channel, source] = {
                "observed_at": observed_at,
                "promises": len(rows),
                "broken": broken,
                **rate("broken_share", broken, len(rows)),
                "age_days": (observed_at - self.scenario.until(month)) / timedelta(days=1),
            }
        return computed

    def unmapped_outcomes(self) -> Computed:
        unmapped = [row for row in self.rows if row.outcome_option not in self.scenario.outcomes]
        key = lambda row: ("(null)" if row.outcome_option is None else UNMAPPED[row.outcome_option],)  # noqa: E731
        return {
            name: {
                "raw_spellings": sorted(
                    {"(null)" if row.outcome_option is None else row.outcome_option for row in rows}
                ),
                "rows": len(rows),
                "rows_landed": len(self.rows),
                **rate("share", len(rows), len(self.rows)),
                "first_seen_at": min(row.communicated_at for row in rows),
                "last_seen_at": max(row.communicated_at for row in rows),
                "channels": sorted({self.channel(row) for row in rows}),
            }
            for name, rows in self.grouped(unmapped, key).items()
        }

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
        return computed

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


def _figure(
    numerator: int | None, denominator: int, value: float | None, lo: float | None = None, hi: float | None = None
) -> dict[str, Any]:
    return {"numerator": numerator, "denominator": denominator, "value": value, "lo": lo, "hi": hi}
