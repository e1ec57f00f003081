"""A mart that is changed, deleted or restored is computed again, or the months to repair are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleargrid_assets.jobs import REFRESH_SUMMARY
from cleargrid_assets_tests.assets.example_marts import BEST_MONTH, PROMISES
from cleargrid_assets_tests.assets.test_marts import APRIL, folder, follow, with_marts
from cleargrid_assets_tests.platform_copies import compute_months
from cleargrid_assets_tests.platform_under_test import MAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cleargrid_assets_tests.platform_under_test import Platform

__all__ = ["folder", "with_marts"]


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
