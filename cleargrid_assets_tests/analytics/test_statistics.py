"""The statistical macros agree with published figures and with plain Python."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleargrid_assets_tests.analytics.expected_statistics import difference_interval, difference_p, dispersion
from cleargrid_assets_tests.analytics.small_warehouse import empty_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

shares = st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
any_example = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_warehouse() as connection:
        yield connection


def value(warehouse: duckdb.DuckDBPyConnection, expression: str, *parameters: object) -> Any:
    return warehouse.execute(f"SELECT {expression}", parameters).fetchall()[0][0]


def test_the_interval_of_a_difference_is_the_published_one(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Newcombe (1998), table II, method 10: 56/70 against 48/80."""
    ends = "[56 / 70 - 48 / 80, difference_lo(56, 70, 48, 80, 1), difference_hi(56, 70, 48, 80, 1)]"
    assert value(warehouse, ends) == pytest.approx([0.2, 0.0524, 0.3339], abs=5e-5)


def test_the_chi_square_tail_is_the_published_one(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert value(warehouse, "[chi_square_z(122, 102), chi_square_tail(122, 102)]") == pytest.approx(
        [1.364, 0.086], abs=5e-4
    )
    assert value(warehouse, "chi_square_tail(3, 0)") is None


@pytest.mark.parametrize("z", [-8.5, -3, -1.96, -0.01, 0, 0.01, 0.5, 1, 1.96, 2.5758, 5, 8.5, 40])
def test_the_normal_tail_errs_by_less_than_75_billionths(warehouse: duckdb.DuckDBPyConnection, z: float) -> None:
    assert value(warehouse, "normal_tail(?)", z) == pytest.approx(1 - NormalDist().cdf(z), abs=7.5e-8)


@any_example
@given(one=shares, other=shares, phi=st.floats(1, 9))
def test_differences_equal_those_of_plain_python(
    warehouse: duckdb.DuckDBPyConnection, one: tuple[int, int], other: tuple[int, int], phi: float
) -> None:
    ends = "[difference_lo($1, $2, $3, $4, $5), difference_hi($1, $2, $3, $4, $5), difference_p($1, $2, $3, $4, $5)]"
    expected = [*difference_interval(*one, *other, phi), difference_p(*one, *other, phi)]
    assert value(warehouse, ends, *one, *other, phi) == [
        end if end is None else pytest.approx(end, rel=1e-9, abs=1e-9) for end in expected
    ]


@any_example
@given(weeks=st.lists(shares, max_size=12))
def test_the_dispersion_equals_that_of_plain_python(
    warehouse: duckdb.DuckDBPyConnection, weeks: list[tuple[int, int]]
) -> None:
    counted = [(k, n) for k, n in weeks if n]
    sums = [len(counted), sum(k for k, _ in counted), sum(n for _, n in counted), sum(k * k / n for k, n in counted)]
    assert value(warehouse, "dispersion(?, ?, ?, ?)", *sums) == pytest.approx(dispersion(weeks), rel=1e-9)


def test_weeks_that_vary_as_coin_tosses_do_have_no_dispersion_and_wilder_ones_have_more() -> None:
    steady, wild = [(50, 100), (48, 100)] * 4, [(30, 100), (70, 100)] * 4
    assert dispersion(steady) == 1
    assert dispersion(wild) > 10
    assert dispersion(wild[:5]) == 1
