"""Platforms as an act left them: the act runs once in each test process, and each test gets a copy of its own.

Making and keeping the copies belongs here; the acts belong to the tests.
"""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cleargrid_assets_tests.platform_under_test import started

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import dagster as dg

    from cleargrid_assets_tests.platform_under_test import Platform

    Act = Callable[..., object]
    StartAfter = Callable[..., Platform]


@dataclass(frozen=True)
class PlatformCopy:
    """The folder of a warehouse, the history of Dagster's runs, and the rows and the clock of the emulator."""

    folder: Path
    history: Sequence[sqlite3.Connection]
    rows: Any
    now: datetime | None

    def restore(self, platform: Platform) -> None:
        """Give all of it to `platform`, whose warehouse is a file and which has done nothing yet."""
        shutil.copytree(self.folder, platform.file.parent, dirs_exist_ok=True)
        for saved, database in zip(self.history, _databases(platform.instance), strict=True):
            saved.backup(database)
        platform.emulator.api.manual_logs = self.rows
        platform.emulator.now = self.now


@dataclass(frozen=True)
class PlatformCopies:
    """The copies of this process. `folder` makes a new folder for each."""

    folder: Callable[[], Path]
    _copies: dict[object, PlatformCopy] = field(default_factory=dict)

    def after(
        self, act: Act, *arguments: str, variables: Mapping[str, str], emulator: Mapping[str, Any]
    ) -> PlatformCopy:
        """A platform with these settings and this emulator after `act`, which depends on its arguments alone."""
        key = act, arguments, repr(sorted(variables.items())), repr(sorted(emulator.items()))
        if key not in self._copies:
            with started(self.folder(), variables, **emulator) as platform:
                act(platform, *arguments)
                self._copies[key] = _copy(platform)
        return self._copies[key]


def load_months(platform: Platform, *months: str) -> None:
    """An act: land the months, in this order."""
    for month in months:
        assert platform.load(month).success


def compute_months(platform: Platform, *months: str) -> None:
    """An act: land the months and compute everything that is made of them, in this order."""
    for month in months:
        assert platform.refresh(month).success


def _copy(platform: Platform) -> PlatformCopy:
    history = []
    for database in _databases(platform.instance):
        history.append(sqlite3.connect(":memory:", check_same_thread=False))
        database.backup(history[-1])
    return PlatformCopy(platform.file.parent, history, platform.emulator.api.manual_logs, platform.emulator.now)


def _databases(instance: dg.DagsterInstance) -> list[sqlite3.Connection]:
    """The databases of an ephemeral instance, which Dagster keeps in memory behind these connections."""
    storages: list[Any] = [instance.run_storage, instance.event_log_storage]
    return [storage._held_conn.connection.dbapi_connection for storage in storages]  # noqa: SLF001 - no other access
