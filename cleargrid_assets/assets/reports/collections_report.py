"""`reports/collections_report`: one self-contained HTML page per run, for a manager to open, send or print.

Here: the asset and where its files go. Not here: the page (`page`). The folder is `reports` beside the folder `data`
that holds the warehouse by default; beside the warehouse file itself where its folder has another name; with a lake's
own files where the warehouse is a lake. `latest.html` is always the last page.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.assets.presentation import FRESHNESS, OWNERS, code_references
from cleargrid_assets.assets.reports.page.figures import Figures, figures_of
from cleargrid_assets.assets.sql_asset import data_version
from cleargrid_assets.failures import explained
from cleargrid_assets.resources import WarehouseResource
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS
from cleargrid_assets.warehouse.artifacts import Artifacts, artifacts_at

if TYPE_CHECKING:
    from cleargrid_assets.warehouse.warehouse import Warehouse

KEY = dg.AssetKey(["reports", "collections_report"])
LATEST = "latest.html"
MONTHS_OF_PAGE = re.compile(r'<meta name="cleargrid-months" content="([^"]*)">')
NO_MONTH = "none: no month has been computed yet"


def build_collections_report() -> dg.AssetsDefinition:
    """The asset, over all months at once."""

    @dg.asset(
        key=KEY,
        group_name="reports",
        deps=[dg.AssetKey(table.key) for table in (*ANALYTICS_TABLES, D23_LOADS, D23_CHANGES)],
        description=(
            "What a collections manager reads: one HTML page per run in the folder `reports`, with charts and the "
            "numbers behind them. It needs no network and prints on paper; `latest.html` is the last one."
        ),
        metadata={"dagster/code_references": code_references(*KEY.path)},
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"html", "altair"},
    )
    def collections_report(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[WarehouseResource]
    ) -> dg.MaterializeResult[None]:
        with explained():
            version = data_version(context, warehouse.settings)
            figures = figures_of(warehouse.warehouse())
            reports = report_artifacts(warehouse.warehouse())
            page, size = write_report(figures, warehouse.settings, reports, context.run.run_id)
        return dg.MaterializeResult(
            data_version=version,
            metadata={
                "page": dg.MetadataValue.path(page),
                "month": f"{figures.month:%Y-%m}" if figures.month else NO_MONTH,
                "months": len(figures["months"]),
                "bytes": size,
            },
        )

    return collections_report


def write_report(figures: Figures, settings: Settings, reports: Artifacts, run_id: str) -> tuple[str, int]:
    """Write the run's page and a copy in the place of the last one; return where the run's is, and its bytes."""
    from cleargrid_assets.assets.reports.page.page import page  # noqa: PLC0415 - charts are loaded when one is drawn

    written_at = datetime.now(UTC)
    said = {
        "environment": settings.environment,
        "timezone": settings.timezone,
        "row_scope": settings.row_scope,
    }
    document = page(figures, said, written_at).encode()
    name = f"collections-{settings.environment}-{written_at:%Y%m%dT%H%M%S}-{run_id[:8]}.html"
    for target in (name, LATEST):
        with reports.replacing(target) as file:
            file.write_bytes(document)
    return f"{reports.shown}/{name}", len(document)


def months_of_page(page: bytes) -> list[str]:
    """The months that a page holds, as its head lists them: `2026-05`."""
    listed = MONTHS_OF_PAGE.search(page.decode())
    return listed[1].split() if listed else []


def report_artifacts(warehouse: "Warehouse") -> Artifacts:
    """The pages."""
    return artifacts_at(reports_place(warehouse))


def reports_place(warehouse: "Warehouse") -> str:
    """Where the pages go."""
    folder = Path(warehouse.place)
    beside = warehouse.is_lake or folder.name != "data"
    return f"{warehouse.place if beside else folder.parent}/reports"
