"""Why a month that was read completely is still not landed. In each case the previous month stays as it was."""

from cleargrid_assets.client import ContractError, TransientError


class ReconciliationError(ContractError):
    """ClearGrid's own exact count and the rows it sent do not agree."""


class RecountError(TransientError):
    """Fewer rows came than ClearGrid counted before, and it did not count again: nothing to compare with."""


class ConservationError(Exception):
    """A received row is neither landed, quarantined nor a duplicate: a defect of ours."""


class VanishLimitError(Exception):
    """More rows of a month would vanish than the setting allows."""
