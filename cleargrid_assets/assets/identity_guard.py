"""The guard of the warehouse's identity for a run: loads and observations ask it before they compare or write rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.landing.warehouse_identity import Identity, IdentityGuard

if TYPE_CHECKING:
    from cleargrid_assets.client import ClearGridClient
    from cleargrid_assets.connections import ClearGridConnection
    from cleargrid_assets.warehouse.warehouse import Warehouse


def identity_guard(cleargrid: ClearGridConnection, client: ClearGridClient, warehouse: Warehouse) -> IdentityGuard:
    """The guard of the warehouse's identity. Logs in, because only ClearGrid knows the lender's public id."""
    settings = cleargrid.settings
    identity = Identity(settings.environment, settings.account.lender, client.log_in(), settings.timezone)
    return IdentityGuard(identity, warehouse.display_name)
