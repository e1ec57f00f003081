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
    from collections.abc import Iterable

    from cleargrid_assets.settings import Settings

ASSETS = Path(__file__).with_name("assets")
SHARED_SQL = Path(__file__).with_name("warehouse")


def rules_version(settings: Settings) -> str:
    """The rules in force and the SQL as one short text. Raises `SettingsError` or `OutcomeMapError`."""
    return f"{rules_in_force(settings)} sql {_sql_version()}"


def rules_in_force(settings: Settings) -> str:
    """The row scope, maturity of promises, time zone and outcome map. Raises `SettingsError` or `OutcomeMapError`."""
    outcome_map = OutcomeMap.load(settings.outcomes)
    return f"{settings.row_scope} {settings.ptp_maturity_days}d {settings.timezone} map {outcome_map.version}"


def files_version(*files: Path) -> str:
    """The version of an asset's own files together with the macros and views that all SQL shares."""
    return _digest([*files, *SHARED_SQL.glob("*.sql")])


def _sql_version() -> str:
    """A digest of what computes the months' tables: SELECTs, shipped reference tables, macros and views."""
    folders = (ASSETS / "core", ASSETS / "analytics", SHARED_SQL)
    files = (path for folder in folders for suffix in ("sql", "csv") for path in folder.glob(f"*.{suffix}"))
    return _digest([*files, ASSETS / "core" / "outcome_spellings.py"])


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:8]
