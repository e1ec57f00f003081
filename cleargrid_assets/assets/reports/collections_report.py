"""`reports/collections_report`: one self-contained HTML page per run, for a manager to open, send or print.

The asset, where its files go and how long they are kept belong here; the page is in `page`. The folder is
`reports/<environment>`: beside the folder `data` that holds the warehouse by default, beside the warehouse file itself
where its folder has another name, or with a lake's own files. `latest.html` is always the last page, and
`index.html` lists them all.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.asset_keys import AssetKeys
from cleargrid_assets.assets.definition_metadata import FRESHNESS, OWNERS, code_references, files_of
from cleargrid_assets.assets.reports.month_failures import months_with_failures
from cleargrid_assets.assets.reports.page.data import read_report
from cleargrid_assets.assets.reports.page.section import ReportData, Section
from cleargrid_assets.assets.reports.page.sections import report_sections
from cleargrid_assets.assets.sql_asset import summary_version
from cleargrid_assets.connections import WarehouseConnection
from cleargrid_assets.failures import dagster_failures
from cleargrid_assets.rules_version import files_version
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.core import CONTACT_ATTEMPTS
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS
from cleargrid_assets.warehouse.artifacts import Artifacts, artifacts_at

if TYPE_CHECKING:
    from cleargrid_assets.warehouse.warehouse import Warehouse

PATH = ("reports", "collections_report")
LATEST = "latest.html"
INDEX = "index.html"
WRITTEN_AT = "%Y%m%dT%H%M%S"
"""The time in a page's name; names sort by time."""

MONTHS_OF_PAGE = re.compile(r'<meta name="cleargrid-months" content="([^"]*)">')
NO_MONTH = "none: no month has been computed yet"


def build_collections_report(keys: AssetKeys) -> dg.AssetsDefinition:
    """The asset, computed over all months at once."""

    @dg.asset(
        key=keys(*PATH),
        group_name="reports",
        deps=keys.tables((CONTACT_ATTEMPTS, *ANALYTICS_TABLES, D23_LOADS, D23_CHANGES)),
        description=(
            "What a collections manager reads: one HTML page per run in `reports/<environment>`, with charts and the "
            "numbers behind them. It needs no network and prints on paper; `latest.html` is the last one. Older pages "
            "are deleted after CLEARGRID_REPORT_KEEP_DAYS."
        ),
        metadata={"dagster/code_references": code_references(*PATH)},
        code_version=files_version(Path(__file__), *files_of(Path(__file__).with_name("page"))),
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"html"},
    )
    def collections_report(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[WarehouseConnection]
    ) -> dg.MaterializeResult[None]:
        with dagster_failures():
            settings = warehouse.settings
            version = summary_version(context, warehouse)
            sections = report_sections()
            now = datetime.now(UTC)
            expected = months_with_failures(context.instance, settings, now)
            data = read_report(warehouse.warehouse(), settings, sections, expected, now)
            reports = report_artifacts(warehouse.warehouse(), settings.environment)
            page, size = write_report(data, sections, reports, context.run.run_id)
            deleted = delete_old_pages(reports, settings, now)
            write_index(reports, settings.environment)
        return dg.MaterializeResult(
            data_version=version,
            metadata={
                "page": dg.MetadataValue.path(page),
                "month": f"{data.month:%Y-%m}" if data.month else NO_MONTH,
                "months": len(data.months),
                "bytes": size,
                "old_pages_deleted": deleted,
            },
        )

    return collections_report


def write_report(data: ReportData, sections: Sequence[Section], reports: Artifacts, run_id: str) -> tuple[str, int]:
    """Write the run's page and replace the latest copy; return the page's path and size in bytes."""
    from cleargrid_assets.assets.reports.page.render import render  # noqa: PLC0415 - loading definitions needs no Jinja

    environment, written_at = data.settings.environment, datetime.now(UTC)
    document = render(data, sections, written_at).encode()
    name = f"collections-{environment}-{written_at:{WRITTEN_AT}}-{run_id[:8]}.html"
    for target in (name, LATEST):
        with reports.replacing(target) as file:
            file.write_bytes(document)
    return f"{reports.display_name}/{name}", len(document)


def write_index(reports: Artifacts, environment: str) -> None:
    """Replace `index.html`, the list of the folder's pages, the latest first."""
    pages = sorted(_pages(reports, environment).items(), key=lambda page: page[1], reverse=True)
    items = [f'<li><a href="{LATEST}">The latest report</a></li>', *(_item(name, written) for name, written in pages)]
    title = f"Collections reports ({environment})"
    text = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        "<style>:root { color-scheme: light dark } body { font: 15px/1.7 system-ui, sans-serif; margin: 2em }</style>"
        f"</head>\n<body><h1>{title}</h1>\n<ul>\n" + "\n".join(items) + "\n</ul></body></html>\n"
    )
    with reports.replacing(INDEX) as file:
        file.write_bytes(text.encode())


def _item(name: str, written: str) -> str:
    at = datetime.strptime(written, WRITTEN_AT).replace(tzinfo=UTC)
    return f'<li><a href="{name}">{at:%Y-%m-%d %H:%M} UTC</a></li>'


def _pages(reports: Artifacts, environment: str) -> dict[str, str]:
    """The runs' pages with the times in their names."""
    pages = re.compile(rf"collections-{environment}-(\d{{8}}T\d{{6}})-[0-9a-f]{{8}}\.html")
    return {match[0]: match[1] for match in map(pages.fullmatch, reports.names()) if match}


def delete_old_pages(reports: Artifacts, settings: Settings, now: datetime) -> int:
    """Delete earlier runs' pages whose names are older than the setting allows, and nothing else; return how many."""
    oldest = f"{now - timedelta(days=settings.report_keep_days):{WRITTEN_AT}}"
    old = [name for name, written in _pages(reports, settings.environment).items() if written < oldest]
    for name in old:
        reports.delete(name)
    return len(old)


def months_of_page(page: bytes) -> list[str]:
    """The months on a page, as listed in its head, such as `2026-05`."""
    month_list = MONTHS_OF_PAGE.search(page.decode())
    return month_list[1].split() if month_list else []


def report_artifacts(warehouse: "Warehouse", environment: str) -> Artifacts:
    """The folder or prefix of the pages."""
    return artifacts_at(reports_location(warehouse, environment))


def reports_location(warehouse: "Warehouse", environment: str) -> str:
    """The path or address that the pages are written to."""
    folder = Path(warehouse.location)
    beside = warehouse.is_lake or folder.name != "data"
    return f"{warehouse.location if beside else folder.parent}/reports/{environment}"
