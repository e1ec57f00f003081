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
    """Passed if no row contradicts the claim; otherwise the number of such rows and the first of them."""
    return dg.AssetCheckResult(
        check_name=claim.name,
        asset_key=asset_key,
        passed=refutation.count == 0,
        severity=severity,
        description=_sentence(claim, refutation),
        metadata={"offending_rows": refutation.count, **_examples(refutation)},
    )


def _sentence(claim: Claim, refutation: Refutation) -> str:
    statement = claim.name.replace("_", " ")
    if not refutation.count:
        return f"Holds: {statement}."
    count = f"{refutation.count} offending {'row' if refutation.count == 1 else 'rows'}; the first are listed"
    return f"Does not hold: {statement} ({count}). To do: {advice_of(claim)}"


def advice_of(claim: Claim) -> str:
    """The advice in the file's comment: from `To do:` to the line about DuckDB's shell."""
    return " ".join(claim.description.partition("To do:")[2].partition("In a DuckDB shell")[0].split())


def _examples(refutation: Refutation) -> dict[str, dg.TableMetadataValue]:
    if not refutation.examples:
        return {}
    records = [
        dg.TableRecord({name: str(value) for name, value in zip(refutation.columns, row, strict=True)})
        for row in refutation.examples
    ]
    columns = [dg.TableColumn(name) for name in refutation.columns]
    return {"first_offending_rows": dg.MetadataValue.table(records, dg.TableSchema(columns))}
