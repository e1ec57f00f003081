"""The reasons not to land a month that was read completely. In each case the warehouse is unchanged."""

from cleargrid_assets.client import ContractError, TransientError


class ReconciliationError(ContractError):
    """ClearGrid's own exact count disagrees with the rows it sent."""


class RecountError(TransientError):
    """Fewer rows came than ClearGrid had counted, and it did not count again, so they cannot be compared."""


class ConservationError(Exception):
    """A received row is neither landed, quarantined nor a duplicate: a bug of ours."""


class VanishLimitError(Exception):
    """More rows of a month would vanish than the setting allows."""
