"""The settings: every `CLEARGRID_*` variable, declared once, and where its value comes from.

Reading and validating belong here; using a value belongs to the module that needs it.
"""

from cleargrid_assets.settings.addresses import warehouse_address
from cleargrid_assets.settings.declarations import EMULATOR, SETTINGS
from cleargrid_assets.settings.settings import Account, Settings

__all__ = ["EMULATOR", "SETTINGS", "Account", "Settings", "warehouse_address"]
