"""Alerts: what a failed run or check says to a team's chat, and the webhook that carries it.

Here: the text, in Slack's JSON, which Mattermost, Rocket.Chat and Teams' workflows read too, and its delivery. Not
here: when one is sent (`sensors`). The address is a secret: whoever has it can write to the channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.client import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets.settings import Settings

LONGEST_TEXT = 3000
TIMEOUT_SECONDS = 10
TAKEN = range(200, 300)
RETRIED = (429, 500, 502, 503, 504)
MASK = "***"


class AlertError(Exception):
    """The webhook did not take the alert. The message never holds its address."""


@dataclass(frozen=True)
class FailedCheck:
    """A check of severity ERROR that found something: its asset, its name and its sentence."""

    asset: str
    name: str
    sentence: str


def send_alert(settings: Settings, text: str) -> None:
    """Post `text` to the configured webhook, without the secrets that this process knows.

    Raises `AlertError` when it was not taken after three attempts, `SettingsError` when there is no usable address.
    """
    url = settings.alert_webhook
    if url is None:
        raise SettingsError("CLEARGRID_ALERT_WEBHOOK is not set: no alert can be sent")
    for secret in settings.secrets:
        for form in (secret, _escaped(secret)):
            text = text.replace(form, MASK)
    status = _post(url, text[:LONGEST_TEXT])
    if status not in TAKEN:
        raise AlertError(f"the alert was not delivered: CLEARGRID_ALERT_WEBHOOK answered {status}")


def _post(url: str, text: str) -> int:
    """The status of the last of three attempts. The HTTP library is imported by who sends: start-up need not pay."""
    import requests  # noqa: PLC0415 - see the docstring
    from requests.adapters import HTTPAdapter  # noqa: PLC0415
    from urllib3.util.retry import Retry  # noqa: PLC0415

    attempts = Retry(total=2, backoff_factor=0.2, status_forcelist=RETRIED, allowed_methods=("POST",))
    try:
        with requests.Session() as session:
            session.mount("https://", HTTPAdapter(max_retries=attempts))
            session.mount("http://", HTTPAdapter(max_retries=attempts))
            answer = session.post(url, json={"text": text}, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        # Not `from error`: its text holds the address.
        raise AlertError(f"the alert was not delivered: {type(error).__name__} at CLEARGRID_ALERT_WEBHOOK") from None
    return answer.status_code


def environment_of(settings: Settings) -> str:
    """What an alert calls the environment. One that is not usable fails every run: that must be told as well."""
    try:
        return settings.environment
    except SettingsError:
        return "no usable CLEARGRID_ENVIRONMENT"


def failed_run_text(
    environment: str, run: dg.DagsterRun, causes: Sequence[str], failed_checks: Sequence[FailedCheck]
) -> str:
    """What failed, why, and where to look."""
    return _text(environment, "run failed", run, [*causes, *(_line(failed) for failed in failed_checks)])


def failed_checks_text(environment: str, run: dg.DagsterRun, failed_checks: Sequence[FailedCheck]) -> str:
    """Which checks failed in a run that otherwise succeeded."""
    title = "check failed" if len(failed_checks) == 1 else f"{len(failed_checks)} checks failed"
    return _text(environment, title, run, [_line(failed) for failed in failed_checks])


def _text(environment: str, title: str, run: dg.DagsterRun, lines: Sequence[str]) -> str:
    month = run.tags.get("dagster/partition")
    what = f"month {month[:7]}" if month else f"job {run.job_name}"
    paragraphs = [f"*cleargrid_assets, {environment}: {title}* - {what}", *map(_escaped, lines)]
    return "\n".join([*paragraphs, f"In the Dagster UI: Runs, run {run.run_id[:8]}"])


def _line(failed: FailedCheck) -> str:
    return f"{failed.asset}, {failed.name}: {failed.sentence}"


def _escaped(text: str) -> str:
    """The three characters that Slack reads as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def failed_checks_of(instance: dg.DagsterInstance, run_id: str) -> list[FailedCheck]:
    """The checks of severity ERROR that failed in the run; a warning is for the UI, not for the night."""
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    evaluations = [entry.dagster_event.asset_check_evaluation_data for entry in entries if entry.dagster_event]
    return [
        FailedCheck(found.asset_key.to_user_string(), found.check_name, found.description or "failed")
        for found in evaluations
        if not found.passed and found.severity is dg.AssetCheckSeverity.ERROR
    ]


def causes_of(events: Sequence[dg.DagsterEvent]) -> list[str]:
    """Each failed step's message as the asset worded it, with the next step; else the error's first line."""
    return [_cause(event) for event in events]


def _cause(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    return data.error.message.strip().split("\n", 1)[0] if data.error else event.message or "failed"
