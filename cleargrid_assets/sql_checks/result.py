"""Turns the rows that violate a check into Dagster's check result. Change what a failed check shows here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from cleargrid_assets.sql_checks.check import SqlCheck, Violations


def check_result(check: SqlCheck, violations: Violations) -> dg.AssetCheckResult:
    """Passed if no row violates the check, with the observed value; otherwise the first of the rows that do."""
    return dg.AssetCheckResult(
        check_name=check.name,
        passed=violations.count == 0,
        severity=check.severity,
        description=_sentence(check, violations),
        metadata={"offending_rows": violations.count, **_observed_values(violations), **_examples(violations)},
    )


def _sentence(check: SqlCheck, violations: Violations) -> str:
    statement = check.name.replace("_", " ")
    if not violations.count:
        observed = f" {check.observed.format_map(violations.observed)}" if violations.observed else ""
        return f"Holds: {statement}.{observed}"
    count = offending_rows(violations.count)
    return f"Does not hold: {statement} ({count}; the check's page in Dagster shows the first). To do: {check.to_do}"


def offending_rows(count: int) -> str:
    """The number of rows that violate a check, as text."""
    return f"{count:,} offending {'row' if count == 1 else 'rows'}"


def _observed_values(violations: Violations) -> dict[str, float]:
    """The numbers of the observed row."""
    return {name: value for name, value in violations.observed.items() if isinstance(value, int | float)}


def _examples(violations: Violations) -> dict[str, dg.TableMetadataValue]:
    if not violations.examples:
        return {}
    records = [
        dg.TableRecord({name: str(value) for name, value in zip(violations.columns, row, strict=True)})
        for row in violations.examples
    ]
    columns = [dg.TableColumn(name) for name in violations.columns]
    return {"first_offending_rows": dg.MetadataValue.table(records, dg.TableSchema(columns))}
