"""Turns the result of a `Claim` into Dagster's check result.

This is the only place that does so; which claims are checked on which table is in `checks` and `assets.raw`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from cleargrid_assets.warehouse.claim import Claim, Refutation


def check_result(
    claim: Claim, refutation: Refutation, *, asset_key: dg.AssetKey, severity: dg.AssetCheckSeverity
) -> dg.AssetCheckResult:
    """Passed when nothing speaks against the claim; otherwise the count and the first rows that do."""
    return dg.AssetCheckResult(
        check_name=claim.name,
        asset_key=asset_key,
        passed=refutation.count == 0,
        severity=severity,
        description=_sentence(claim, refutation),
        metadata={"offending_rows": refutation.count, **_examples(refutation)},
    )


def _sentence(claim: Claim, refutation: Refutation) -> str:
    said = claim.name.replace("_", " ")
    if not refutation.count:
        return f"Holds: {said}."
    listed = f"{refutation.count} offending {'row' if refutation.count == 1 else 'rows'}; the first are listed"
    return f"Does not hold: {said} ({listed}). To do: {advice_of(claim)}"


def advice_of(claim: Claim) -> str:
    """What the claim's comment says is to be done: after `To do:`, else after what it says about a claim that holds."""
    told = " ".join(line for line in claim.description.splitlines() if "DuckDB shell" not in line)
    mark = next((mark for mark in ("To do:", "No row: the claim holds.") if mark in told), "")
    return told.partition(mark)[2].strip() if mark else told


def _examples(refutation: Refutation) -> dict[str, dg.TableMetadataValue]:
    if not refutation.examples:
        return {}
    records = [
        dg.TableRecord({name: str(value) for name, value in zip(refutation.columns, row, strict=True)})
        for row in refutation.examples
    ]
    columns = [dg.TableColumn(name) for name in refutation.columns]
    return {"first_offending_rows": dg.MetadataValue.table(records, dg.TableSchema(columns))}
