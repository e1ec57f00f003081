"""The rules version changes with everything that a figure depends on besides the rows, and with nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.rules_version import rules_version
from cleargrid_assets.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

DUBAI = {"CLEARGRID_TIMEZONE": "Asia/Dubai"}


def test_it_names_the_settings_that_figures_depend_on() -> None:
    assert rules_version(Settings(DUBAI)).startswith("active 30d Asia/Dubai map ")


@pytest.mark.parametrize(
    "changed",
    [
        {"CLEARGRID_ROW_SCOPE": "all"},
        {"CLEARGRID_PTP_MATURITY_DAYS": "7"},
        {"CLEARGRID_TIMEZONE": "UTC"},
        {"CLEARGRID_OUTCOMES": "outcomes.csv"},
    ],
    ids=str,
)
def test_each_of_them_makes_another_version(changed: dict[str, str], clean_environment: Path) -> None:
    text = "outcome,contact_class,result_class,aliases\nptp,right_party,refusal,PTP\n"
    (clean_environment / "outcomes.csv").write_text(text, encoding="utf-8")
    assert rules_version(Settings(DUBAI | changed)) != rules_version(Settings(DUBAI))


def test_settings_that_no_figure_depends_on_make_no_other_version() -> None:
    others = {"CLEARGRID_PAGE_SIZE": "7", "CLEARGRID_LENDER": "x", "CLEARGRID_WAREHOUSE": "elsewhere.duckdb"}
    assert rules_version(Settings(DUBAI | others)) == rules_version(Settings(DUBAI))
