"""The freshness checks: does the warehouse hold what it should hold by now?

Add a check on the ledger of loads here and list it in `ledger_checks`; `schedules` decides when they run, and
`month_health` lists every month. The checks belong to a ledger such as `raw/d23_loads`, which no run materializes, so a
backfill does not run them again for each of its months. The freshness policy on every page is no substitute: any run
satisfies it, even one of an old month.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.checks.repair_command import repair_command
from cleargrid_assets.partitions import month_of, recent_months, window_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from cleargrid_assets.landing.ledger import LastLoad
    from cleargrid_assets.tables.dataset import RawDataset

GRACE = timedelta(hours=6)
"""The grace period after midnight before a new month counts as missing."""

REREAD_WITHIN = timedelta(hours=30)
"""A day, plus the hour that a clock change adds, plus the time that a refresh may take."""

NEWEST_WITHIN = timedelta(hours=72)
"""Long enough that a weekend without calls is not an alarm."""


@dataclass(frozen=True)
class LedgerState:
    """A dataset's tables at `now`. `newest_at`: the latest attempt that is not in the future, naive UTC."""

    now: datetime
    dataset: RawDataset
    months: dg.MonthlyPartitionsDefinition
    trailing: int
    loads: Mapping[date, LastLoad]
    newest_at: datetime | None

    def all_keys(self) -> list[str]:
        """The keys of all months from the first one to the open one."""
        return list(self.months.get_partition_keys(current_time=self.now))

    def load_of(self, key: str) -> LastLoad | None:
        """The month's last load."""
        return self.loads.get(month_of(key))

    def age_of(self, key: str) -> timedelta | None:
        """The time since the month was last read; None if it never was."""
        load = self.load_of(key)
        return None if load is None else self.now - load.loaded_at.replace(tzinfo=UTC)

    def recent(self) -> list[str]:
        """The open month and the trailing ones, without one that has only just begun."""
        keys = recent_months(self.months, self.now, self.trailing + 1)
        return [key for key in keys if window_of(self.months, key).since + GRACE <= self.now]


def the_last_closed_month_arrived(state: LedgerState) -> dg.AssetCheckResult:
    """The newest month that ended at least six hours ago was read after its end."""
    months = state.months
    closed = [key for key in state.all_keys() if window_of(months, key).until + GRACE <= state.now]
    if not closed:
        return dg.AssetCheckResult(passed=True, description="No month since CLEARGRID_START_MONTH has ended yet.")
    last = closed[-1]
    load = state.load_of(last)
    metadata = {"month": last[:7]}
    if load is not None and load.is_complete:
        return dg.AssetCheckResult(passed=True, description=f"{last[:7]} was read after its end.", metadata=metadata)
    problem = "was never read" if load is None else f"was last read before its end ({_format_instant(load.loaded_at)})"
    sentence = (
        f"{last[:7]} has ended but {problem}. Look for its failed run under Runs; if there is none, check under "
        f"Automation that refresh_recent_months is running. To read it now: {repair_command([last])}"
    )
    return dg.AssetCheckResult(passed=False, description=sentence, metadata=metadata)


def every_recent_month_was_read_again(state: LedgerState) -> dg.AssetCheckResult:
    """The open month and the trailing ones were each read within 30 hours."""
    ages = {key: state.age_of(key) for key in state.recent()}
    late = [key for key, age in ages.items() if age is None or age > REREAD_WITHIN]
    metadata = {f"hours since {key[:7]} was read": _hours(age) for key, age in ages.items() if age is not None}
    if not late:
        oldest = max((_hours(age) for age in ages.values() if age is not None), default=0.0)
        sentence = f"Every recent month was read within 30 hours, the oldest one {oldest} h ago."
        return dg.AssetCheckResult(passed=True, description=sentence, metadata=metadata)
    sentence = (
        f"Not read within 30 hours: {', '.join(_last_read(key, ages[key]) for key in late)}. The figures lack what "
        f"ClearGrid has changed since. Look for failed runs of these months; if there are none, check that Dagster's "
        f"daemon was up and, under Automation, that refresh_recent_months is running. To read them now: "
        f"{repair_command(late)}"
    )
    return dg.AssetCheckResult(passed=False, description=sentence, metadata=metadata)


def the_newest_attempt_is_recent(state: LedgerState) -> dg.AssetCheckResult:
    """The newest landed row happened within 72 hours."""
    if state.newest_at is None:
        open_month = recent_months(state.months, state.now, 1)
        sentence = f"No row has landed yet. Load a month: {repair_command(open_month)}"
        return dg.AssetCheckResult(passed=False, description=sentence)
    age, newest = state.now - state.newest_at.replace(tzinfo=UTC), _format_instant(state.newest_at)
    metadata = {"hours since the newest attempt": _hours(age)}
    if age <= NEWEST_WITHIN:
        sentence = f"The newest attempt was made at {newest}, {_hours(age)} of at most 72 hours ago."
        return dg.AssetCheckResult(passed=True, description=sentence, metadata=metadata)
    sentence = f"The newest attempt was made at {newest}, more than 72 hours ago. {_explain_delay(state)}"
    return dg.AssetCheckResult(passed=False, description=sentence, metadata=metadata)


def _explain_delay(state: LedgerState) -> str:
    """We, if the open month was not read recently; ClearGrid, if it was and held nothing new."""
    late = [key for key in state.recent()[-1:] if (state.age_of(key) or REREAD_WITHIN * 2) > REREAD_WITHIN]
    if late:
        return f"The open month was not read within 30 hours either. To read it now: {repair_command(late)}"
    return (
        f"The open month was read within 30 hours, so ClearGrid has sent nothing newer: {state.dataset.if_silent}, "
        f"then ask ClearGrid whether {state.dataset.code} is delayed."
    )


def _last_read(key: str, age: timedelta | None) -> str:
    return f"{key[:7]} (never)" if age is None else f"{key[:7]} ({_hours(age):.0f} h ago)"


def _hours(age: timedelta) -> float:
    return round(age.total_seconds() / 3600, 1)


def _format_instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
