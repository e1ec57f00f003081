"""What can be wrong with the warehouse, by what the reader does about it."""


class WarehouseError(Exception):
    """The warehouse could not be used; nothing was written."""


class WarehouseBusyError(WarehouseError):
    """Somebody else held the warehouse for longer than we wait: run again when it is free."""


class WarehouseMissingError(WarehouseError):
    """There is no warehouse at the address yet: load a month first."""


class WarehouseUnreadableError(WarehouseError):
    """What lies at the address is no warehouse, or cannot be opened: correct the address or the permissions."""


class WarehouseWriteError(WarehouseError):
    """A write failed and was rolled back: free disk space or memory and run again."""
