"""The alert sensors, which send each failure to the team's chat once, and its recovery once.

Dagster's own run-status sensors (`run_failure_sensor`) advance their cursor past a run even if their function raises,
so they lose an alert while the chat is down. These sensors keep their own cursor and advance it only past what was
delivered. The text of an alert belongs in `alerts`, and code that reads a run belongs in
`run_history`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.alerts import (
    AlertError,
    Origin,
    failed_checks_text,
    failed_runs_text,
    recovery_text,
    send_alert,
    subject_of,
)
from cleargrid_assets.run_history import (
    ENDS,
    MAX_AGE,
    awaits_retry,
    ended_runs,
    evaluations_of,
    failed_checks_of,
    failed_run,
    is_preview,
    is_retried,
    previewed_steps,
    run_month,
    succeeded_steps,
)

if TYPE_CHECKING:
    from cleargrid_assets.run_history import EndedRun, FailedRun
    from cleargrid_assets.settings import Settings

OFF = "CLEARGRID_ALERT_WEBHOOK is not set: no alert was sent."
MAX_TICK_SECONDS = 30.0
"""Dagster stops a tick after a minute, and the next one would send the same alerts again."""

MAX_TICKS_OF_WAITING = 4
MAX_WAITING = 100
MAX_FAILURES = 200


@dataclass(frozen=True)
class Failure:
    """A failure that the chat knows of: its run, the run's end and month, and the failed steps."""

    run_id: str
    at: str
    month: str = ""
    steps: tuple[str, ...] = ()


@dataclass
class State:
    """What a sensor remembers between ticks; its cursor is this as JSON.

    `position`: the event up to which every alert was delivered. `waiting`: failed runs that should be started again,
    with the number of ticks since. `failures`: failures that the chat knows of and that have not recovered, by subject.
    """

    position: int
    waiting: dict[str, int] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)

    @classmethod
    def from_cursor(cls, cursor: str | None, instance: dg.DagsterInstance) -> State:
        """The state in `cursor`. Without a cursor, skip the past; convert a cursor of the previous release."""
        try:
            stored = json.loads(cursor or "{}")
        except json.JSONDecodeError:
            stored = {}
        if "record_id" in stored:
            return cls(stored["record_id"])
        if "position" not in stored:
            return cls.starting_now(instance)
        failures = {
            subject: Failure(**{**failure, "steps": tuple(failure["steps"])})
            for subject, failure in stored["failures"].items()
        }
        return cls(stored["position"], stored["waiting"], failures)

    @classmethod
    def starting_now(cls, instance: dg.DagsterInstance) -> State:
        """The state that skips everything that has happened so far."""
        newest = [record.storage_id for kind in ENDS for record in instance.fetch_run_status_changes(kind, 1).records]
        return cls(max(newest, default=0))

    def cursor(self) -> str:
        """The state as JSON."""
        return json.dumps(asdict(self))

    def add_failure(self, subject: str, failure: Failure) -> None:
        """Keep a failure until it recovers. If there are too many, drop the oldest: its recovery is not sent."""
        self.failures[subject] = failure
        while len(self.failures) > MAX_FAILURES:
            del self.failures[next(iter(self.failures))]


Alerts = Callable[[dg.DagsterInstance, Origin, State], Iterator[str]]
"""Yields texts; changes the state only when the next one is requested, that is, once a text was delivered."""


def build_alert_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors for failed runs and failed checks; running if CLEARGRID_ALERT_WEBHOOK is set, else stopped."""
    return [
        _sensor(
            settings,
            "alert_on_failed_run",
            "Sends each failed run's cause and next step to the team's chat, and a message when it succeeds again.",
            alerts_on_runs,
        ),
        _sensor(
            settings,
            "alert_on_failed_check",
            "Sends checks of severity ERROR that failed in an otherwise successful run to the team's chat, and a "
            "message when they pass again.",
            alerts_on_checks,
        ),
    ]


def _sensor(settings: Settings, name: str, description: str, alerts: Alerts) -> dg.SensorDefinition:
    is_on = settings.is_alerting
    off = "" if is_on else " Set CLEARGRID_ALERT_WEBHOOK to switch it on."

    @dg.sensor(
        name=name,
        default_status=dg.DefaultSensorStatus.RUNNING if is_on else dg.DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=30,
        description=f"{description} Skips what is older than {MAX_AGE.days} days.{off}",
    )
    def alert(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        if not settings.is_alerting:
            return dg.SensorResult(skip_reason=OFF, cursor=State.starting_now(context.instance).cursor())
        state = State.from_cursor(context.cursor, context.instance)
        outcome = _deliver(settings, alerts(context.instance, Origin.of(settings), state))
        return dg.SensorResult(skip_reason=outcome, cursor=state.cursor())

    return alert


def _deliver(settings: Settings, texts: Iterator[str]) -> str:
    """Send texts until one is not delivered or the tick's time is up; return a summary.

    Raises if the first one is not delivered: the tick is then red under *Automation*, and the next one tries again.
    """
    give_up_at, delivered = time.monotonic() + MAX_TICK_SECONDS, 0
    for text in texts:
        try:
            send_alert(settings, text)
        except AlertError as error:
            if not delivered:
                raise
            return f"Alerts sent: {delivered}. The next tick will try the others: {error}."
        delivered += 1
        if time.monotonic() > give_up_at:
            next(texts, None)  # lets the state record that the last one was delivered
            break
    return f"Alerts sent: {delivered}."


def alerts_on_runs(instance: dg.DagsterInstance, origin: Origin, state: State) -> Iterator[str]:
    """Alerts on failed runs, grouped by reason, and on their recoveries."""
    yield from _alerts_on_missing_retries(instance, origin, state)
    group: list[tuple[EndedRun, FailedRun]] = []
    for ended in ended_runs(instance, state.position):
        failed = (
            failed_run(instance, ended.run)
            if ended.is_failure and not is_preview(instance, ended.run) and not _is_retried(instance, ended.run, state)
            else None
        )
        if group and (failed is None or failed.kind != group[0][1].kind):
            yield from _alert_on_group(origin, state, group)
        if failed:
            group.append((ended, failed))
        elif not ended.is_failure and not previewed_steps(ended.run):
            yield from _alert_on_recovery(instance, origin, state, ended)
        if not group:
            state.position = ended.position
    yield from _alert_on_group(origin, state, group)


def _is_retried(instance: dg.DagsterInstance, run: dg.DagsterRun, state: State) -> bool:
    """True if the failed run was started again, or should be, in which case it is added to the waiting runs."""
    if awaits_retry(instance, run) and len(state.waiting) < MAX_WAITING:
        state.waiting.setdefault(run.run_id, 0)
        return True
    return is_retried(instance, run)


def _alerts_on_missing_retries(instance: dg.DagsterInstance, origin: Origin, state: State) -> Iterator[str]:
    """Alerts on runs that were not started again after all, for example because their backfill was cancelled."""
    for run_id, ticks in list(state.waiting.items()):
        run = instance.get_run_by_id(run_id)
        if run is None or is_retried(instance, run):
            del state.waiting[run_id]
        elif awaits_retry(instance, run) and ticks < MAX_TICKS_OF_WAITING:
            state.waiting[run_id] = ticks + 1
        else:
            failed = failed_run(instance, run)
            yield failed_runs_text(origin, [failed])
            state.add_failure(subject_of(run), _failure(failed, datetime.now(UTC)))
            del state.waiting[run_id]


def _alert_on_group(origin: Origin, state: State, group: list[tuple[EndedRun, FailedRun]]) -> Iterator[str]:
    if group:
        yield failed_runs_text(origin, [failed for _, failed in group])
        for ended, failed in group:
            state.add_failure(subject_of(ended.run), _failure(failed, ended.at))
        state.position = group[-1][0].position
        group.clear()


def _failure(failed: FailedRun, at: datetime) -> Failure:
    return Failure(failed.run.run_id, _format_minute(at), run_month(failed.run), failed.steps)


def _alert_on_recovery(instance: dg.DagsterInstance, origin: Origin, state: State, ended: EndedRun) -> Iterator[str]:
    """A failure has recovered once the same job succeeds or another run completes the same steps of the month."""
    completed_steps: set[str] = set()
    if any(failure.steps and failure.month == run_month(ended.run) for failure in state.failures.values()):
        completed_steps = succeeded_steps(instance, ended.run.run_id)
    recovered = {
        subject: failure
        for subject, failure in state.failures.items()
        if subject == subject_of(ended.run)
        or (failure.steps and failure.month == run_month(ended.run) and completed_steps.issuperset(failure.steps))
    }
    yield from _recover(origin, state, ended, recovered, f"succeeded at {_format_minute(ended.at)}")


def alerts_on_checks(instance: dg.DagsterInstance, origin: Origin, state: State) -> Iterator[str]:
    """Alerts on failed checks of successful runs, and on their recoveries; a failed run's alert lists its own."""
    for ended in ended_runs(instance, state.position):
        if not ended.is_failure and not is_preview(instance, ended.run):
            yield from _alert_on_checks(instance, origin, state, ended)
        yield from _alert_on_recovered_checks(instance, origin, state, ended)
        state.position = ended.position


def _alert_on_checks(instance: dg.DagsterInstance, origin: Origin, state: State, ended: EndedRun) -> Iterator[str]:
    checks = failed_checks_of(instance, ended.run.run_id)
    failed = {_check(ended, check.asset, check.name, check.month): check for check in checks}
    delivered = {subject for subject, failure in state.failures.items() if failure.run_id == ended.run.run_id}
    new = {subject: check for subject, check in failed.items() if subject not in delivered}
    if new:
        yield failed_checks_text(origin, ended.run, list(new.values()))
        for subject in new:
            state.add_failure(subject, Failure(ended.run.run_id, _format_minute(ended.at)))


def _alert_on_recovered_checks(
    instance: dg.DagsterInstance, origin: Origin, state: State, ended: EndedRun
) -> Iterator[str]:
    if not state.failures:
        return
    passed = {
        _check(ended, evaluation.asset_key.to_user_string(), evaluation.check_name, (evaluation.partition or "")[:7])
        for evaluation in evaluations_of(instance, ended.run.run_id)
        if evaluation.passed
    }
    recovered = {subject: failure for subject, failure in state.failures.items() if subject in passed}
    yield from _recover(origin, state, ended, recovered, "passes again")


def _recover(origin: Origin, state: State, ended: EndedRun, recovered: dict[str, Failure], how: str) -> Iterator[str]:
    """One alert on all that recovered with the run; then they are forgotten."""
    if recovered:
        lines = [f"{subject}: failed at {failure.at}, {how}." for subject, failure in recovered.items()]
        yield recovery_text(origin, ended.run, lines)
        for subject in recovered:
            del state.failures[subject]


def _check(ended: EndedRun, asset: str, name: str, month: str) -> str:
    """The check's name in an alert, with its month, or else the run's; a load checks months it took rows from, too."""
    month = month or run_month(ended.run)
    return f"{asset}, {name}{f', month {month}' if month else ''}"


def _format_minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
