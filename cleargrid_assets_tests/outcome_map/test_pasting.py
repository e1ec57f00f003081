"""Pasting the line of an unknown outcome changes nothing until its classes are filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleargrid_assets_tests.fixed_rows import serve
from cleargrid_assets_tests.landing.rows_of_may import row

pytestmark = pytest.mark.slow

UNMAPPED_OF_MAY = """
SELECT numerator, denominator FROM analytics.kpi_monthly WHERE metric = 'unmapped_per_attempt' AND slice = 'all'
"""


@pytest.fixture
def platform_with_unknown_outcome(platform):
    """A platform with three rows, two of them with an outcome that no map knows."""
    serve(platform, [row(1), row(2, outcome_option="BPTP"), row(3, outcome_option="b.p.t.p")])
    return platform


def warning(run):
    """The evaluation of the check on unknown outcomes."""
    (check,) = [event for event in run.get_asset_check_evaluations() if event.check_name == "outcomes_are_mapped"]
    return check


def line_to_paste(check):
    """The line that the warning offers."""
    (record,) = check.metadata["first_offending_rows"].records
    return record.data["csv_line"]


def paste_line(platform, line):
    """Add `line` to the user's map; return the platform with that map."""
    path = Path("outcomes.csv")
    path.write_text(f"outcome,contact_class,result_class,aliases\n{line}\n", encoding="utf-8")
    return platform.with_variables(CLEARGRID_OUTCOMES=str(path))


def classes(platform):
    """The number of rows for each outcome and its classes."""
    return platform.query(
        "SELECT outcome, contact_class, result_class, is_mapped, count(*) FROM core.contact_attempts "
        "WHERE outcome_option <> 'PTP' GROUP BY ALL"
    )


def test_the_line_pasted_as_it_is_keeps_the_outcome_unmapped_and_the_warning(platform_with_unknown_outcome):
    before = warning(platform_with_unknown_outcome.refresh())
    platform = paste_line(platform_with_unknown_outcome, line_to_paste(before))
    run = platform.refresh()
    assert run.success
    assert (warning(run).passed, line_to_paste(warning(run))) == (False, line_to_paste(before))
    assert classes(platform) == [("b_p_t_p", "unknown", "unknown", False, 2)]
    assert platform.query(UNMAPPED_OF_MAY) == [(2, 3)]


def test_the_line_with_its_classes_filled_in_maps_the_outcome_and_ends_the_warning(platform_with_unknown_outcome):
    line = line_to_paste(warning(platform_with_unknown_outcome.refresh()))
    platform = paste_line(platform_with_unknown_outcome, line.replace("unknown,unknown", "right_party,broken_promise"))
    run = platform.refresh()
    assert warning(run).passed
    assert classes(platform) == [("b_p_t_p", "right_party", "broken_promise", True, 2)]
    assert platform.query(UNMAPPED_OF_MAY) == [(0, 3)]
