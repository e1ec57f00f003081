"""`reports/month_certificates`: one JSON file and one page per loaded month, which state what was received and landed.

Which months get a new certificate is decided here; its contents are in `certificate`. A certificate that still agrees
with the warehouse stays as it is, byte for byte. The folder `certificates` is beside the collections report's pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.definition_metadata import FRESHNESS, OWNERS, code_references, files_of
from cleargrid_assets.assets.reports.certificate.certificate import (
    Certificate,
    Evidence,
    InvalidCertificateError,
    Origin,
)
from cleargrid_assets.assets.reports.collections_report import reports_location
from cleargrid_assets.assets.sql_asset import summary_version
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.landing.ledger import last_loads
from cleargrid_assets.rules_version import files_version
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.raw import D23_LOADS, D23_MANUAL_COMMUNICATION_LOGS
from cleargrid_assets.warehouse.artifacts import Artifacts, artifacts_at

if TYPE_CHECKING:
    from cleargrid_assets.warehouse.warehouse import Warehouse

PATH = ("reports", "month_certificates")
NO_MONTH = "none: no month has been loaded yet"
ROWS_CHANGED = (
    "%s: its rows differ from those certified, although no load has changed them since. The certificate of the earlier "
    "rows, rows_digest %s, is replaced."
)


def build_month_certificates(keys: AssetKeys) -> dg.AssetsDefinition:
    """The asset, computed over all months at once."""

    @dg.asset(
        key=keys(*PATH),
        group_name="reports",
        deps=keys.tables((D23_MANUAL_COMMUNICATION_LOGS, D23_LOADS, *ANALYTICS_TABLES)),
        description=(
            "A certificate of every loaded month in `reports/<environment>/certificates`, as JSON and as a page: rows "
            "received, landed, quarantined and collapsed, ClearGrid's own count, digests of ids and rows, and what the "
            "checks found. It holds no row and no id. `cleargrid certificate MONTH` verifies it against the warehouse."
        ),
        metadata={"dagster/code_references": code_references(*PATH)},
        code_version=files_version(Path(__file__), *files_of(Path(__file__).with_name("certificate"))),
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"html", "json"},
    )
    def month_certificates(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[WarehouseConnection]
    ) -> dg.MaterializeResult[None]:
        with dagster_failures():
            data = summary_version(context, warehouse)
            certifier = Certifier(context, warehouse.settings, warehouse.warehouse())
            months = list(last_loads(certifier.warehouse))
            new = [f"{month:%Y-%m}" for month in months if certifier.certify(month)]
        return dg.MaterializeResult(data_version=data, metadata=_metadata(certifier.files, months, new))

    return month_certificates


def certificate_artifacts(warehouse: "Warehouse", environment: str) -> Artifacts:
    """The folder or prefix of the certificates."""
    return artifacts_at(f"{reports_location(warehouse, environment)}/certificates")


def json_name(month: date) -> str:
    """The name of the month's JSON file."""
    return f"{month:%Y-%m}.json"


def page_name(month: date) -> str:
    """The name of the month's page."""
    return f"{month:%Y-%m}.html"


@dataclass(frozen=True)
class Certifier:
    """Writes certificates within a run, each from one snapshot of the warehouse."""

    context: dg.AssetExecutionContext
    settings: Settings
    warehouse: "Warehouse"

    @property
    def files(self) -> Artifacts:
        """The certificates."""
        return certificate_artifacts(self.warehouse, self.settings.environment)

    def certify(self, month: date) -> bool:
        """Write the month's certificate unless the present one agrees with the warehouse; True if it was written."""
        present = self._present(month)
        certificate = self._current(month, present)
        if certificate is not present:
            self._warn_of_changed_rows(present, certificate.evidence)
            self._replace(json_name(month), certificate.json)
        self._write_page(month, certificate)
        return certificate is not present

    def _current(self, month: date, present: Certificate | None) -> Certificate:
        """The `present` certificate if it agrees with the warehouse, otherwise a new one.

        A month may have been certified before its figures were computed, so what failed is checked again.
        """
        from cleargrid_assets.assets.reports.certificate.evidence import (  # noqa: PLC0415 - definitions need no DuckDB
            observe_checks,
            read_evidence,
        )

        with self.warehouse.reading() as connection:
            evidence = read_evidence(connection, month)
            agreeing = present if present and present.is_unchanged and present.evidence == evidence else None
            if agreeing and not agreeing.failures:
                return agreeing
            new = Certificate(evidence, observe_checks(connection, self.settings, month), self._origin())
            return agreeing if agreeing and agreeing.failures == new.failures else new

    def _present(self, month: date) -> Certificate | None:
        text = self.files.read(json_name(month))
        try:
            return Certificate.parse(text) if text else None
        except InvalidCertificateError:
            self.context.log.warning("%s was not a certificate and is replaced.", json_name(month))
            return None

    def _warn_of_changed_rows(self, present: Certificate | None, evidence: Evidence) -> None:
        """Warn if rows differ without a load: somebody changed them in the warehouse itself."""
        if not present or not present.is_unchanged:
            return
        before = present.evidence
        is_same_load = (before.run_id, before.rows_moved_away) == (evidence.run_id, evidence.rows_moved_away)
        if is_same_load and before.rows_digest != evidence.rows_digest:
            self.context.log.warning(ROWS_CHANGED, evidence.month, before.rows_digest)

    def _write_page(self, month: date, certificate: Certificate) -> None:
        """Write the page unless it shows this certificate already."""
        from cleargrid_assets.assets.reports.certificate.page import as_html  # noqa: PLC0415 - runs only

        page = as_html(certificate)
        if self.files.read(page_name(month)) != page.encode():
            self._replace(page_name(month), page)

    def _replace(self, name: str, text: str) -> None:
        with self.files.replacing(name) as file:
            file.write_bytes(text.encode())

    def _origin(self) -> Origin:
        return Origin(
            certified_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            certified_by=self.context.run.run_id,
            cleargrid_assets_version=version("cleargrid-assets"),
            dagster_version=version("dagster"),
            duckdb_version=version("duckdb"),
        )


def _metadata(files: Artifacts, months: Sequence[date], new: list[str]) -> dict[str, dg.MetadataValue]:
    return {
        "folder": dg.MetadataValue.path(files.display_name),
        "certificates": dg.MetadataValue.text(f"{len(months)} months" if months else NO_MONTH),
        "new_certificates": dg.MetadataValue.json(new),
    }
