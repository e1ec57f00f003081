"""An error becomes a Dagster failure with the right retry meaning and the request id.

Here: the one place that knows the client's errors, the warehouse's and Dagster's. Retries are asked for error by
error, not by a policy on the asset: such a policy would also repeat the download after a defect of ours.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.client import (
    AccessDeniedError,
    ClearGridError,
    ContractError,
    DatasetUnavailableError,
    LoginRejectedError,
    PermanentError,
    QueryTooLargeError,
    SettingsError,
    TransientError,
)
from cleargrid_assets.landing.errors import ConservationError, ReconciliationError, VanishLimitError
from cleargrid_assets.outcome_map import OutcomeMapError
from cleargrid_assets.warehouse import (
    WarehouseBusyError,
    WarehouseConflictError,
    WarehouseError,
    WarehouseUnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

LANDING_ERRORS = (ClearGridError, WarehouseError, ConservationError, VanishLimitError, OutcomeMapError)
"""Everything that `failure_of` understands."""

RETRIES = dg.RetryPolicy(max_retries=2, delay=18, backoff=dg.Backoff.LINEAR)
"""For transient errors only; seconds of retrying belong to the client, whose waits are jittered.

Together they outlast an outage of a minute, and a server that stays down is reported within two.
"""

NEXT_STEPS: tuple[tuple[type[Exception], str], ...] = (
    (SettingsError, "Correct the setting that the message names, then run the month again."),
    (LoginRejectedError, "Check CLEARGRID_LENDER, CLEARGRID_EMAIL and CLEARGRID_PASSWORD with `cleargrid doctor`."),
    (AccessDeniedError, "Ask ClearGrid whether the lender is active and may read this export; name the request id."),
    (DatasetUnavailableError, "Ask ClearGrid whether D23 is available to this lender; name the request id."),
    (PermanentError, "Send ClearGrid the message and the request id."),
    (QueryTooLargeError, "Send ClearGrid the window and the request id: not even its smallest query ends in time."),
    (TransientError, "Run the month again later; if it stays so, send ClearGrid the request id."),
    (ReconciliationError, "Run the month again; if it stays so, send ClearGrid both counts and the request id."),
    (ContractError, "Send ClearGrid the message and the request id: its answer breaks its own documentation."),
    (
        VanishLimitError,
        "Ask ClearGrid about the rows that the message counts; if they are to go, raise CLEARGRID_VANISH_LIMIT once.",
    ),
    (WarehouseBusyError, "Close the program that the message names, then run the month again."),
    (WarehouseConflictError, "Run the month again; keep other programs from writing to these tables meanwhile."),
    (
        WarehouseUnreachableError,
        "Start the lake's catalog or store, or wait until it is back; then run the month again.",
    ),
    (WarehouseError, "Correct what the message names, then run the month again."),
    (OutcomeMapError, "Correct the row of CLEARGRID_OUTCOMES that the message names, then run the month again."),
    (ConservationError, "Report the message: this is a defect of cleargrid_assets."),
)


@contextmanager
def explained(retries: dg.RetryPolicy | None = None, *, retries_so_far: int = 0) -> Iterator[None]:
    """Raise known errors of the block as failures that say what to do; let unknown ones pass as they are.

    With `retries`, an error that may go away by itself asks Dagster to start over; `retries_so_far`: how often it
    has done so.
    """
    try:
        yield
    except LANDING_ERRORS as error:
        failure = failure_of(error)
        if retries is None or not is_worth_retrying(error):
            raise failure from error
        failure.__cause__ = error
        raise dg.RetryRequested(retries.max_retries, retries.calculate_delay(retries_so_far + 1)) from failure


def failure_of(error: Exception) -> dg.Failure:
    """The failure that tells a person what happened and what to do; retried only when that can help."""
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
        description=f"{error} Next: {step}",
        metadata={name: value for name, value in facts.items() if value is not None},
        allow_retries=is_worth_retrying(error),
    )


def is_worth_retrying(error: Exception) -> bool:
    """Whether the same run may succeed minutes later without anybody doing anything."""
    if isinstance(error, TransientError):
        return not error.budget_spent and not isinstance(error, QueryTooLargeError)
    return isinstance(error, (WarehouseBusyError, WarehouseConflictError, WarehouseUnreachableError))


def next_step(error: Exception) -> str:
    """What the reader of a failed run does first."""
    return next(step for kind, step in NEXT_STEPS if isinstance(error, kind))
