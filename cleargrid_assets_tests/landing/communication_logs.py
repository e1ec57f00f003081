"""D21 on the platform under test: its loads, its rows as landed and as sent, and good rows to serve instead."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from cleargrid_assets.tables.d21 import D21
from cleargrid_assets_tests.fixed_rows import LoggedRows
from cleargrid_assets_tests.platform_under_test import MAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cleargrid_assets_tests.platform_under_test import Platform, Row

D21_LOGS = dg.AssetKey(D21.rows.key)
BOTH = {"CLEARGRID_DATASETS": "D23,D21"}
PERSONAL = {"from": "+97144000000", "to": "+971501234567", "subject": "Ahmed, your payment is due"}
TABLES = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw' AND contains(table_name, 'd21')"
FIELDS = ", ".join(D21.field_names)


def load(platform: Platform, month: str = MAY) -> dg.ExecuteInProcessResult:
    """Run D21's raw asset alone. A failed run is returned like any other."""
    job = platform.definitions.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        partition_key=month, asset_selection=[D21_LOGS], instance=platform.instance, raise_on_error=False
    )


def landed(platform: Platform, month: str = MAY) -> list[Row]:
    """The month's rows in the warehouse, sorted by id."""
    return platform.query(f"SELECT {FIELDS} FROM {D21.rows.qualified_name} WHERE month = ? ORDER BY public_id", [month])


def sent(platform: Platform, month: str = MAY) -> list[dict[str, Any]]:
    """The month's rows as the emulator sends them now, personal fields included."""
    window = platform.window(month)
    return platform.emulator.communications.rows(window.since, window.until, platform.emulator.now or datetime.now(UTC))


def truth(platform: Platform, month: str = MAY) -> list[Row]:
    """The month's rows as the emulator holds them now, as the table holds them."""
    return sorted(tuple(_as_landed(name, row[name]) for name in D21.field_names) for row in sent(platform, month))


def _as_landed(name: str, value: Any) -> Any:
    is_instant = name.endswith("_at")
    return datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None) if is_instant else value


def row(number: int = 1, **changed: object) -> dict[str, object]:
    """A good row of D21; `changed` fields replace its own."""
    return {
        "public_id": f"{number:024x}",
        "communication_type": "CALL",
        "direction": "OUTBOUND",
        "status": "COMPLETED",
        **PERSONAL,
        "duration": 12.345,
        "communicated_at": "2026-05-21T12:05:44.000Z",
        "created_at": "2026-05-21T12:06:00.512Z",
        "updated_at": "2026-05-21T12:06:00.512Z",
        **changed,
    }


def serve(platform: Platform, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let the emulator hold these rows of D21 from now on."""
    platform.emulator.api.communications = LoggedRows(rows)  # type: ignore[assignment]  # no GeneratedRows, but it has the two methods that the API calls


def results(run: dg.ExecuteInProcessResult) -> dict[str | None, bool]:
    """The checks of D21's month by name; True for those that passed."""
    return {check.check_name: check.passed for check in run.get_asset_check_evaluations()}
