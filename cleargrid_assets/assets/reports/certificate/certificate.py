"""`Certificate`: the document, and its JSON with a digest that shows whether the file was changed afterwards.

Add a fact about a month to `Evidence` and to `evidence.sql`; what is said of the document itself, to `Origin`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Mapping


Part = TypeVar("Part", "Evidence", "CheckObservation", "Origin")


class InvalidCertificateError(ValueError):
    """The file is not a certificate."""


@dataclass(frozen=True)
class Evidence:
    """What the warehouse shows of a loaded month, under the ledger's names; times are UTC.

    `rows_moved_away`: rows that loads of other months have taken over since. `rules_version`: the rules under which the
    month's figures were computed; None until then. The digests are explained in `digests.sql`.
    """

    month: str
    environment: str | None
    lender: str | None
    lender_public_id: str | None
    timezone: str | None
    since: str
    until: str
    load_number: int
    run_id: str
    started_at: str
    loaded_at: str
    rows_received: int
    rows_landed: int
    rows_quarantined: int
    duplicates_collapsed: int
    rows_moved: int
    rows_moved_away: int
    rows_in_the_warehouse: int
    expected_total: int | None
    total_exact: bool | None
    count_request_id: str | None
    public_ids_digest: str
    rows_digest: str
    rules_version: str | None


@dataclass(frozen=True)
class CheckObservation:
    """How many rows violated a check of `table`; `severity`: `ERROR` or `WARN`."""

    check: str
    table: str
    severity: str
    offending_rows: int


@dataclass(frozen=True)
class Origin:
    """Which Dagster run wrote a certificate (`certified_by`), when, and with which versions."""

    certified_at: str
    certified_by: str
    cleargrid_assets_version: str
    dagster_version: str
    duckdb_version: str


@dataclass(frozen=True)
class Certificate:
    """What is certified of a month. `is_unchanged`: False if the digest in the file is not that of its content."""

    evidence: Evidence
    checks: tuple[CheckObservation, ...]
    origin: Origin
    is_unchanged: bool = True

    @classmethod
    def parse(cls, text: bytes) -> Certificate:
        """The certificate in a file. Raises `InvalidCertificateError`."""
        try:
            document: dict[str, Any] = json.loads(text)
            digest = document.pop("certificate_digest")
            checks = tuple(_part(check, CheckObservation) for check in document["checks"])
            evidence, origin = _part(document, Evidence), _part(document, Origin)
        except KeyError as error:
            raise InvalidCertificateError(f"it has no {error}") from error
        except InvalidCertificateError:
            raise
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidCertificateError("it has another structure") from error
        return cls(evidence, checks, origin, is_unchanged=digest == _digest(document))

    @property
    def failures(self) -> tuple[CheckObservation, ...]:
        """The error checks that failed; a warning describes the day it was raised."""
        return tuple(check for check in self.checks if check.severity == "ERROR" and check.offending_rows)

    @property
    def digest(self) -> str:
        """The SHA-256 of everything that it says."""
        return _digest(self._document)

    @property
    def json(self) -> str:
        """The file's text."""
        return json.dumps({**self._document, "certificate_digest": self.digest}, indent=2, ensure_ascii=False) + "\n"

    @property
    def _document(self) -> dict[str, Any]:
        return {**asdict(self.evidence), "checks": [asdict(check) for check in self.checks], **asdict(self.origin)}


def _part(document: Mapping[str, Any], kind: type[Part]) -> Part:
    """The part of the document with the fields of `kind`. Raises `KeyError` or `InvalidCertificateError`."""
    for name, type_ in get_type_hints(kind).items():
        if not isinstance(document[name], type_):
            raise InvalidCertificateError(f"its {name} is of another type")
    return kind(**{field.name: document[field.name] for field in fields(kind)})


def _digest(document: Mapping[str, Any]) -> str:
    """The SHA-256 of the document as JSON with sorted keys and no spaces."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
