"""Connects to ClearGrid and to the warehouse as the settings say, and tells the time; none of it needs Dagster.

Add here what runs and commands build from the settings; `resources` shows it in the Dagster UI.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cleargrid_assets.marts import NO_MARTS, Marts

if TYPE_CHECKING:
    from cleargrid_assets.client import ClearGridClient
    from cleargrid_assets.settings import Settings
    from cleargrid_assets.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class ClearGridConnection:
    """Creates clients for the configured account."""

    settings: Settings

    def client(self, **options: Any) -> ClearGridClient:
        """A new client, which has not sent anything yet; `options` replace the settings. Raises `SettingsError`."""
        from cleargrid_assets.client import ClearGridClient  # noqa: PLC0415 - loading definitions reads nothing

        self.settings.validate_sources()
        account = self.settings.account
        configured: dict[str, Any] = {
            "page_size": self.settings.page_size,
            "concurrency": self.settings.concurrency,
            "timeout_seconds": self.settings.timeout_seconds,
        }
        return ClearGridClient(
            account.base_url,
            account.lender,
            account.email,
            account.password,
            **(configured | options),
        )


@dataclass(frozen=True)
class WarehouseConnection:
    """Provides the configured warehouse. `marts`: the lender's own tables in it, as the definitions have read them."""

    settings: Settings
    marts: Marts = NO_MARTS

    def warehouse(self) -> Warehouse:
        """The warehouse, not yet opened. Raises `SettingsError`."""
        return self._warehouse

    @cached_property
    def _warehouse(self) -> Warehouse:
        """One shared object, so that a lake loads its extensions once. Imports DuckDB late: definitions need none."""
        from cleargrid_assets.warehouse.warehouse import Warehouse  # noqa: PLC0415 - see the docstring

        settings = self.settings
        settings.validate_sources()
        return Warehouse(
            settings.warehouse,
            extensions=settings.duckdb_extensions,
            lake_data=settings.lake_data,
            memory_mb=settings.duckdb_memory_mb,
            datasets=settings.datasets,
        )


@dataclass(frozen=True)
class Clock:
    """The clock, which tests replace."""

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC)
