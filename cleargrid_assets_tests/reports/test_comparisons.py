"""What the page compares besides the last 7 days: equal ages, what moved and why, the open month, pools."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING, Any

import pytest

from cleargrid_assets.assets.reports.page.blocks import Cell, DataTable
from cleargrid_assets.assets.reports.page.data import read_sections
from cleargrid_assets.assets.reports.page.formatting import points
from cleargrid_assets.assets.reports.page.section import ReportData
from cleargrid_assets.assets.reports.page.sections import (
    pool_comparison,
    projection,
    promise_ages,
    report_sections,
    what_moved,
)
from cleargrid_assets.tables.analytics import SMALL_SAMPLE
from cleargrid_assets_tests.analytics.expected_statistics import difference_interval, difference_p, normal_tail
from cleargrid_assets_tests.platform_under_test import started
from cleargrid_assets_tests.reports.report_pages import data_after, refreshed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleargrid_assets_tests.platform_under_test import Platform


@pytest.fixture(scope="module")
def loaded_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """April and May, computed once for the tests that only read them."""
    with started(tmp_path_factory.mktemp("comparisons"), {}) as platform:
        yield refreshed(platform)


@pytest.fixture(scope="module")
def data(loaded_platform: Platform) -> ReportData:
    """The rows of all sections."""
    with loaded_platform.warehouse.reading() as connection:
        return read_sections(connection, loaded_platform.settings, report_sections())


def tables(data: ReportData, section: Any) -> list[DataTable]:
    return [block for block in section.SECTION.content(data) if isinstance(block, DataTable)]


def test_rate_and_mix_of_each_metric_add_up_to_its_change_under_each_grouping(data: ReportData) -> None:
    rows = data["what_moved"]
    assert Counter(row["grouped_by"] for row in rows) == {"channel x source": 5, "weekday x 3 h": 5}
    changes = {row["metric"]: row["change_pp"] for row in data["headline__cards"]}
    for row in rows:
        assert abs(row["rate_effect"] + row["mix_effect"] - row["total_change"]) < 1e-9
        assert abs(100 * row["total_change"] - changes[row["metric"]]) < 1e-9


def test_a_rate_has_one_line_with_its_effects_over_pools_and_over_hours(
    loaded_platform: Platform, data: ReportData
) -> None:
    effects = loaded_platform.query(
        "SELECT 100 * sum(rate_effect), 100 * sum(mix_effect) FROM analytics.rate_change_decomposition "
        "WHERE month = '2026-05-01' AND metric = 'contact_rate' GROUP BY grouped_by ORDER BY grouped_by"
    )
    (table,) = tables(data, what_moved)
    assert len(table.rows) == 5
    (line,) = [line for line in table.rows if line[0] == "Contact rate"]
    assert [line[2], line[3], line[5], line[6]] == [points(effect) for pair in effects for effect in pair]


def test_the_largest_part_is_shown_only_of_a_change_beyond_chance(data: ReportData) -> None:
    cards = [
        row | {"is_beyond_chance": row["metric"] == "contact_rate", "has_unmapped": False}
        for row in data["headline__cards"]
    ]
    judged = replace(data, rows={**data.rows, "headline__cards": cards})
    (table,) = tables(judged, what_moved)
    verdicts = {line[0].text: (line[1].lines[0], line[4].text != "-") for line in table.cells}
    assert verdicts.pop("Contact rate") == ("beyond chance", True)
    assert set(verdicts.values()) == {("no more than chance", False)}
    assert "parts are not reasons" not in what_moved.SECTION.content(judged)[0].text


def test_parts_of_changes_that_may_be_chance_are_said_not_to_be_reasons(data: ReportData) -> None:
    cards = [row | {"is_beyond_chance": False, "has_unmapped": False} for row in data["headline__cards"]]
    (note, _) = what_moved.SECTION.content(replace(data, rows={**data.rows, "headline__cards": cards}))
    assert note.text.startswith("No change here is beyond chance; its parts are not reasons.")


def test_promises_are_counted_by_an_age_that_all_of_them_have_reached(
    loaded_platform: Platform, data: ReportData
) -> None:
    (row,) = [
        it
        for it in data["promise_ages"]
        if (f"{it['month']}", it["age_days"], it["slice"]) == ("2026-04-01", 30, "all")
    ]
    ((promises, broken),) = loaded_platform.query(
        "SELECT count(*), count(*) FILTER (WHERE is_ptp_broken AND updated_at <= communicated_at + INTERVAL 30 DAY) "
        "FROM core.contact_attempts WHERE is_promise AND in_scope AND month = '2026-04-01' AND communicated_at "
        "<= (SELECT started_at FROM raw.last_loads WHERE month = '2026-04-01') - INTERVAL 30 DAY"
    )
    assert (row["promises"], row["broken"]) == (promises, broken)
    by_month, by_pool, _ = tables(data, promise_ages)
    assert [line[0] for line in by_month.rows] == ["Apr 2026", "May 2026"]
    assert len(by_pool.rows) == len(by_pool.channels)


def test_a_share_of_few_promises_is_not_shown(data: ReportData) -> None:
    few = {"month": data.month, "age_days": 30, "slice": "all", "promises": 29, "broken": 7, "lo": 0.1, "hi": 0.4}
    rows = {**data.rows, "promise_ages": [few]}
    (by_month, *_) = tables(ReportData(data.settings, data.month, data.months, rows), promise_ages)
    assert by_month.rows[0][3] == Cell("n 29", tone="few")


def test_a_pool_with_few_right_party_contacts_is_not_drawn_and_counted(loaded_platform: Platform) -> None:
    few = (
        "UPDATE analytics.agent_productivity SET rpc = 0, promises = 0 "
        "WHERE communication_type <> 'CALL' OR interaction_source <> 'AGENT'"
    )
    lucky = (
        "UPDATE analytics.agent_productivity SET rpc = 29, promises = 29 WHERE communication_type = 'EMAIL' "
        "AND first_at = (SELECT max(first_at) FROM analytics.agent_productivity WHERE communication_type = 'EMAIL')"
    )
    with data_after(loaded_platform, few, lucky) as data:
        note, charts, numbers, *_ = pool_comparison.SECTION.content(data)
    pools = [row[0] for row in numbers.rows]
    ((drawing,),) = charts.of_channel.values()
    assert [pool for pool in pools if f">{pool}<" in drawing] == pools[:1]
    assert pools[0].startswith("CALL")
    assert pools[1].startswith("EMAIL")
    assert note.text.endswith(f"Not drawn: {len(pools) - 1} pools with RPC under 30.")


def test_each_pool_stands_beside_the_median_of_its_channel(loaded_platform: Platform, data: ReportData) -> None:
    ((pools,),) = loaded_platform.query(
        "SELECT count(*) FROM analytics.pool_benchmark WHERE month = '2026-05-01' AND denominator > 0"
    )
    assert len(data["pool_comparison__benchmark"]) == pools > 0


def test_a_pool_with_few_rows_is_compared_with_nothing_and_counted(data: ReportData) -> None:
    rows = data["pool_comparison__benchmark"]
    few = sum(row["denominator"] < SMALL_SAMPLE for row in rows)
    assert 0 < few < len(rows)
    *_, note, table = pool_comparison.SECTION.content(data)
    assert f"Left out: {few} of {len(rows)} rates" in note.text
    assert len(table.rows) == len(table.channels) == len(rows) - few


def test_comparisons_of_pools_beyond_chance_are_those_that_pass_benjamini_hochberg(loaded_platform: Platform) -> None:
    by_hand = "UPDATE analytics.cohort_contact SET contacts = attempts WHERE communication_type = 'CALL' AND {}"
    better = by_hand.format("interaction_source = 'AGENT' AND month = '2026-05-01'")
    with data_after(loaded_platform, better) as data:
        rows = data["pool_comparison__benchmark"]
        *_, table = pool_comparison.SECTION.content(data)
    compared = [
        (row[f"{which}_p_value"], row[f"{which}_is_beyond_chance"])
        for row in rows
        for which in ("own", "expected")
        if row[f"{which}_p_value"] is not None
    ]
    places = [place for place, (p, _) in enumerate(sorted(compared), 1) if p <= 0.05 * place / len(compared)]
    assert 0 < len(places) < len(compared)
    assert [is_beyond for _, is_beyond in sorted(compared)] == [place < max(places) for place in range(len(compared))]
    tones = {line[0].text: (line[2].tone, line[4].tone) for line in table.cells}
    assert tones["CALL × AGENT, Contact rate"] == ("up", "up")  # noqa: RUF001 - as the page writes pools


def test_a_pool_is_judged_against_the_others_of_its_channel(data: ReportData) -> None:
    rows = [row for row in data["pool_comparison__benchmark"] if row["expected_p_value"] is not None]
    assert rows
    for row in rows:
        n, others = row["denominator"], row["channel_denominator"] - row["denominator"]
        share = row["expected"] / n
        z = abs(row["numerator"] - row["expected"]) / sqrt(row["phi"] * n * share * (1 - share) * others / (n + others))
        assert row["expected_p_value"] == pytest.approx(min(1, 2 * normal_tail(z)), abs=1e-9)
        assert row["own_p_value"] == pytest.approx(
            difference_p(row["numerator"], n, row["own_numerator"], row["own_denominator"], row["phi"]), abs=1e-9
        )


def test_a_channel_with_one_pool_of_enough_rows_has_no_median(loaded_platform: Platform) -> None:
    alone = "DELETE FROM analytics.cohort_contact WHERE communication_type = 'CALL' AND interaction_source <> 'AGENT'"
    few = (
        "INSERT INTO analytics.cohort_contact SELECT * REPLACE ('BOT' AS interaction_source) "
        "FROM analytics.cohort_contact WHERE communication_type = 'CALL' AND month = '2026-05-01' LIMIT 3"
    )
    with data_after(loaded_platform, alone, few) as data:
        rows = [row for row in data["pool_comparison__benchmark"] if row["pool"].startswith("CALL × ")]  # noqa: RUF001 - as the page writes pools
    assert len({row["pool"] for row in rows}) == 2
    assert {row["median_value"] for row in rows} == {None}


def test_late_logging_stands_beside_the_promises_that_broke_at_the_same_age(
    loaded_platform: Platform, data: ReportData
) -> None:
    pools = loaded_platform.query(
        "SELECT communication_type, count(*) FILTER (WHERE created_at > communicated_at + INTERVAL 24 HOUR), count(*), "
        "count(*) FILTER (WHERE is_promise AND is_ptp_broken AND updated_at <= communicated_at + INTERVAL 30 DAY), "
        "count(*) FILTER (WHERE is_promise) FROM core.contact_attempts WHERE in_scope "
        "GROUP BY communication_type, interaction_source"
    )
    rows = data["pool_comparison__late_logging"]
    names = ("communication_type", "late", "attempts", "broken", "promises")
    assert Counter(tuple(row[name] for name in names) for row in rows) == Counter(pools)
    table = tables(data, pool_comparison)[1]
    assert table.heads == ("Pool", "Logged later than 24 h", "Broken within 30 days")
    assert [row[0] for row in table.rows] == [row["pool"] for row in rows]
    assert list(table.channels) == [row["communication_type"] for row in rows]


def test_pools_that_log_late_more_often_than_all_together_are_compared_with_the_others(
    loaded_platform: Platform,
) -> None:
    late = "CASE WHEN communication_type = 'WHATSAPP' THEN attempts ELSE 0 END"
    breaking = (
        "UPDATE core.contact_attempts SET is_ptp_broken = communication_type = 'WHATSAPP', updated_at = created_at"
    )
    changes = (f"UPDATE analytics.agent_productivity SET late_logged_24h = {late}", breaking)
    with data_after(loaded_platform, *changes) as data:
        rows = data["pool_comparison__late_logging"]
        verdict = pool_comparison.late_logging_verdict(rows[0])
    assert {row["communication_type"] for row in rows if row["is_late"]} == {"WHATSAPP"}
    of_whatsapp = sum(row["promises"] for row in rows if row["is_late"])
    of_others = sum(row["promises"] for row in rows if not row["is_late"])
    fast = sum(row["broken"] for row in rows if row["is_late"])
    low, high = difference_interval(fast, of_whatsapp, 0, of_others)
    assert (rows[0]["change_lo"], rows[0]["change_hi"]) == pytest.approx((100 * (low or 0), 100 * (high or 0)))
    assert f"({fast:,} / {of_whatsapp:,}) were broken" in verdict
    assert f"0.0% (0 / {of_others:,})" in verdict
    assert "is more than chance" in verdict


def test_a_difference_between_late_and_other_pools_that_may_be_chance_is_said_to_be(data: ReportData) -> None:
    assert "is no more than chance" in pool_comparison.late_logging_verdict(data["pool_comparison__late_logging"][0])


def test_without_a_pool_that_logs_late_nothing_is_compared(loaded_platform: Platform) -> None:
    with data_after(loaded_platform, "UPDATE analytics.agent_productivity SET late_logged_24h = 0") as data:
        verdict = pool_comparison.late_logging_verdict(data["pool_comparison__late_logging"][0])
    assert verdict.startswith("Nothing is compared: ")


def test_the_open_month_is_left_out_without_a_projection_and_shown_with_its_error(data: ReportData) -> None:
    assert data["projection"] == []  # two months have no eight weeks before them
    assert tables(data, projection) == []
    row = {
        "month": data.month,
        "name": "Contact rate",
        "unit": "share",
        "so_far": 0.5,
        "projected": 0.55,
        "previous": 0.6,
        "backtests": 4,
        "median_abs_error": 0.0123,
    }
    (table,) = tables(ReportData(data.settings, data.month, [], {"projection": [row]}), projection)
    assert table.rows == [["Contact rate", "50.0%", "55.0%", "1.2 pp", "60.0%"]]
