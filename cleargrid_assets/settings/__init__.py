"""The settings: every `CLEARGRID_*` variable, declared once, and where its value comes from.

Reading and validating belong here; using a value belongs to the module that needs it.
"""

from cleargrid_assets.settings.declarations import EMULATOR, SETTINGS
from cleargrid_assets.settings.settings import Account, Settings
from cleargrid_assets.settings.storage import warehouse_address

__all__ = ["EMULATOR", "SETTINGS", "Account", "Settings", "warehouse_address"]
