"""Writes alerts about failures and recoveries, and delivers them to the team's chat.

A webhook receives Slack's JSON, which Mattermost, Rocket.Chat and Teams' workflows read, too; apprise delivers to every
other kind of address. The address is a secret: whoever has it can write to the channel. Change an alert's text here;
`alert_sensors` decides when to send it.
"""

from __future__ import annotations

import html
import logging
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleargrid_assets.client import SettingsError
from cleargrid_assets.partitions import month_ranges
from cleargrid_assets.run_history import run_month, run_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import dagster as dg

    from cleargrid_assets.run_history import FailedCheck, FailedRun
    from cleargrid_assets.settings import Settings

MAX_TEXT_LENGTH = 3000
TIMEOUT_SECONDS = 10
WEB_SCHEMES = ("https://", "http://")
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
    """Deliver `text` with secrets and personal data masked; only its first line if a webhook rejects it.

    Raises `AlertError` if it was not delivered, for a webhook after three attempts, and `SettingsError` if there is no
    usable address.
    """
    url = settings.alert_webhook
    if url is None:
        raise SettingsError("CLEARGRID_ALERT_WEBHOOK is not set: no alert can be sent")
    for secret in settings.secrets:
        for form in (secret, _escape(secret)):
            text = text.replace(form, MASK)
    text = PERSONAL.sub(MASK, text)[:MAX_TEXT_LENGTH]
    if url.startswith(WEB_SCHEMES):
        _post_to_webhook(url, text)
    else:
        _notify(url, text)


def _post_to_webhook(url: str, text: str) -> None:
    status = _post(url, text)
    if status in REJECTED:
        status = _post(
            url, f"{text.splitlines()[0]}\nThe chat rejected the whole text (HTTP {status}); see the Dagster UI."
        )
    if status not in ACCEPTED:
        raise AlertError(f"the alert was not delivered: CLEARGRID_ALERT_WEBHOOK answered {status}")


def _notify(url: str, text: str) -> None:
    """Deliver `text` by apprise, as plain text. Its log is off because it may hold parts of the address."""
    try:
        import apprise  # noqa: PLC0415 - an extra, which a webhook does not need
    except ModuleNotFoundError as error:
        raise SettingsError(
            "CLEARGRID_ALERT_WEBHOOK is not an https:// address, and other services need apprise; install it: "
            "pip install 'cleargrid-assets[alerts]'"
        ) from error

    title, _, body = html.unescape(text).partition("\n")
    with _silenced("apprise"):
        service = apprise.Apprise.instantiate(url)
        if service is None:
            raise SettingsError("CLEARGRID_ALERT_WEBHOOK is neither an https:// address nor one that apprise knows")
        is_delivered = service.notify(body=body or title, title=title.replace("*", ""))
    if not is_delivered:
        raise AlertError(f"the alert was not delivered: {service.service_name} did not accept it")


@contextmanager
def _silenced(name: str) -> Iterator[None]:
    """Switch a logger off while the block runs."""
    logger = logging.getLogger(name)
    was_disabled, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = was_disabled


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


@dataclass(frozen=True)
class Origin:
    """Where an alert comes from: the environment, and the address of the Dagster UI if it is set."""

    environment: str
    ui_url: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> Origin:
        """The origin for these settings. A wrong setting must not raise: it fails runs, which need an alert, too."""
        try:
            return cls(settings.environment, settings.ui_url)
        except SettingsError:
            return cls(settings.text_of(type(settings).environment) or "CLEARGRID_ENVIRONMENT is not set")

    def link_to(self, run: dg.DagsterRun) -> str:
        """Where to look at the run."""
        return f"{self.ui_url}/runs/{run.run_id}" if self.ui_url else f"In the Dagster UI: Runs, run {run.run_id[:8]}"


def subject_of(run: dg.DagsterRun) -> str:
    """The run's month and name, such as `month 2026-05, refresh_month`."""
    month = run_month(run)
    return f"month {month}, {run_name(run)}" if month else run_name(run)


def failed_runs_text(origin: Origin, failures: Sequence[FailedRun]) -> str:
    """The alert for runs that failed for the same reason: which, why, and where to look; quotes the first one."""
    first, *others = failures
    lines = [*(_line(check, first.run) for check in first.checks), *first.causes]
    if not others:
        return _text(origin, "run failed", subject_of(first.run), lines, first.run)
    months = month_ranges(f"{month}-01" for failure in failures if (month := run_month(failure.run)))
    return _text(
        origin,
        f"{len(failures)} runs failed for the same reason",
        f"{run_name(first.run)}, months {', '.join(months)}" if months else run_name(first.run),
        [f"The first of them, {subject_of(first.run)}:", *lines],
        first.run,
    )


def failed_checks_text(origin: Origin, run: dg.DagsterRun, failed_checks: Sequence[FailedCheck]) -> str:
    """The alert for failed checks in a run that otherwise succeeded."""
    title = "check failed" if len(failed_checks) == 1 else f"{len(failed_checks)} checks failed"
    return _text(origin, title, subject_of(run), [_line(check, run) for check in failed_checks], run)


def recovery_text(origin: Origin, run: dg.DagsterRun, recoveries: Sequence[str]) -> str:
    """The alert for failures that the chat knows of and that `run` has resolved."""
    return _text(origin, "recovered", subject_of(run), recoveries, run)


def _text(origin: Origin, title: str, subject: str, lines: Sequence[str], run: dg.DagsterRun) -> str:
    paragraphs = [f"*cleargrid_assets, {origin.environment}: {title}* - {_escape(subject)}", *map(_escape, lines)]
    return "\n".join([*paragraphs, origin.link_to(run)])


def _line(failed: FailedCheck, run: dg.DagsterRun) -> str:
    """A failed check, with its month if that is not the run's: a load also checks months that it took rows from."""
    month = f", month {failed.month}" if failed.month not in {"", run_month(run)} else ""
    return f"{failed.asset}, {failed.name}{month}: {failed.sentence}"


def _escape(text: str) -> str:
    """`text` with the three characters escaped that Slack reads as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
