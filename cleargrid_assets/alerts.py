"""Writes alerts about failures and recoveries, and delivers them to the team's chat by a webhook.

The format is Slack's JSON, which Mattermost, Rocket.Chat and Teams' workflows read, too. The address is a secret:
whoever has it can write to the channel. Change an alert's text here; `alert_sensors` decides when to send it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cleargrid_assets.client import SettingsError
from cleargrid_assets.run_history import month_of, name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dagster as dg

    from cleargrid_assets.run_history import FailedCheck, FailedRun
    from cleargrid_assets.settings import Settings

MAX_TEXT_LENGTH = 3000
MAX_LISTED = 12
TIMEOUT_SECONDS = 10
ACCEPTED = range(200, 300)
REJECTED = (400, 413, 422)
"""The chat rejects this text: sending it again would hold up every later alert."""

RETRIED = (429, 500, 502, 503, 504)
MASK = "***"
PERSONAL = re.compile(r"[^\s@<>\"'(]+@[\w.-]+\.\w+|(?<![\w-])\+?\d{10,15}(?![\w-])")
"""E-mail addresses and telephone numbers, which a library's error message could repeat from a row."""


class AlertError(Exception):
    """The webhook did not accept the alert. The message never holds its address."""


def send_alert(settings: Settings, text: str) -> None:
    """Post `text` to the webhook with secrets and personal data masked; only its first line if the chat rejects it.

    Raises `AlertError` after three failed attempts, `SettingsError` if there is no usable address.
    """
    url = settings.alert_webhook
    if url is None:
        raise SettingsError("CLEARGRID_ALERT_WEBHOOK is not set: no alert can be sent")
    for secret in settings.secrets:
        for form in (secret, _escaped(secret)):
            text = text.replace(form, MASK)
    text = PERSONAL.sub(MASK, text)[:MAX_TEXT_LENGTH]
    status = _post(url, text)
    if status in REJECTED:
        status = _post(
            url, f"{text.splitlines()[0]}\nThe chat rejected the whole text (HTTP {status}); see the Dagster UI."
        )
    if status not in ACCEPTED:
        raise AlertError(f"the alert was not delivered: CLEARGRID_ALERT_WEBHOOK answered {status}")


def _post(url: str, text: str) -> int:
    """The status of the last of up to three attempts. Importing the HTTP library here keeps start-up fast."""
    import requests  # noqa: PLC0415 - see the docstring
    from requests.adapters import HTTPAdapter  # noqa: PLC0415
    from urllib3.util.retry import Retry  # noqa: PLC0415

    attempts = Retry(
        total=2, backoff_factor=0.2, status_forcelist=RETRIED, allowed_methods=("POST",), raise_on_status=False
    )
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
    """The environment for an alert. An unusable one must not raise: it fails every run, which needs an alert, too."""
    try:
        return settings.environment
    except SettingsError:
        return "no usable CLEARGRID_ENVIRONMENT"


def subject_of(run: dg.DagsterRun) -> str:
    """The run's month and name, such as `month 2026-05, refresh_month`."""
    month = month_of(run)
    return f"month {month}, {name_of(run)}" if month else name_of(run)


def failed_runs_text(environment: str, failures: Sequence[FailedRun]) -> str:
    """The alert for runs that failed for the same reason: which, why, and where to look; quotes the first one."""
    first, *others = failures
    lines = [*(_line(check) for check in first.checks), *first.causes]
    if not others:
        return _text(environment, "run failed", subject_of(first.run), lines, first.run)
    months = sorted({month_of(failure.run) for failure in failures})
    return _text(
        environment,
        f"{len(failures)} runs failed for the same reason",
        f"{name_of(first.run)}, months {_listed(months)}" if any(months) else name_of(first.run),
        [f"The first of them, {subject_of(first.run)}:", *lines],
        first.run,
    )


def failed_checks_text(environment: str, run: dg.DagsterRun, failed_checks: Sequence[FailedCheck]) -> str:
    """The alert for failed checks in a run that otherwise succeeded."""
    title = "check failed" if len(failed_checks) == 1 else f"{len(failed_checks)} checks failed"
    return _text(environment, title, subject_of(run), [_line(check) for check in failed_checks], run)


def recovered_text(environment: str, run: dg.DagsterRun, recoveries: Sequence[str]) -> str:
    """The alert for failures that the chat knows of and that `run` has resolved."""
    return _text(environment, "recovered", subject_of(run), recoveries, run)


def _text(environment: str, title: str, subject: str, lines: Sequence[str], run: dg.DagsterRun) -> str:
    paragraphs = [f"*cleargrid_assets, {environment}: {title}* - {_escaped(subject)}", *map(_escaped, lines)]
    return "\n".join([*paragraphs, f"In the Dagster UI: Runs, run {run.run_id[:8]}"])


def _listed(months: Sequence[str]) -> str:
    more = f" and {len(months) - MAX_LISTED} more" if len(months) > MAX_LISTED else ""
    return f"{', '.join(months[:MAX_LISTED])}{more}"


def _line(failed: FailedCheck) -> str:
    return f"{failed.asset}, {failed.name}: {failed.sentence}"


def _escaped(text: str) -> str:
    """`text` with the three characters escaped that Slack reads as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
