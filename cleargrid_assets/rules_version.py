"""The version of the rules by which months are computed: everything that figures depend on besides the rows.

Months computed under different rules are not compared, and those under old ones are computed again. Add every setting
and file here that changes a computed figure.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from cleargrid_assets.outcome_map import OutcomeMap

if TYPE_CHECKING:
    from cleargrid_assets.settings import Settings

PACKAGE = Path(__file__).parent
SQL_FOLDERS = (PACKAGE / "assets" / "core", PACKAGE / "assets" / "analytics", PACKAGE / "warehouse")


def rules_version(settings: Settings) -> str:
    """The current row scope, maturity of promises, time zone, outcome map and SQL as one short text.

    Raises `SettingsError` or `OutcomeMapError` if they cannot be read.
    """
    outcome_map = OutcomeMap.load(settings.outcomes)
    return (
        f"{settings.row_scope} {settings.ptp_maturity_days}d {settings.timezone} "
        f"map {outcome_map.version} sql {_sql_version()}"
    )


def _sql_version() -> str:
    """A digest of the SELECTs, the shipped reference tables and the macros."""
    files = (path for folder in SQL_FOLDERS for suffix in ("sql", "csv") for path in folder.glob(f"*.{suffix}"))
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:8]
