"""Recomputes every table of `core` and `analytics` in plain Python over lists of rows, from their definitions alone.

Add the model of a new table here, without the project's SQL, macros or outcome map: the few spellings that the tests
use are classified by hand. The views are in `reference_views`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cleargrid_assets_tests.analytics.expected_values import UNMAPPED, Computed, Key, attempt, lag, quantile, rate
from cleargrid_assets_tests.analytics.reference_kpis import ReferenceKpis

if TYPE_CHECKING:
    from cleargrid_assets_tests.analytics.small_warehouse import LandedRow


class ReferenceModel(ReferenceKpis):
    """The tables of a scenario, each as rows by their grain."""

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

        not_kept = {"hardships"}
        computed = {}
        for name, rows in self.grouped(filter(self.in_scope, self.rows), key).items():
            n = self.counts(rows)
            computed[name] = {
                **{count: number for count, number in n.items() if count not in not_kept},
                **self.aged_promises(rows),
                **rate("connect_rate", n["connected"], n["attempts"]),
                **rate("contact_rate", n["contacts"], n["attempts"]),
                **rate("rpc_per_attempt", n["rpc"], n["attempts"]),
                **rate("rpc_per_contact", n["rpc"], n["contacts"]),
                **rate("ptp_per_attempt", n["promises"], n["attempts"]),
                **rate("ptp_per_rpc", n["promises"], n["rpc"]),
                "small_sample": n["attempts"] < 30,
            }
        return computed

    def aged_promises(self, rows: list[LandedRow]) -> dict[str, int]:
        """Promises that were 30 days old when the month was read, and those flagged and left alone by that age."""
        days = timedelta(days=30)
        aged = [
            row
            for row in rows
            if self.classes(row)[2] == "promise"
            and self.scenario.started_at(self.scenario.month_of(row)) - row.communicated_at >= days
        ]
        broken = [row for row in aged if row.is_ptp_broken and row.updated_at - row.communicated_at <= days]
        return {"promises_aged_30d": len(aged), "broken_by_updated_at_30d": len(broken)}

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
