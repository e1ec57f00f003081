"""The runbook's way to compute the figures as they were known on a day: its own SQL and command, run as they stand."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import duckdb
import pytest

from cleargrid_assets.command_names import executable
from cleargrid_assets.commands.instance import PROJECT
from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row
from cleargrid_assets_tests.platform_under_test import LOADS, MAY
from cleargrid_assets_tests.warehouse_kinds import FILE

if TYPE_CHECKING:
    from pathlib import Path

    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

SECTION = re.compile(r"^## The figures as they were known on a day\n(.*?)^## ", re.DOTALL | re.MULTILINE)
FIGURES = "SELECT * FROM {}analytics.kpi_monthly ORDER BY ALL"


def runbook() -> tuple[str, str]:
    """The SQL and the command of the section."""
    section = SECTION.search((PROJECT / "docs" / "runbook.md").read_text(encoding="utf-8"))
    assert section
    sql, command = re.findall(r"```(?:sql|sh)\n(.*?)```", section[1], re.DOTALL)
    return sql, command


@pytest.mark.parametrize("warehouse_variables", [FILE], indirect=True)  # the runbook's SQL attaches a file
def test_the_figures_of_an_earlier_day_are_those_that_were_computed_then(platform: Platform, tmp_path: Path) -> None:
    serve(platform, [row(1), row(2, outcome_option="BUSY"), row(3)])
    assert platform.refresh().success
    figures, ((loaded_at,),) = platform.query(FIGURES.format("")), platform.query(f"SELECT loaded_at FROM {LOADS}")
    serve(platform, [row(1, is_active=False), row(2), row(4)])
    assert platform.refresh().success
    assert platform.query(FIGURES.format("")) != figures
    before = platform.version()

    sql, command = runbook()
    earlier = tmp_path / "as-known.duckdb"
    with duckdb.connect() as shell:
        shell.execute(
            sql.replace("data/production.duckdb", str(platform.file))
            .replace("data/as-known.duckdb", str(earlier))
            .replace("2026-06-01 04:00", str(loaded_at))
        )
    assert MAY in command
    command = command.replace("data/as-known.duckdb", str(earlier)).replace(".venv/bin/dagster", executable("dagster"))
    subprocess.run(["sh", "-c", command], env=platform.environment(), check=True)
    with duckdb.connect(earlier, read_only=True) as shell:
        assert shell.execute(FIGURES.format("")).fetchall() == figures
    assert platform.version() == before
