"""`MartError`: a mart that cannot become a table. Its text names the file, what is wrong and what to do."""

from __future__ import annotations

from cleargrid_assets.client.errors import SettingsError


class MartError(SettingsError):
    """A file in CLEARGRID_MARTS is not a mart."""
