"""Translates errors into Dagster failures with the right retry behaviour and the request id.

Add the next step for a new error here, the one place that knows the errors of client, warehouse and Dagster. Retries
are requested per error, because a retry policy on the asset would also repeat the download after a bug of ours.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from cleargrid_assets.client import (
    AccessDeniedError,
    ContractError,
    DatasetUnavailableError,
    LoginRejectedError,
    PermanentError,
    QueryTooLargeError,
    RequestBudgetError,
    SettingsError,
    TransientError,
)
from cleargrid_assets.command_names import with_commands
from cleargrid_assets.landing.errors import ReconciliationError, VanishLimitError
from cleargrid_assets.marts import MartError
from cleargrid_assets.outcome_map import OutcomeMapError
from cleargrid_assets.warehouse import (
    WarehouseBusyError,
    WarehouseConflictError,
    WarehouseError,
    WarehouseUnreachableError,
)

if TYPE_CHECKING:
    from types import TracebackType

RETRIES = dg.RetryPolicy(max_retries=2, delay=18, backoff=dg.Backoff.LINEAR)
"""For transient errors only. The client retries within seconds, with jitter; these retries come on top.

Together they outlast an outage of one minute; a server that stays down is reported within two.
"""

INTERRUPTIONS = (KeyboardInterrupt, DagsterExecutionInterruptedError)
INTERRUPTED_QUERY = "Query interrupted"

NEXT_STEPS: tuple[tuple[type[Exception], str], ...] = (
    (MartError, "Correct the file that the message names, then start this run again."),
    (SettingsError, "Correct the setting that the message names, then start this run again."),
    (LoginRejectedError, "Check CLEARGRID_LENDER, CLEARGRID_EMAIL and CLEARGRID_PASSWORD with `cleargrid doctor`."),
    (AccessDeniedError, "Ask ClearGrid whether the lender is active and may read this export; quote the request id."),
    (DatasetUnavailableError, "Ask ClearGrid whether the dataset is available to this lender; quote the request id."),
    (PermanentError, "Send ClearGrid the message and the request id."),
    (QueryTooLargeError, "Send ClearGrid the window and the request id: even the smallest query times out."),
    (TransientError, "Start this run again later; if it fails again, send ClearGrid the request id."),
    (RequestBudgetError, "Raise CLEARGRID_OBSERVE_REQUESTS, or start this run again later."),
    (ReconciliationError, "Start this run again; if it fails again, send ClearGrid both counts and the request id."),
    (ContractError, "Send ClearGrid the message and the request id: the response contradicts its documentation."),
    (
        VanishLimitError,
        "Ask ClearGrid about these rows; if it removed them, load once with the run config `accept_vanished: true`.",
    ),
    (WarehouseBusyError, "Wait for the runs, or close the program, that the message names; then start this run again."),
    (WarehouseConflictError, "Start this run again; keep other programs from writing to these tables meanwhile."),
    (WarehouseUnreachableError, "Start the lake's catalog or store, or wait for it; then start this run again."),
    (WarehouseError, "Correct what the message names, then start this run again."),
    (OutcomeMapError, "Correct the row of CLEARGRID_OUTCOMES that the message names, then start this run again."),
    (Exception, "This is a bug in cleargrid_assets: report it with this message."),
)


class dagster_failures(AbstractContextManager[None]):  # noqa: N801 - callers use it like a function
    """Turn the block's errors into Dagster failures that say what to do; an unforeseen error is reported as a bug.

    With `retries`, an error that may go away by itself asks Dagster to run the step again; `retries_so_far` is the
    number of times it has done so.
    """

    def __init__(self, retries: dg.RetryPolicy | None = None, *, retries_so_far: int = 0) -> None:
        self._retries, self._retries_so_far = retries, retries_so_far

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Translate the error; leave Dagster's own exceptions, and any that is not an `Exception`, alone."""
        if not isinstance(error, Exception) or isinstance(error, (dg.Failure, dg.RetryRequested)):
            return
        if is_interrupt(error):
            raise DagsterExecutionInterruptedError from error
        failure = failure_of(error)
        if self._retries is None or not is_worth_retrying(error):
            raise failure from error
        failure.__cause__ = error
        delay = self._retries.calculate_delay(self._retries_so_far + 1)
        raise dg.RetryRequested(self._retries.max_retries, delay) from failure


def is_interrupt(error: BaseException | None) -> bool:
    """True if the run was asked to stop and `error` is only a consequence of that.

    DuckDB replaces the interruption with its own error, and cleaning up may fail and hide it.
    """
    if isinstance(error, INTERRUPTIONS) or str(error) == INTERRUPTED_QUERY:
        return True
    return error is not None and is_interrupt(error.__context__)


def failure_of(error: Exception) -> dg.Failure:
    """The failure that says what happened and what to do; Dagster retries it only if that can help."""
    step = next_step(error)
    facts = {
        "error": type(error).__name__,
        "next_step": step,
        "request_id": getattr(error, "request_id", None),
        "http_status": getattr(error, "status", None),
        "attempts": getattr(error, "attempts", None),
        "doing": getattr(error, "doing", None),
    }
    return dg.Failure(
        description=f"{_cause(error)} Next: {step}",
        metadata={name: value for name, value in facts.items() if value is not None},
        allow_retries=is_worth_retrying(error),
    )


def _cause(error: Exception) -> str:
    """What happened, as a sentence. For an error that is not ours: its class and the first line of its message."""
    is_ours = type(error).__module__.startswith("cleargrid_assets.")
    text = str(error) if is_ours else f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    return text if text.endswith((".", "!", "?")) else f"{text}."


def is_worth_retrying(error: Exception) -> bool:
    """True if the same run may succeed minutes later without anybody's help."""
    if isinstance(error, TransientError):
        return error.is_retryable and not isinstance(error, QueryTooLargeError)
    return isinstance(error, (WarehouseBusyError, WarehouseConflictError, WarehouseUnreachableError))


def next_step(error: Exception) -> str:
    """What the reader of a failed run should do first."""
    return with_commands(next(step for kind, step in NEXT_STEPS if isinstance(error, kind)))
