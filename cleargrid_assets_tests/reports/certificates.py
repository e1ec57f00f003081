"""The certificates as a reader finds them: the files that a summary leaves, and what it says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleargrid_assets.asset_keys import UNPREFIXED
from cleargrid_assets.assets.reports import month_certificates
from cleargrid_assets.assets.reports.collections_report import reports_location
from cleargrid_assets.jobs import REFRESH_SUMMARY
from cleargrid_assets_tests.platform_copies import compute_months, load_months
from cleargrid_assets_tests.platform_under_test import MAY

if TYPE_CHECKING:
    from cleargrid_assets_tests.platform_under_test import Platform


def folder(platform: Platform) -> Path:
    return Path(reports_location(platform.warehouse, "emulator"), "certificates")


def summarize(platform: Platform) -> dict[str, Any]:
    """Run the summary; the metadata of the certificates."""
    run = platform.run_job(REFRESH_SUMMARY)
    assert run.success
    (materialization,) = [
        event.step_materialization_data.materialization
        for event in run.get_asset_materialization_events()
        if event.asset_key == UNPREFIXED(*month_certificates.PATH)
    ]
    return {name: value.value for name, value in materialization.metadata.items()}


def certify_may(platform: Platform) -> None:
    """An act: May is landed, computed and certified."""
    compute_months(platform, MAY)
    summarize(platform)


def certify_landed_may(platform: Platform) -> None:
    """An act: May is landed and certified."""
    load_months(platform, MAY)
    summarize(platform)


def certified(platform: Platform, month: str = "2026-05") -> dict[str, Any]:
    """The month's certificate."""
    document: dict[str, Any] = json.loads((folder(platform) / f"{month}.json").read_text(encoding="utf-8"))
    return document


def change_a_row(platform: Platform, assignment: str = "is_active = NOT is_active") -> None:
    """Change one landed row of May in the warehouse, as nobody should."""
    with platform.warehouse.writing() as connection:
        connection.execute(
            f"UPDATE raw.d23_manual_communication_logs SET {assignment} WHERE public_id = "
            f"(SELECT min(public_id) FROM raw.d23_manual_communication_logs WHERE month = DATE '2026-05-01')"
        )
