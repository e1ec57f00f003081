"""Runs the checks of every load on the rows it landed, within the load's own step.

List a check of every dataset here as blocking or warning; its SQL goes into `claims/` and names D23's tables, so that
it can be pasted into a shell. For another dataset, that dataset's names replace D23's. A check of one dataset is listed
in its declaration, and a file in `claims/<code>/` takes the place of the common one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.assets.claim_results import check_result
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.warehouse.claim import Claim

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from cleargrid_assets.resources import WarehouseResource
    from cleargrid_assets.tables.dataset import RawDataset

CLAIMS = Path(__file__).parent / "claims"

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
    "month_volume_is_like_its_neighbours",
    "no_row_vanished",
    "no_unknown_field_was_sent",
)


def claims_of(dataset: RawDataset) -> list[Claim]:
    """The claims about a month of the dataset."""
    return [claim_of(dataset, name) for name in (*BLOCKING, *WARNING, *dataset.own_checks)]


def claim_of(dataset: RawDataset, name: str) -> Claim:
    """One claim, from the dataset's own file if it has one, else the common one with the dataset's names."""
    own_file = CLAIMS / dataset.code.lower() / f"{name}.sql"
    if own_file.exists():
        return Claim.read(own_file)
    claim = Claim.read(CLAIMS / f"{name}.sql")
    description, sql = (dataset.adapt(text, written_for=D23) for text in (claim.description, claim.sql))
    return Claim(name, description, sql)


def check_specs(dataset: RawDataset, months: dg.PartitionsDefinition) -> list[dg.AssetCheckSpec]:
    """One spec per check and month; a blocking check that fails keeps derived tables from being computed."""
    return [
        dg.AssetCheckSpec(
            claim.name,
            asset=dg.AssetKey(dataset.rows.key),
            partitions_def=months,
            blocking=claim.name in BLOCKING,
            description=claim.description,
        )
        for claim in claims_of(dataset)
    ]


def check_month(dataset: RawDataset, resource: WarehouseResource, month: date) -> list[dg.AssetCheckResult]:
    """Run all checks on a month's present rows. Raises `WarehouseError`."""
    variables = {"month": month, "quarantine_limit": resource.settings.quarantine_limit}
    claims = claims_of(dataset)
    with resource.warehouse().reading() as connection:
        refutations = [claim.refute(connection, variables) for claim in claims]
    return [
        check_result(claim, refutation, asset_key=dg.AssetKey(dataset.rows.key), severity=_severity(claim.name))
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
