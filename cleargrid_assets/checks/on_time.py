"""The freshness checks: does the warehouse hold what it should hold by now?

Add a question to the ledger of loads here; `schedules` decides when they are asked, and `months_in_order` lists every
month. The checks belong to the ledger `raw/d23_loads`, which no run materializes, so a backfill does not run them
again for each of its months. The freshness policy on every page is no substitute: any run satisfies it, even one of
an old month.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cleargrid_assets.checks.repair import repair_command
from cleargrid_assets.partitions import month_of, recent_months, window_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import dagster as dg

    from cleargrid_assets.landing.ledger import LastLoad

GRACE = timedelta(hours=6)
"""What the daily refresh may take after midnight: before that, nobody can expect a new month."""

REREAD_WITHIN = timedelta(hours=30)
"""A day, the hour that a clock change adds, and what a refresh may take."""

NEWEST_WITHIN = timedelta(hours=72)
"""A weekend without calls is no alarm."""


@dataclass(frozen=True)
class Situation:
    """What the warehouse holds at `now`. `newest_at`: the latest attempt that is not in the future, naive UTC."""

    now: datetime
    months: dg.MonthlyPartitionsDefinition
    trailing: int
    loads: Mapping[date, LastLoad]
    newest_at: datetime | None

    def all_keys(self) -> list[str]:
        """Every month from the first one to the open one."""
        return list(self.months.get_partition_keys(current_time=self.now))

    def load_of(self, key: str) -> LastLoad | None:
        """The month's last load."""
        return self.loads.get(month_of(key))

    def age_of(self, key: str) -> timedelta | None:
        """How long ago the month was last read; None when it never was."""
        load = self.load_of(key)
        return None if load is None else self.now - load.loaded_at.replace(tzinfo=UTC)

    def recent(self) -> list[str]:
        """The open month and the trailing ones; one that has only just begun is not expected yet."""
        keys = recent_months(self.months, self.now, self.trailing + 1)
        return [key for key in keys if window_of(self.months, key).since + GRACE <= self.now]


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds, one sentence with the next step, and figures for the check's page."""

    passed: bool
    sentence: str
    figures: Mapping[str, Any] = field(default_factory=dict)


def the_last_closed_month_arrived(situation: Situation) -> Verdict:
    """The newest month that ended at least six hours ago was read after its end."""
    months = situation.months
    closed = [key for key in situation.all_keys() if window_of(months, key).until + GRACE <= situation.now]
    if not closed:
        return Verdict(passed=True, sentence="No month since CLEARGRID_START_MONTH has ended yet.")
    last = closed[-1]
    load = situation.load_of(last)
    figures = {"month": last[:7]}
    if load is not None and load.is_complete:
        return Verdict(passed=True, sentence=f"{last[:7]} was read after its end.", figures=figures)
    found = "was never read" if load is None else f"was last read before its end ({_at(load.loaded_at)})"
    sentence = (
        f"{last[:7]} has ended but {found}. Look for its failed run under Runs; if there is none, see that "
        f"refresh_recent_months is running under Automation. Read it now: {repair_command([last])}"
    )
    return Verdict(passed=False, sentence=sentence, figures=figures)


def every_recent_month_was_read_again(situation: Situation) -> Verdict:
    """The open month and the trailing ones were each read within 30 hours."""
    ages = {key: situation.age_of(key) for key in situation.recent()}
    late = [key for key, age in ages.items() if age is None or age > REREAD_WITHIN]
    figures = {f"hours since {key[:7]} was read": _hours(age) for key, age in ages.items() if age is not None}
    if not late:
        return Verdict(passed=True, sentence="Every recent month was read within 30 hours.", figures=figures)
    sentence = (
        f"Not read within 30 hours: {', '.join(_last_read(key, ages[key]) for key in late)}. What ClearGrid changed "
        f"since then is not in the figures. Look for failed runs of these months; if there are none, see that "
        f"Dagster's daemon was up and refresh_recent_months is running under Automation. "
        f"Read them now: {repair_command(late)}"
    )
    return Verdict(passed=False, sentence=sentence, figures=figures)


def the_newest_attempt_is_recent(situation: Situation) -> Verdict:
    """The newest landed row happened within 72 hours."""
    if situation.newest_at is None:
        open_month = recent_months(situation.months, situation.now, 1)
        sentence = f"No row has landed yet. Load a month: {repair_command(open_month)}"
        return Verdict(passed=False, sentence=sentence)
    age = situation.now - situation.newest_at.replace(tzinfo=UTC)
    figures = {"hours since the newest attempt": _hours(age)}
    if age <= NEWEST_WITHIN:
        return Verdict(passed=True, sentence=f"The newest attempt is of {_at(situation.newest_at)}.", figures=figures)
    sentence = f"The newest attempt is of {_at(situation.newest_at)}, more than 72 hours ago. {_whose_turn(situation)}"
    return Verdict(passed=False, sentence=sentence, figures=figures)


def _whose_turn(situation: Situation) -> str:
    """Ours when the open month was not read of late; ClearGrid's when it was, and there was nothing new in it."""
    late = [key for key in situation.recent()[-1:] if (situation.age_of(key) or REREAD_WITHIN * 2) > REREAD_WITHIN]
    if late:
        return f"The open month was not read within 30 hours either; read it now: {repair_command(late)}"
    return (
        "The open month was read within 30 hours, so ClearGrid has sent nothing newer: ask whether your agents worked "
        "these days, then ask ClearGrid whether D23 is delayed."
    )


def _last_read(key: str, age: timedelta | None) -> str:
    return f"{key[:7]} (never)" if age is None else f"{key[:7]} ({_hours(age):.0f} h ago)"


def _hours(age: timedelta) -> float:
    return round(age.total_seconds() / 3600, 1)


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
