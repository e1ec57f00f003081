"""The random day of a month, and the bound that the days compared so far put on the share of days with changes."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from cleargrid_assets.checks.sampled_days import Samples, sampled_days_are_unchanged, upper_bound
from cleargrid_assets.landing.sampled_days import random_day


def test_the_random_day_is_the_same_all_week_and_every_day_is_as_likely_as_any_other() -> None:
    monday = date(2026, 6, 1)
    assert {random_day(date(2024, 2, 1), monday + timedelta(days=day)) for day in range(7)} == {
        random_day(date(2024, 2, 1), monday)
    }
    days = Counter(random_day(date(2024, 2, 1), monday + timedelta(weeks=week)).day for week in range(2900))
    assert sorted(days) == list(range(1, 30))
    assert all(60 < times < 145 for times in days.values())  # 100 expected; five standard deviations are 50


@pytest.mark.parametrize(
    ("sampled", "different", "bound"),
    [
        (1, 0, 0.95),
        (10, 0, 0.258866),
        (59, 0, 0.049508),
        (1, 1, 1.0),
        (2, 1, 0.974679),
        (10, 1, 0.394163),
        (10, 5, 0.777559),
        (2, 2, 1.0),
        (1200, 3, 0.006449),
    ],
)
def test_the_bound_is_that_of_clopper_and_pearson(sampled: int, different: int, bound: float) -> None:
    """By hand: 1 - 0.05 ** (1 / m) for none; for 1 of 2, the p with 1 - p² = 0.05; the others are tabulated."""
    assert upper_bound(sampled, different) == pytest.approx(bound, abs=1e-6)


def test_the_sentence_rounds_the_bound_up() -> None:
    result = sampled_days_are_unchanged(Samples([(date(2025, 1, 6), 0)] * 59, "2025-09", has_recent=True))
    assert "with 95% confidence fewer than 5% of the days before 2025-09 held a change" in str(result.description)


def test_a_day_that_differed_both_times_it_was_compared_is_listed_as_often_as_it_is_counted() -> None:
    day = date(2025, 1, 6)
    result = sampled_days_are_unchanged(Samples([(day, 1), (day, 2)], "2025-09", has_recent=True))
    assert f"2 of the 2 days compared in the last 12 weeks held a change: {day} (1 row), {day} (2 rows);" in str(
        result.description
    )
