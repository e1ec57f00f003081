"""Prints a certificate: as text for a terminal, and as one self-contained HTML page.

Add a line to `sections`, which both show; the page's layout is in `page.html`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cleargrid_assets.sql_checks.result import offending_rows

if TYPE_CHECKING:
    from cleargrid_assets.assets.reports.certificate.certificate import Certificate, CheckObservation, Evidence

TEMPLATE = Path(__file__).with_name("page.html")
STYLE = Path(__file__).parents[1] / "page" / "page.css"
NOT_KNOWN = "not known"
LABEL_WIDTH = 36

Sections = dict[str, dict[str, str]]


def sections(certificate: Certificate) -> Sections:
    """The certificate's statements under their headings."""
    evidence = certificate.evidence
    return {
        "Month": _month(evidence),
        "Rows": _rows(evidence),
        "Digests (SHA-256)": {"public ids": evidence.public_ids_digest, "rows": evidence.rows_digest},
        "Load": _load(evidence),
        "Checks": {f"{check.check} ({check.table})": _finding(check) for check in certificate.checks},
        "Certificate": _origin(certificate),
    }


def as_text(certificate: Certificate) -> str:
    """Lines for a terminal."""
    lines = [f"Certificate of {certificate.evidence.month}, ClearGrid D23"]
    for heading, statements in sections(certificate).items():
        width = max([LABEL_WIDTH, *map(len, statements)])  # a file may list no checks
        lines += ["", heading, *(f"  {label:<{width}}  {value}" for label, value in statements.items())]
    return "\n".join(lines)


def as_html(certificate: Certificate) -> str:
    """The page."""
    import jinja2  # noqa: PLC0415 - loading definitions needs no Jinja

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        month=certificate.evidence.month,
        environment=certificate.evidence.environment or NOT_KNOWN,
        sections=sections(certificate),
        css=STYLE.read_text(encoding="utf-8"),
    )


def _month(evidence: Evidence) -> dict[str, str]:
    return {
        "environment": evidence.environment or NOT_KNOWN,
        "lender": f"{evidence.lender} ({evidence.lender_public_id})" if evidence.lender else NOT_KNOWN,
        "time zone of the month": evidence.timezone or NOT_KNOWN,
        "from (inclusive)": evidence.since,
        "until (exclusive)": evidence.until,
    }


def _rows(evidence: Evidence) -> dict[str, str]:
    return {
        "ClearGrid's own count": _count(evidence),
        "request id of the count": evidence.count_request_id or NOT_KNOWN,
        "received": f"{evidence.rows_received:,}",
        "= landed": f"{evidence.rows_landed:,}",
        "+ quarantined": f"{evidence.rows_quarantined:,}",
        "+ duplicates collapsed": f"{evidence.duplicates_collapsed:,}",
        "+ held by another month": f"{evidence.rows_moved:,}",
        "taken over by other months since": f"{evidence.rows_moved_away:,}",
        "in the warehouse": f"{evidence.rows_in_the_warehouse:,}",
    }


def _count(evidence: Evidence) -> str:
    if evidence.expected_total is None:
        return NOT_KNOWN
    return f"{evidence.expected_total:,} ({'exact' if evidence.total_exact else 'not exact'})"


def _load(evidence: Evidence) -> dict[str, str]:
    return {
        "load number": str(evidence.load_number),
        "Dagster run": evidence.run_id,
        "read began": evidence.started_at,
        "committed": evidence.loaded_at,
        "rules of the figures": evidence.rules_version or "not computed yet",
    }


def _finding(check: CheckObservation) -> str:
    if not check.offending_rows:
        return "holds"
    return f"{'fails' if check.severity == 'ERROR' else 'warning'}: {offending_rows(check.offending_rows)}"


def _origin(certificate: Certificate) -> dict[str, str]:
    return {
        "certified at": certificate.origin.certified_at,
        "by Dagster run": certificate.origin.certified_by,
        "cleargrid_assets": certificate.origin.cleargrid_assets_version,
        "Dagster": certificate.origin.dagster_version,
        "DuckDB": certificate.origin.duckdb_version,
        "digest of the certificate": certificate.digest,
    }
