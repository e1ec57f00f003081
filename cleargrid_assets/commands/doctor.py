"""`cleargrid doctor`: is everything there that a load needs? One line each, and what to do about the rest.

Here: the questions and their order. Not here: what the settings mean, or how anything is reached.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from cleargrid_assets.client import D23, ClearGridClient, ClearGridError, RetryPolicy, UnreachableError, Window
from cleargrid_assets.client.transport import BrokenExchangeError, TimedOutError, Transport
from cleargrid_assets.failures import next_step
from cleargrid_assets.outcome_map import OutcomeMap, OutcomeMapError
from cleargrid_assets.resources import WarehouseResource
from cleargrid_assets.settings import Settings
from cleargrid_assets.warehouse import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_CODES = {"settings": 3, "address": 4, "login": 5, "page": 6, "count": 7, "warehouse": 8}
PATIENCE_SECONDS = 10
"""For one request: a person is waiting."""

QUEUE_SECONDS = 15.0
FOREIGN_SECONDS = 5.0
PAGE_MINUTES = 10
KNOWN = (ClearGridError, WarehouseError, OutcomeMapError)


@dataclass(frozen=True)
class Examination:
    """The questions, in the order in which they make sense; each answers with a few words or raises."""

    settings: Settings
    now: datetime

    def settings_are_usable(self) -> str:
        """All of them, whatever a load would need first."""
        problems = self.settings.problems()
        if problems:
            raise type(problems[0])("; ".join(str(problem) for problem in problems))
        OutcomeMap.load(self.settings.outcomes)
        account = self.settings.account
        return f"{account.environment}, lender {account.lender}, months from {self.settings.start_month:%Y-%m}"

    def address_answers(self) -> str:
        """Any answer will do: what it says is the next question's matter."""
        url = self.settings.base_url
        try:
            answer = Transport(url, PATIENCE_SECONDS).send("GET", "/", seconds=PATIENCE_SECONDS)
        except (TimedOutError, BrokenExchangeError) as error:
            what = str(error) or f"nothing within {PATIENCE_SECONDS} s"
            raise UnreachableError(f"{url} does not answer ({what})") from error
        return f"{url} answers (HTTP {answer.status})"

    def login_is_accepted(self) -> str:
        """Logs in once."""
        self._client().log_in()
        return f"as {self.settings.account.email}"

    def page_arrives(self) -> str:
        """One page of D23, of ten minutes of yesterday."""
        since = self.now - timedelta(days=1)
        page = self._client().first_page(D23, Window(since, since + timedelta(minutes=PAGE_MINUTES)))
        return f"{len(page.rows)} rows of {PAGE_MINUTES} minutes of yesterday"

    def count_arrives(self) -> str:
        """ClearGrid's own count of the last day; a load works without one, too."""
        total = self._client().count(D23, Window(self.now - timedelta(days=1), self.now))
        if total.total is None:
            return f"no total ({total.note}): months will land without being reconciled with ClearGrid's own count"
        return f"{total.total} rows in the last 24 hours"

    def warehouse_is_writable(self) -> str:
        """Opens it and changes nothing; where there is none yet, looks at the place that it will lie in."""
        configured = WarehouseResource(self.settings).warehouse()
        warehouse = replace(configured, queue_seconds=QUEUE_SECONDS, foreign_seconds=FOREIGN_SECONDS)
        warehouse.examine()
        return warehouse.shown if warehouse.exists else f"{warehouse.shown} (the first load makes it)"

    def _client(self) -> ClearGridClient:
        account = self.settings.account
        return ClearGridClient(
            account.base_url,
            account.lender,
            account.email,
            account.password,
            timeout_seconds=min(PATIENCE_SECONDS, self.settings.timeout_seconds),
            retry=RetryPolicy(attempts=2, rate_limited_attempts=2),
        )


@click.command(
    epilog="Exit code: 0 when all is well; otherwise the first trouble's: "
    + ", ".join(f"{code} {name}" for name, code in EXIT_CODES.items())
    + "."
)
def doctor() -> None:
    """Check settings, address, login, one page of D23, one count and the warehouse: one line each."""
    sys.exit(examine(Settings.from_environment(), click.echo, datetime.now(UTC).replace(microsecond=0)))


def examine(settings: Settings, say: Callable[[str], object], now: datetime) -> int:
    """Ask everything, `say` a line for each; return the exit code. What needs an earlier answer is skipped."""
    asked = Examination(settings, now)
    online = {
        "settings": asked.settings_are_usable,
        "address": asked.address_answers,
        "login": asked.login_is_accepted,
        "page": asked.page_arrives,
        "count": asked.count_arrives,
    }
    code, failed = 0, ""
    for name, question in online.items():
        if failed:
            say(_line(name, f"not tried: {failed} comes first"))
        elif not _answered(name, question, say):
            code, failed = EXIT_CODES[name], name
    is_writable = _answered("warehouse", asked.warehouse_is_writable, say)
    return code or (0 if is_writable else EXIT_CODES["warehouse"])


def _answered(name: str, question: Callable[[], str], say: Callable[[str], object]) -> bool:
    """Say what the answer is; whether it was a good one."""
    try:
        say(_line(name, f"ok, {question()}"))
    except KNOWN as error:
        say(_line(name, f"FAILED. {str(error).rstrip('.')}. {next_step(error)}"))
        return False
    return True


def _line(name: str, text: str) -> str:
    return f"{name:<10} {' '.join(text.split())}"
