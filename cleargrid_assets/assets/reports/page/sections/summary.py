"""The answer first: how far the data goes, what it cannot say, and what moved, in a few sentences."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from cleargrid_assets.assets.reports.page.blocks import Answer, Block
from cleargrid_assets.assets.reports.page.section import ReportData, Row, Section
from cleargrid_assets.assets.reports.page.sentence import Facts, MonthFacts, data_line, sentences
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.tables.raw import D23_LOADS, WAREHOUSE_IDENTITY
from cleargrid_assets.time_zone_data import time_zone

if TYPE_CHECKING:
    from datetime import date, datetime, tzinfo


def _content(data: ReportData) -> list[Block]:
    facts = facts_of(data)
    return [Answer(sentences(facts), data_line(facts))]


SECTION = Section(
    position=1,
    module=__file__,
    heading="In short",
    tables=(CONTACT_ATTEMPTS, D23_LOADS, WAREHOUSE_IDENTITY),
    content=_content,
)


def facts_of(data: ReportData) -> Facts:
    """The facts that the sentences are made of."""
    loads = {row["month"]: row for row in data["summary__loads"]}
    computed = {row["month"]: row for row in data.months}
    months = sorted({*loads, *data.expected})
    facts = [_month(data, month, loads.get(month), computed.get(month)) for month in months]
    return Facts(_newest_at(data), facts, data["last_seven_days"], _today(data))


def _month(data: ReportData, month: date, load: Row | None, computed: Row | None) -> MonthFacts:
    is_open = month == max(data.expected, default=None)
    today = _today(data)
    begins = is_open and (today is None or today == month)
    return MonthFacts(
        month=month,
        state=data.expected.get(month) or _state(load, computed, is_open=is_open, begins=begins),
        is_open=is_open,
        rows_landed=load["rows_landed"] if load else 0,
        quarantined=load["rows_quarantined"] if load else 0,
        attempts=(computed["attempts"] or 0) if computed else 0,
        unmapped=(computed["unmapped"] or 0) if computed else 0,
    )


def _state(load: Row | None, computed: Row | None, *, is_open: bool, begins: bool) -> str:
    """The state of a month that neither failed nor is red. `begins`: today is its first day."""
    if is_open and (load or begins):
        return "open"
    if load is None:
        return "missing"
    if computed is None:
        return "uncomputed"
    return "final" if load["is_read_since_it_closed"] else "unfinished"


def _newest_at(data: ReportData) -> datetime | None:
    """The newest attempt on the warehouse's clock."""
    newest: datetime | None = next((row["newest_at"] for row in data["summary"]), None)
    return newest and newest.replace(tzinfo=UTC).astimezone(_clock(data))


def _today(data: ReportData) -> date | None:
    """The date on the warehouse's clock."""
    return data.now and data.now.astimezone(_clock(data)).date()


def _clock(data: ReportData) -> tzinfo:
    """The zone of the warehouse; the configured one if it has none yet."""
    zone = next((row["timezone"] for row in data["summary"]), None)
    return time_zone(zone or data.settings.timezone)
