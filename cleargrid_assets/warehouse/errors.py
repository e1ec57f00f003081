"""The warehouse's errors, one for each thing that the reader has to do about them."""


class WarehouseError(Exception):
    """The warehouse could not be used; nothing was written."""


class WarehouseBusyError(WarehouseError):
    """Another process or program held the warehouse for longer than we wait: run again when it is free."""


class WarehouseConflictError(WarehouseError):
    """Another program changed the same table at the same moment, or may have, because the writer lock was lost.

    The same write can be tried again at once.
    """


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


def write_error(place: str, message: str, *, is_out_of_memory: bool) -> WarehouseWriteError:
    """What to do about a full disk, or about too little memory for DuckDB. `message`: the database's own."""
    if is_out_of_memory:  # the message then names blocks that nobody can free
        message, remedy = "DuckDB needs more memory than it may hold.", "Raise CLEARGRID_DUCKDB_MEMORY_MB"
    else:
        message, remedy = f"{message.rstrip('.')}.", "Free disk space"
    return WarehouseWriteError(f"{place} could not be written and is unchanged: {message} {remedy} and run again.")


def first_line(error: BaseException) -> str:
    """The database's message without its hints and statements."""
    return str(error).strip().split("\n", 1)[0]
