"""The warehouse's errors, one for each thing that the reader has to do about them."""


class WarehouseError(Exception):
    """The warehouse could not be used; nothing was written."""


class WarehouseBusyError(WarehouseError):
    """Another process or program held the warehouse for longer than we wait: run again when it is free."""


class WarehouseConflictError(WarehouseError):
    """Another program changed the same table at the same moment: the same write can be tried again at once."""


class WarehouseIdentityError(WarehouseError):
    """The warehouse belongs to another environment, lender or time zone: use another, or correct the setting."""


class WarehouseMissingError(WarehouseError):
    """There is no warehouse at the address yet: load a month first."""


class WarehouseUnreachableError(WarehouseError):
    """The lake's catalog or its data did not answer: start it, or wait until it is back."""


class WarehouseUnreadableError(WarehouseError):
    """The address is not a warehouse, or it cannot be opened: correct the address or the permissions."""


class WarehouseVersionError(WarehouseError):
    """A newer release has changed the tables: install it here as well."""


class WarehouseWriteError(WarehouseError):
    """A write failed and was rolled back: free disk space or memory and run again."""


def first_line(error: BaseException) -> str:
    """The database's message without its hints and statements."""
    return str(error).strip().split("\n", 1)[0]
