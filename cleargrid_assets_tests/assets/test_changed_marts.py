"""A mart that is changed, deleted or restored is computed again, or the months to repair are listed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.jobs import COMPUTE_MONTH, REFRESH_SUMMARY
from cleargrid_assets_tests.assets.example_marts import BEST_MONTH, PROMISES
from cleargrid_assets_tests.assets.test_marts import APRIL, folder, follow, with_marts
from cleargrid_assets_tests.automation.ledger_builder import run_ledger_checks
from cleargrid_assets_tests.automation.test_month_health import IN_ORDER, months_of
from cleargrid_assets_tests.platform_copies import compute_months
from cleargrid_assets_tests.platform_under_test import MAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

__all__ = ["folder", "with_marts"]

WHOLE = PROMISES.replace("month, ", "")
FAILS_IN_MAY = "CAST(max(CASE WHEN month = DATE '2026-05-01' THEN interaction_source ELSE '0' END) AS INTEGER)"


def test_a_mart_that_is_edited_while_a_run_computes_it_is_computed_again(
    with_marts: Callable[..., Platform], folder: Path
) -> None:
    started = with_marts({"promises.sql": PROMISES, "best_month.sql": BEST_MONTH}, APRIL, MAY)
    assert started.definitions  # a run reads them when it starts
    (folder / "promises.sql").write_text(PROMISES.replace("is_promise AND", "is_rpc AND"), encoding="utf-8")
    compute_months(started, APRIL, MAY)
    assert started.run_job(REFRESH_SUMMARY).success
    follow(started.with_variables())
    assert started.query("SELECT sum(promises) FROM marts.promises") == started.query(
        "SELECT count(*) FROM core.contact_attempts WHERE is_rpc AND in_scope"
    )
    assert started.query("SELECT max(promises) FROM marts.best_month") == started.query(
        "SELECT max(promises) FROM marts.promises"
    )


@pytest.mark.parametrize("lose", ["dropped", "a whole in between"])
def test_a_mart_that_is_restored_after_its_rows_are_gone_is_listed_with_its_months_and_repaired_by_loads(
    lose: str, with_marts: Callable[..., Platform], folder: Path
) -> None:
    before = with_marts({"promises.sql": PROMISES}, APRIL, MAY)
    follow(before)
    rows = before.query("SELECT * FROM marts.promises ORDER BY ALL")
    if lose == "dropped":
        with before.warehouse.writing() as connection:
            connection.execute("DROP TABLE marts.promises")
    else:
        (folder / "promises.sql").write_text(WHOLE, encoding="utf-8")
        assert before.with_variables().run_job(REFRESH_SUMMARY).success
        (folder / "promises.sql").write_text(PROMISES, encoding="utf-8")
    restored = before.with_variables()
    assert restored.run_job(REFRESH_SUMMARY).success
    reason = "computed, but its rows are not in the warehouse: marts/promises"
    assert months_to_repair(restored) == {"2026-04": ("stale", reason), "2026-05": ("stale", reason)}
    for month in (MAY, APRIL):
        assert restored.refresh(month).success
    assert restored.query("SELECT * FROM marts.promises ORDER BY ALL") == rows
    assert months_to_repair(restored) == {}


def test_a_month_that_fails_after_the_columns_have_changed_is_listed(
    with_marts: Callable[..., Platform], folder: Path
) -> None:
    before = with_marts({"promises.sql": PROMISES}, APRIL, MAY)
    follow(before)
    failing = PROMISES.replace("AS promises", f"+ {FAILS_IN_MAY} AS made").replace("promises:", "made:")
    (folder / "promises.sql").write_text(failing, encoding="utf-8")
    changed = before.with_variables()
    assert [changed.run_job(COMPUTE_MONTH, month).success for month in (APRIL, MAY)] == [True, False]
    reason = "not computed from its current rows under the current rules: marts/promises"
    assert months_to_repair(changed) == {"2026-05": ("stale", reason)}


def months_to_repair(platform: Platform) -> dict[str, tuple[str, str]]:
    """The state and the reason of the months that the daily check lists, if all were read today."""
    now = datetime(2026, 6, 10, 7, tzinfo=UTC)
    with platform.warehouse.writing() as connection:
        connection.execute("UPDATE raw.d23_loads SET loaded_at = ?", [(now - timedelta(hours=4)).replace(tzinfo=None)])
    settings = platform.with_variables(CLEARGRID_START_MONTH="2026-04").settings
    listed = months_of(run_ledger_checks(settings, now, platform.instance)[IN_ORDER])
    return {month: why for month, why in listed.items() if month != "2026-06"}
