"""`reports/collections_report`: one self-contained HTML page per run, for a manager to open, send or print.

Here: the asset and where its files go. Not here: the page (`page`). The folder is `reports` beside the folder `data`
that holds the warehouse by default; beside the warehouse file itself where its folder has another name; in the working
directory where the warehouse is no file. `latest.html` is always the last page.
"""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from cleargrid_assets.assets.presentation import FRESHNESS, OWNERS, code_references
from cleargrid_assets.assets.reports.page.figures import Figures, read_figures
from cleargrid_assets.assets.sql_asset import FOLLOW_TABLE
from cleargrid_assets.failures import explained
from cleargrid_assets.resources import WarehouseResource
from cleargrid_assets.settings import Settings
from cleargrid_assets.tables.analytics import ANALYTICS_TABLES
from cleargrid_assets.tables.raw import D23_CHANGES, D23_LOADS

KEY = dg.AssetKey(["reports", "collections_report"])
LATEST = "latest.html"


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
        automation_condition=FOLLOW_TABLE,
        freshness_policy=FRESHNESS,
        owners=OWNERS,
        kinds={"html", "altair"},
    )
    def collections_report(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[WarehouseResource]
    ) -> dg.MaterializeResult[None]:
        with explained():
            with warehouse.warehouse().reading() as connection:
                figures = read_figures(connection)
            file = write_report(figures, warehouse.settings, context.run.run_id)
        return dg.MaterializeResult(
            metadata={
                "page": dg.MetadataValue.path(str(file)),
                "month": str(figures.month),
                "months": len(figures["months"]),
                "bytes": file.stat().st_size,
            }
        )

    return collections_report


def write_report(figures: Figures, settings: Settings, run_id: str) -> Path:
    """Write the run's page, then put a copy in the place of the last one; return the run's file."""
    from cleargrid_assets.assets.reports.page.page import page  # noqa: PLC0415 - charts are loaded when one is drawn

    written_at = datetime.now(UTC)
    said = {
        "environment": settings.environment,
        "timezone": settings.timezone,
        "row_scope": settings.row_scope,
    }
    document = page(figures, said, written_at)
    folder = reports_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"collections-{settings.environment}-{written_at:%Y%m%dT%H%M%S}-{run_id[:8]}.html"
    for target in (file, folder / LATEST):
        unfinished = target.with_name(f".{target.name}.{run_id[:8]}.unfinished")
        unfinished.write_text(document, encoding="utf-8")
        unfinished.replace(target)
    return file


def reports_folder(settings: Settings) -> Path:
    """Where the pages go."""
    address = settings.warehouse
    if ":" in Path(address).parts[0] and not Path(address).is_absolute():
        return Path("reports").resolve()
    folder = Path(address).resolve().parent
    return (folder.parent if folder.name == "data" else folder) / "reports"
