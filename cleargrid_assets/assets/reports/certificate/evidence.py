"""Reads the evidence of a month from an open warehouse: its ledger, its digests, and what its checks find.

The digests are explained in `digests.sql`; the checks are those of `sql_checks` on tables that have months.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleargrid_assets.assets.month_run import read_month_checks
from cleargrid_assets.assets.reports.certificate.certificate import CheckObservation, Evidence
from cleargrid_assets.assets.sql_asset import reporting_variables
from cleargrid_assets.sql_checks import read_raw_checks
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets.warehouse import Query

if TYPE_CHECKING:
    from datetime import date

    import duckdb

    from cleargrid_assets.settings import Settings

EVIDENCE = Path(__file__).with_name("evidence.sql")
DIGESTS = Path(__file__).with_name("digests.sql")


def read_evidence(connection: duckdb.DuckDBPyConnection, month: date) -> Evidence:
    """What the warehouse shows of a month in the ledger. One digest at a time: together they need twice the memory."""
    digests = f"FROM ({_select(connection, DIGESTS, month)}\n)"
    return Evidence(
        **_row(connection, _select(connection, EVIDENCE, month)),
        **_row(connection, f"SELECT rows_in_the_warehouse, public_ids_digest {digests}"),
        **_row(connection, f"SELECT rows_digest {digests}"),
    )


def _select(connection: duckdb.DuckDBPyConnection, file: Path, month: date) -> str:
    return Query(file.read_text(encoding="utf-8"), {"month": month}).bind(connection)


def _row(connection: duckdb.DuckDBPyConnection, select: str) -> dict[str, Any]:
    result = connection.execute(select)
    names = [column[0] for column in result.description or ()]
    (values,) = result.fetchall()
    return dict(zip(names, values, strict=True))


def observe_checks(
    connection: duckdb.DuckDBPyConnection, settings: Settings, month: date
) -> tuple[CheckObservation, ...]:
    """What every check of the month finds now. Raises `SettingsError`."""
    variables = {**reporting_variables(settings), "month": month, "quarantine_limit": settings.quarantine_limit}
    return tuple(
        CheckObservation(
            check.name,
            check.table.qualified_name,
            check.severity.value,
            check.find_violations(connection, variables).count,
        )
        for check in (*read_raw_checks(D23), *read_month_checks())
    )
