"""The console's lines about Dagster's runs: one for each start, end, warning and failed check.

Add a kind of line here; everything else that Dagster prints goes to a log file (`processes`).
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click
import dagster as dg

from cleargrid_assets.commands.instance import IN_A_PROCESS
from cleargrid_assets.run_history import cause_of, run_month, run_name, step_failures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dagster import EventLogEntry

OVERLAP = timedelta(seconds=5)
"""Dagster may record a run a little later than the time it records for it."""

STEPS_LEFT_OUT = "Dependencies for step "
"""Dagster's own warning, one for each step downstream of a failed one."""

EventType = dg.DagsterEventType
WORDS = {
    EventType.RUN_START: "started",
    EventType.RUN_SUCCESS: click.style("ok", fg="green"),
    EventType.RUN_CANCELED: "canceled",
}


@dataclass
class RunLines:
    """The lines of all runs of `instance`, from `since` on."""

    instance: dg.DagsterInstance
    since: datetime
    _asked_at: datetime = field(init=False)
    _cursors: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._asked_at = self.since

    def new(self) -> Iterator[str]:
        """The lines since the last call."""
        changed = self.instance.get_runs(dg.RunsFilter(updated_after=self._asked_at - OVERLAP))
        self._asked_at = datetime.now(UTC)
        unfinished = self.instance.get_runs(dg.RunsFilter(statuses=list(IN_A_PROCESS)))
        for run in {run.run_id: run for run in reversed([*changed, *unfinished])}.values():
            yield from self._lines(run)

    def _lines(self, run: dg.DagsterRun) -> Iterator[str]:
        """The new events of one run that a person wants to see."""
        events = self.instance.get_records_for_run(run.run_id, self._cursors.get(run.run_id))
        self._cursors[run.run_id] = events.cursor
        for record in events.records:
            text = self._text(run, record.event_log_entry)
            if text and record.timestamp >= self.since.timestamp():
                yield f"{datetime.fromtimestamp(record.timestamp).astimezone():%H:%M:%S}  {run_month(run):<7}  {text}"

    def _text(self, run: dg.DagsterRun, entry: EventLogEntry) -> str | None:
        event = entry.dagster_event
        if event is None:
            is_ours = not entry.user_message.startswith(STEPS_LEFT_OUT)
            text = f"warning: {entry.user_message}" if is_ours and int(entry.level) >= logging.WARNING else None
        elif event.event_type is EventType.ASSET_CHECK_EVALUATION:
            text = _check_text(event.asset_check_evaluation_data)
        elif event.event_type is EventType.STEP_UP_FOR_RETRY:
            text = f"{run_name(run)}: trying again. {first_sentence(_reason(event))}"
        elif event.event_type is EventType.RUN_FAILURE:
            cause = failure_of(self.instance, run) or event.message or ""
            text = f"{run_name(run)}: {click.style('failed', fg='red')}. {first_sentence(cause)}"
        else:
            word = WORDS.get(event.event_type)
            text = f"{run_name(run)}: {word}" if word else None
        return text


def failure_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    """The cause and the next step from the run's first failed step; None if no step failed."""
    failures = step_failures(instance, run.run_id)
    return cause_of(failures[0]) if failures else None


def first_sentence(text: str) -> str:
    """What happened, without the advice that follows."""
    return re.split(r"(?<=\.)\s|\sNext: ", " ".join(text.split()), maxsplit=1)[0]


def _reason(event: dg.DagsterEvent) -> str:
    """Why a step asks to run again, without Python class names."""
    error = event.step_retry_data.error
    cause = error.cause or error if error else None
    return cause.message.removeprefix(f"{dg.Failure.__module__}.{dg.Failure.__name__}: ") if cause else ""


def _check_text(evaluation: dg.AssetCheckEvaluation) -> str | None:
    if evaluation.passed:
        return None
    word = "warning" if evaluation.severity is dg.AssetCheckSeverity.WARN else click.style("check failed", fg="red")
    where = f"{evaluation.check_name} of {evaluation.asset_key.to_user_string()}"
    return f"{word}: {where}. {first_sentence(evaluation.description or '')}"
