"""Compares a certificate with the warehouse: one sentence for each statement that does not agree.

Only error checks are verified; a warning, such as an unusual volume, describes the day it was raised.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from cleargrid_assets.sql_checks.result import offending_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleargrid_assets.assets.reports.certificate.certificate import Certificate, CheckObservation, Evidence

CHANGED_FILE = (
    "The certificate was changed after it was written: its certificate_digest is not the digest of its content."
)
DIGESTS = {
    "public_ids_digest": "The month does not hold the public ids that were certified: their digest",
    "rows_digest": "The month's rows are not those that were certified: their digest",
}


def disagreements(certificate: Certificate, evidence: Evidence, checks: Sequence[CheckObservation]) -> list[str]:
    """What does not agree, in sentences; empty if everything does."""
    tampering = [] if certificate.is_unchanged else [CHANGED_FILE]
    if _load_of(certificate.evidence) != _load_of(evidence):
        return [*tampering, _other_load(certificate.evidence, evidence)]
    return [*tampering, *_differences(certificate.evidence, evidence), *_other_findings(certificate.checks, checks)]


def _load_of(evidence: Evidence) -> tuple[int, str]:
    return evidence.load_number, evidence.run_id


def _other_load(certified: Evidence, present: Evidence) -> str:
    """Everything else may differ with the load, so only the rows are compared."""
    rows = "holds the rows that were certified" if certified.rows_digest == present.rows_digest else "holds other rows"
    return (
        f"The certificate is of load {certified.load_number}, but the month's last load in the warehouse is number "
        f"{present.load_number}, committed at {present.loaded_at}; the month {rows}. Run the job refresh_summary for a "
        f"new certificate."
    )


def _differences(certified: Evidence, present: Evidence) -> list[str]:
    now = asdict(present)
    return [
        f"{DIGESTS.get(name, name)} is {_text(value)} in the certificate and {_text(now[name])} in the warehouse."
        for name, value in asdict(certified).items()
        if value != now[name]
    ]


def _text(value: object) -> str:
    return "not known" if value is None else str(value)


def _other_findings(certified: Sequence[CheckObservation], present: Sequence[CheckObservation]) -> list[str]:
    now = {(check.table, check.check): check for check in present if check.severity == "ERROR"}
    return [
        f"The check {then.check} of {then.table} found {offending_rows(then.offending_rows)} when the month was "
        f"certified and finds {offending_rows(now[then.table, then.check].offending_rows)} now."
        for then in certified
        if (then.table, then.check) in now and now[then.table, then.check].offending_rows != then.offending_rows
    ]
