"""Runs the checks of every load on the rows it landed, within the load's own step.

List a new check here as blocking or warning; its SQL goes into `claims/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.assets.claim_results import check_result
from cleargrid_assets.tables.raw import D23_MANUAL_COMMUNICATION_LOGS
from cleargrid_assets.warehouse.claim import Claim

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from cleargrid_assets.resources import WarehouseResource

CLAIMS = Path(__file__).parent / "claims"
KEY = dg.AssetKey(D23_MANUAL_COMMUNICATION_LOGS.key)

BLOCKING = (
    "every_required_field_is_present",
    "every_public_id_is_unique",
    "every_row_is_inside_its_month",
    "neighbouring_months_join",
    "every_received_row_is_accounted_for",
    "rows_received_equal_cleargrids_total",
    "quarantined_rows_are_within_the_limit",
)
WARNING = (
    "timestamps_are_in_order",
    "no_row_is_in_the_future",
    "channels_and_sources_are_known",
    "month_volume_is_like_its_neighbours",
    "no_row_vanished",
    "no_unknown_field_was_sent",
)


def check_specs(months: dg.PartitionsDefinition) -> list[dg.AssetCheckSpec]:
    """One spec per check and month; a blocking check that fails keeps derived tables from being computed."""
    described = {name: Claim.read(CLAIMS / f"{name}.sql").description for name in (*BLOCKING, *WARNING)}
    return [
        dg.AssetCheckSpec(name, asset=KEY, partitions_def=months, blocking=name in BLOCKING, description=description)
        for name, description in described.items()
    ]


def check_month(resource: WarehouseResource, month: date) -> list[dg.AssetCheckResult]:
    """Run all checks on a month's present rows. Raises `WarehouseError`."""
    variables = {"month": month, "quarantine_limit": resource.settings.quarantine_limit}
    claims = [Claim.read(CLAIMS / f"{name}.sql") for name in (*BLOCKING, *WARNING)]
    with resource.warehouse().reading() as connection:
        refutations = [claim.refute(connection, variables) for claim in claims]
    return [
        check_result(claim, refutation, asset_key=KEY, severity=_severity(claim.name))
        for claim, refutation in zip(claims, refutations, strict=True)
    ]


def _severity(name: str) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.ERROR if name in BLOCKING else dg.AssetCheckSeverity.WARN


def failure_of_checks(results: Sequence[dg.AssetCheckResult]) -> dg.Failure | None:
    """The failure of a landed month that must not be used; None if every blocking check passed."""
    sentences = [str(result.description) for result in results if not result.passed and result.check_name in BLOCKING]
    if not sentences:
        return None
    step = "The month has landed, but nothing is computed from it until these checks pass."
    return dg.Failure(description=" ".join([*sentences, step]), allow_retries=False)
