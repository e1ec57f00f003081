"""The first screen of a page from a real warehouse: its sentence, its line about the data, and the last 7 days."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.assets.reports.page.data import read_sections
from cleargrid_assets.assets.reports.page.sections import last_seven_days, report_sections
from cleargrid_assets_tests.automation.test_follow_sensor import bad_rows_fault
from cleargrid_assets_tests.platform_under_test import started
from cleargrid_assets_tests.reports.report_pages import Document, data_after, refreshed, report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cleargrid_assets_tests.platform_under_test import Platform

pytestmark = pytest.mark.slow


MAPPED = "UPDATE analytics.kpi_daily SET unmapped = 0"
NOBODY = "UPDATE analytics.kpi_daily SET numerator = 0 WHERE metric = 'contact_rate' AND local_date >= '2026-05-25'"


@pytest.fixture(scope="module")
def loaded_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """April and May, and a target."""
    folder = tmp_path_factory.mktemp("first_screen")
    targets = folder / "targets.csv"
    targets.write_text("metric,target,channel\ncontact_rate,0.375,\n", encoding="utf-8")
    with started(folder, {"CLEARGRID_TARGETS": str(targets)}) as platform:
        yield refreshed(platform)


def text_of(page: Path) -> str:
    return " ".join(word for word in Document(page.read_text(encoding="utf-8")).words if word)


def test_the_last_seven_days_are_sums_of_rows_by_their_local_dates(loaded_platform: Platform) -> None:
    with loaded_platform.warehouse.reading() as connection:
        rows = read_sections(connection, loaded_platform.settings, report_sections())["last_seven_days"]
    totals = {row["metric"]: row for row in rows if row["slice"] == "all"}
    ((rpc, contacts, rpc_before, contacts_before),) = loaded_platform.query(
        "SELECT count(*) FILTER (WHERE late AND is_rpc), count(*) FILTER (WHERE late AND is_contact), "
        "count(*) FILTER (WHERE NOT late AND is_rpc), count(*) FILTER (WHERE NOT late AND is_contact) "
        "FROM (SELECT *, local_date >= '2026-05-25' AS late FROM core.contact_attempts "
        "WHERE in_scope AND local_date BETWEEN '2026-04-27' AND '2026-05-31')"
    )
    row = totals["rpc_per_contact"]
    assert (row["k1"], row["n1"], row["k0"], row["n0"]) == (rpc, contacts, rpc_before, contacts_before)
    assert (row["days"], row["reference_days"], row["is_compared"]) == (7, 28, True)
    assert abs(row["change_pp"] - 100 * (rpc / contacts - rpc_before / contacts_before)) < 1e-9
    channels = [each for each in rows if each["metric"] == "rpc_per_contact" and each["slice"] == "channel"]
    assert sum(each["n1"] for each in channels) == contacts


def test_cells_beyond_chance_are_those_that_pass_benjamini_hochberg(loaded_platform: Platform) -> None:
    nobody = f"{NOBODY} AND slice = 'all'"
    with data_after(loaded_platform, MAPPED, nobody) as data:
        rows = data["last_seven_days"]
    ordered = sorted(rows, key=lambda row: row["p_value"])
    places = [place for place, row in enumerate(ordered, 1) if row["p_value"] <= 0.05 * place / len(ordered)]
    assert places
    assert [row["is_beyond_chance"] for row in ordered] == [place <= max(places) for place in range(1, len(rows) + 1)]


def test_a_channel_with_more_than_one_percent_unmapped_in_either_span_is_not_judged(loaded_platform: Platform) -> None:
    unmapped = "UPDATE analytics.kpi_daily SET unmapped = denominator WHERE local_date = '{}' AND slice = 'channel'"
    calls = f"{unmapped} AND communication_type = 'CALL'"
    for day in ("2026-05-26", "2026-04-28"):
        with data_after(loaded_platform, MAPPED, NOBODY, calls.format(day)) as data:
            rows = data["last_seven_days"]
        assert {row["communication_type"] for row in rows if row["has_unmapped"]} == {"CALL"}
        assert {row["communication_type"] for row in rows if row["p_value"] is None} == {"CALL"}
        moved = {row["communication_type"] for row in rows if row["is_beyond_chance"]}
        assert "(all)" in moved
        assert "CALL" not in moved


def test_unmapped_outcomes_stand_beside_the_attempts_of_each_channel(loaded_platform: Platform) -> None:
    calls = "communication_type = 'CALL' AND slice = 'channel' AND local_date >= '2026-05-25'"
    with data_after(loaded_platform, f"UPDATE analytics.kpi_daily SET unmapped = 3 WHERE {calls}") as data:
        _, table, rule = last_seven_days.SECTION.content(data)
        (row,) = [row for row in data["last_seven_days"] if row["communication_type"] == "CALL"][:1]
    (line,) = [line for line in table.cells if line[0].text == "CALL"]
    assert table.heads[2] == "Unmapped"
    assert line[2].lines[0] == f"21 / {row['n1']:,}"
    assert "A channel with more than 1% of attempts unmapped in either span is not judged." in rule.text


def test_the_rule_of_colours_promises_an_average_and_no_single_morning(loaded_platform: Platform) -> None:
    with data_after(loaded_platform, MAPPED) as data:
        *_, rule = last_seven_days.SECTION.content(data)
    assert f"over {len(data['last_seven_days'])} cells: over many mornings, on average at most 5% of" in rule.text


def test_the_page_opens_with_the_sentence_and_names_months_never_read(loaded_platform: Platform) -> None:
    text = text_of(report(loaded_platform))
    assert re.search(r"In short Rows up to 31 May 2026 \d\d:\d\d\. ", text)
    assert "never read: " in text
    assert "Data: 2 months final; missing: " in text
    assert "target 37.5%" in text


def test_a_red_month_is_named(start_platform: Callable[..., Platform]) -> None:
    variables = {"CLEARGRID_START_MONTH": "2026-04", "CLEARGRID_QUARANTINE_LIMIT": "0.001"}
    platform = start_platform(variables=variables, faults=[bad_rows_fault("2026-05")])
    assert platform.refresh("2026-04-01").success
    assert not platform.refresh("2026-05-01").success
    text = text_of(report(platform))
    assert "a blocking check is red: May 2026" in text
    assert "Data: 1 month final; red: May 2026;" in text
