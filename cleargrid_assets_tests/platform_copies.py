"""Platforms as an act left them: the act runs once in each test process, and each test gets a copy of its own.

Making and keeping the copies belongs here; the acts belong to the tests.
"""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleargrid_assets_tests.platform_under_test import started
from cleargrid_assets_tests.warehouse_kinds import FILE, POSTGRES, variables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import dagster as dg

    from cleargrid_assets_tests.platform_under_test import Platform
    from cleargrid_assets_tests.postgres_server import PostgresServer

    Act = Callable[..., object]
    StartAfter = Callable[..., Platform]


@dataclass(frozen=True)
class PlatformCopy:
    """The folder of a warehouse, the history of Dagster's runs, and the rows and the clock of the emulator.

    `database` holds the catalog of a lake, on `server`.
    """

    folder: Path
    history: Sequence[sqlite3.Connection]
    rows: Any
    now: datetime | None
    database: str | None
    server: Callable[[], PostgresServer]

    def restore(self, platform: Platform) -> None:
        """Give all of it to `platform`, whose warehouse is of the same kind and which has done nothing yet."""
        shutil.copytree(self.folder, _folder(platform), dirs_exist_ok=True)
        if self.database:
            self._restore_catalog(platform)
        for saved, database in zip(self.history, _databases(platform.instance), strict=True):
            saved.backup(database)
        platform.emulator.api.manual_logs = self.rows
        platform.emulator.now = self.now

    def _restore_catalog(self, platform: Platform) -> None:
        """The catalog names its files relative to one folder, which is another one now."""
        target = str(_database(platform))
        self.server().replace_database(target, str(self.database))
        self.server().execute(
            target,
            f"UPDATE ducklake_metadata SET value = replace(value, '{self.folder.resolve()}', "
            f"'{_folder(platform).resolve()}') WHERE key = 'data_path'",
        )


@dataclass(frozen=True)
class PlatformCopies:
    """The copies of this process. `folder` makes a new folder for each; `server` starts PostgreSQL for lakes."""

    folder: Callable[[], Path]
    server: Callable[[], PostgresServer]
    _copies: dict[object, PlatformCopy] = field(default_factory=dict)

    def after(
        self, act: Act, *arguments: str, kind: str, variables: Mapping[str, str], emulator: Mapping[str, Any]
    ) -> PlatformCopy:
        """A platform with these settings and this emulator after `act`, which depends on its arguments alone."""
        key = act, arguments, kind, repr(sorted(variables.items())), repr(sorted(emulator.items()))
        if key not in self._copies:
            folder = self.folder()
            settings = {**variables_of(kind, folder, self.server), **variables}
            with started(folder, settings, **emulator) as platform:
                act(platform, *arguments)
                self._copies[key] = self._copy(platform)
        return self._copies[key]

    def _copy(self, platform: Platform) -> PlatformCopy:
        history = []
        for database in _databases(platform.instance):
            history.append(sqlite3.connect(":memory:", check_same_thread=False))
            database.backup(history[-1])
        api = platform.emulator.api
        folder, catalog = _folder(platform), _database(platform)
        return PlatformCopy(folder, history, api.manual_logs, platform.emulator.now, catalog, self.server)


def copied_kind(platform: Platform) -> str | None:
    """The kind of a platform's warehouse if copies are made of it; a lake in SQLite is none of them."""
    if not platform.warehouse.is_lake:
        return FILE
    return POSTGRES if _database(platform) else None


def load_months(platform: Platform, *months: str) -> None:
    """An act: land the months, in this order."""
    for month in months:
        assert platform.load(month).success


def compute_months(platform: Platform, *months: str) -> None:
    """An act: land the months and compute everything that is made of them, in this order."""
    for month in months:
        assert platform.refresh(month).success


def _folder(platform: Platform) -> Path:
    """The folder that holds the warehouse's files."""
    files = Path(platform.settings.lake_data) if platform.settings.lake_data else platform.file
    return files.parent


def _database(platform: Platform) -> str | None:
    """The database of PostgreSQL that holds a lake's catalog; None for other warehouses."""
    _, is_postgres, dsn = platform.settings.warehouse.partition("ducklake:postgres:")
    return dict(word.split("=") for word in dsn.split())["dbname"] if is_postgres else None


def _databases(instance: dg.DagsterInstance) -> list[sqlite3.Connection]:
    """The databases of an ephemeral instance, which Dagster keeps in memory behind these connections."""
    storages: list[Any] = [instance.run_storage, instance.event_log_storage]
    return [storage._held_conn.connection.dbapi_connection for storage in storages]  # noqa: SLF001 - no other access
