"""The cards of the month: what each change is, when it is more than chance, and promises at equal age.

What is judged by the weeks of the months before it is tested here, too: these tests have four months.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cleargrid_assets.assets.reports.page.blocks import Cards, OfMonth
from cleargrid_assets.assets.reports.page.sections import headline, what_moved
from cleargrid_assets.assets.reports.page.sentence import NOT_JUDGED
from cleargrid_assets.commands.emulator_settings import OUTCOMES
from cleargrid_assets_tests.analytics.expected_statistics import difference_interval, difference_p, dispersion
from cleargrid_assets_tests.platform_under_test import started
from cleargrid_assets_tests.reports.report_pages import data_after, page_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cleargrid_assets.assets.reports.page.section import ReportData
    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow

MONTHS = ("2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01")
IN_MAY = "slice = 'all' AND month = '2026-05-01' AND metric = 'contact_rate'"
IN_APRIL = "slice = 'all' AND month = '2026-04-01' AND metric = 'contact_rate'"
EVEN_WEEKS = "UPDATE analytics.kpi_daily SET numerator = denominator // 2 WHERE denominator > 0"
"""No rate varies from week to week any more than coin tosses do."""


@pytest.fixture(scope="module")
def loaded_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """February to May with every outcome mapped, computed once for the tests that only read them."""
    with started(tmp_path_factory.mktemp("cards"), {"CLEARGRID_OUTCOMES": str(OUTCOMES)}) as platform:
        assert all(platform.refresh(month).success for month in MONTHS)
        yield platform


def judged(data: ReportData) -> dict[str, Mapping[str, Any]]:
    return {row["metric"]: row for row in data["headline__cards"]}


def cards(data: ReportData) -> dict[str, dict[str, Any]]:
    (block,) = [block for block in headline.SECTION.content(data) if isinstance(block, Cards)]
    return {card["name"]: card for card in block.cards}


def counts(k: int, n: int, where: str) -> str:
    return f"UPDATE analytics.kpi_monthly SET numerator = {k}, denominator = {n} WHERE {where}"


def test_a_change_on_a_card_is_that_of_kpi_monthly_with_its_interval(loaded_platform: Platform) -> None:
    data = page_data(loaded_platform)
    figures = loaded_platform.query(
        "SELECT metric, change_pp, change_lo, change_hi FROM analytics.kpi_monthly_total WHERE month = '2026-05-01' "
        "AND change_pp IS NOT NULL"
    )
    known = judged(data)
    on_cards = [figure for figure in figures if figure[0] in known]
    assert len(on_cards) == 7
    for metric, *change in on_cards:
        row = known[metric]
        assert [row["change_pp"], row["change_lo"], row["change_hi"]] == pytest.approx(change, abs=1e-9)
        text = f"{round(change[0], 1) + 0:+.1f} pp ({change[1]:+.1f} to {change[2]:+.1f})"
        assert cards(data)[row["name"]]["change"] == text


def test_a_change_is_judged_by_its_own_test_and_not_by_whether_two_intervals_overlap(
    loaded_platform: Platform,
) -> None:
    another = "slice = 'all' AND metric = 'ptp_per_rpc' AND month = '2026-0"
    changes = (counts(560, 1000, IN_MAY), counts(500, 1000, IN_APRIL), EVEN_WEEKS)
    both = (counts(900, 1000, f"{another}5-01'"), counts(500, 1000, f"{another}4-01'"))
    with data_after(loaded_platform, *changes, *both) as data:
        row = judged(data)["contact_rate"]
        assert row["lo"] < 0.5309  # the upper end of 500 of 1000
        assert row["is_beyond_chance"]
        assert not cards(data)["Contact rate"]["is_chance"]
        low, high = difference_interval(560, 1000, 500, 1000)
        assert low is not None
        assert high is not None
        assert (row["change_lo"], row["change_hi"]) == pytest.approx((100 * low, 100 * high))


def test_cards_beyond_chance_are_those_that_pass_benjamini_hochberg(loaded_platform: Platform) -> None:
    with data_after(loaded_platform, counts(600, 1000, IN_MAY), counts(500, 1000, IN_APRIL), EVEN_WEEKS) as data:
        rows = sorted(judged(data).values(), key=lambda row: row["p_value"])
        assert judged(data)["contact_rate"]["p_value"] == pytest.approx(difference_p(600, 1000, 500, 1000), abs=1e-6)
    places = [place for place, row in enumerate(rows, 1) if row["p_value"] <= 0.05 * place / len(rows)]
    assert len(rows) == 8
    assert [row["is_beyond_chance"] for row in rows] == [place <= max(places) for place in range(1, 9)]


@pytest.mark.parametrize("where", [IN_MAY, IN_APRIL])
def test_no_change_is_judged_if_one_percent_of_either_month_is_unmapped(loaded_platform: Platform, where: str) -> None:
    changes = (counts(600, 1000, IN_MAY), counts(500, 1000, IN_APRIL), EVEN_WEEKS)
    with data_after(loaded_platform, *changes) as data:
        assert judged(data)["contact_rate"]["is_beyond_chance"]
    unmapped = f"UPDATE analytics.kpi_monthly SET unmapped = 11 WHERE {where}"
    with data_after(loaded_platform, *changes, unmapped) as data:
        (rule, _, *_), (reservation, table) = headline.SECTION.content(data), what_moved.SECTION.content(data)
    assert {(row["p_value"], row["is_beyond_chance"]) for row in judged(data).values()} == {(None, False)}
    assert all(NOT_JUDGED in block.text for block in (rule, reservation))
    assert {line[1].lines[0] for line in table.cells} == {"not judged"}


def test_a_rate_that_varies_from_week_to_week_must_move_further(loaded_platform: Platform) -> None:
    in_total = "slice = 'all' AND metric = 'contact_rate'"
    every_other_week = f"UPDATE analytics.kpi_daily SET numerator = 0 WHERE {in_total} AND week(local_date) % 2 = 0"
    changes = (counts(565, 1000, IN_MAY), counts(500, 1000, IN_APRIL), every_other_week)
    with data_after(loaded_platform, *changes) as data:
        row = judged(data)["contact_rate"]
    weeks = loaded_platform.query(
        "SELECT sum(CASE WHEN week(local_date) % 2 = 0 THEN 0 ELSE numerator END)::INT, sum(denominator)::INT "
        f"FROM analytics.kpi_daily WHERE {in_total} AND local_date BETWEEN '2026-02-02' AND '2026-04-26' "
        "GROUP BY week(local_date)"
    )
    phi = dispersion([(k, n) for k, n in weeks])
    assert len(weeks) == row["phi_weeks"] == 12
    assert row["phi"] == pytest.approx(phi)
    assert row["p_value"] == pytest.approx(difference_p(565, 1000, 500, 1000, phi), abs=1e-6)
    assert not row["is_beyond_chance"]


def test_broken_promises_on_a_card_are_those_within_thirty_days_of_promises_that_old(
    loaded_platform: Platform,
) -> None:
    read_on_12_june = "UPDATE raw.d23_loads SET started_at = '2026-06-12' WHERE month = '2026-05-01'"
    aged = "is_promise AND in_scope AND communicated_at <= TIMESTAMP '2026-06-12' - INTERVAL 30 DAY"
    ((broken, promises, all_promises),) = loaded_platform.query(
        f"SELECT count(*) FILTER (WHERE {aged} AND is_ptp_broken AND updated_at <= communicated_at + INTERVAL 30 DAY), "
        f"count(*) FILTER (WHERE {aged}), count(*) FILTER (WHERE is_promise AND in_scope) "
        "FROM core.contact_attempts WHERE month = '2026-05-01'"
    )
    with data_after(loaded_platform, read_on_12_june) as data:
        card = cards(data)["Broken within 30 days"]
    assert 0 < promises < all_promises
    assert card["n"] == f"{broken:,} / {promises:,}"
    assert card["open"] == f"{all_promises - promises:,} younger promises left out"


def test_a_month_whose_promises_are_all_too_young_has_no_broken_rate(loaded_platform: Platform) -> None:
    read_on_the_last_day = "UPDATE raw.d23_loads SET started_at = '2026-05-30' WHERE month = '2026-05-01'"
    with data_after(loaded_platform, read_on_the_last_day) as data:
        card = cards(data)["Broken within 30 days"]
    assert (card["value"], card["n"], card["change"], card["is_chance"]) == ("n 0", "0 / 0", "", True)


def test_the_mature_share_is_on_no_card_and_keeps_its_caveat_among_all_metrics(loaded_platform: Platform) -> None:
    data = page_data(loaded_platform)
    assert "Broken promises, mature" not in cards(data)
    (table,) = [
        block.table
        for block in headline.SECTION.content(data)
        if isinstance(block, OfMonth) and block.month == "2026-05"
    ]
    (row,) = [row for row in table.rows if row[0] == "Broken promises, mature"]
    assert "Compare months at equal age only" in str(row[-1])
    assert row[-2] == "-"


def test_months_under_different_rules_are_not_compared(loaded_platform: Platform) -> None:
    with data_after(
        loaded_platform, "UPDATE analytics.kpi_monthly SET rules_version = 'old' WHERE month < '2026-05-01'"
    ) as data:
        row = judged(data)["rpc_per_contact"]
    assert (row["change_pp"], row["p_value"], row["is_beyond_chance"]) == (None, 1, False)


def test_hours_of_promises_are_judged_with_the_weeks_before_their_three_months(loaded_platform: Platform) -> None:
    rows = page_data(loaded_platform)["contact_hours"]
    weeks = {row["phi_weeks"] for row in rows if row["metric"] == "broken_within_30_days"}
    assert weeks == {3}  # of 2, 9 and 16 February; that of 23 February ends in March
