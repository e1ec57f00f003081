"""The page's first sentences follow stated rules, from the figures and from the states of the months."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from cleargrid_assets.assets.reports.page.sentence import Facts, MonthFacts, data_line, sentences

SEP, OCT, NOV = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
FINAL = MonthFacts(SEP, "final", rows_landed=10_000, attempts=9_000)
OCTOBER = replace(FINAL, month=OCT)
OPEN = replace(FINAL, month=NOV, state="open", is_open=True)
SPAN = "17 to 23 Nov 2026 against the 4 weeks before"
STILL = f"{SPAN}: no rate moved beyond chance."
ATTEMPTS = "Attempts a day 137.0, before 340.0; not judged."
COMPARED = (STILL, ATTEMPTS)


def cell(change_pp: float = 0.2, *, is_beyond_chance: bool = False, **changed: Any) -> dict[str, Any]:
    """A cell of the comparison."""
    return {
        "slice": "channel", "communication_type": "WHATSAPP", "metric": "rpc_per_contact", "name": "RPC per contact",
        "k1": 300, "n1": 1_000, "k0": 1_200, "n0": 4_000, "change_pp": change_pp, "is_beyond_chance": is_beyond_chance,
        "is_compared": True, "rules_versions": 1, "days": 7, "reference_days": 28,
        "from_date": date(2026, 11, 17), "until_date": date(2026, 11, 23),
        "has_unmapped": False, "unmapped1": 0, "attempts1": 2_400, "unmapped0": 0, "attempts0": 9_600,
    } | changed  # fmt: skip


TOTAL = cell(slice="all", communication_type="(all)", attempts1=959, attempts0=9_520)
FACTS = Facts(datetime(2026, 11, 23, 21, 40, tzinfo=UTC), [FINAL, OCTOBER, OPEN], [TOTAL], date(2026, 11, 24))
FELL = cell(-4.1, is_beyond_chance=True, n1=812, n0=3_204)
NO_REFERENCE = cell(None, k0=0, n0=0, communication_type="EMAIL")  # type: ignore[arg-type]
FIVE_ROWS = cell(20.0, k1=2, n1=5, k0=4, n0=20)
WITH = {
    "nothing moved": (FACTS, [*COMPARED]),
    "one channel fell": (
        replace(FACTS, cells=[FELL, TOTAL]),
        [
            (
                f"{SPAN}: RPC per contact on WHATSAPP down 4.1 points (n 812 against 3,204). "
                "No other rate moved beyond chance."
            ),
            ATTEMPTS,
        ],
    ),
    "a month red": (
        replace(FACTS, months=[replace(FINAL, state="red"), OCTOBER, OPEN]),
        ["Not in the figures, or not certain: a blocking check is red: Sep 2026.", *COMPARED],
    ),
    "a holiday": (replace(FACTS, cells=[TOTAL, cell(k1=60, n1=200)]), [*COMPARED]),
    "a new channel": (replace(FACTS, cells=[TOTAL, NO_REFERENCE]), [*COMPARED]),
    "5 rows": (replace(FACTS, cells=[TOTAL, FIVE_ROWS]), [*COMPARED]),
    "a month missing": (
        replace(FACTS, months=[replace(FINAL, state="missing"), OCTOBER, OPEN]),
        ["Not in the figures, or not certain: never read: Sep 2026.", *COMPARED],
    ),
    "a month failed": (
        replace(FACTS, months=[replace(FINAL, state="failed"), OCTOBER, OPEN]),
        ["Not in the figures, or not certain: the last load failed: Sep 2026.", *COMPARED],
    ),
    "rows quarantined above 0.1% of a month": (
        replace(FACTS, months=[FINAL, OCTOBER, replace(OPEN, rows_landed=8_799, quarantined=300)]),
        [
            "Not in the figures, or not certain: 300 of 9,099 rows of Nov 2026 (3.3%) were quarantined.",
            *COMPARED,
        ],
    ),
    "unmapped above 1% of a month": (
        replace(FACTS, months=[FINAL, replace(OCTOBER, unmapped=91), OPEN]),
        [
            (
                "Not in the figures, or not certain: 91 of 9,000 attempts of Oct 2026 (1.0%) have an unmapped "
                "outcome, so rates per attempt are lower bounds, and rates per contact or per RPC may be too low or "
                "too high."
            ),
            *COMPARED,
        ],
    ),
    "two rules versions": (
        replace(FACTS, cells=[cell(is_compared=False, rules_versions=2)]),
        ["The last 7 days are not compared: these 5 weeks were computed under two versions of the rules."],
    ),
}


@pytest.mark.parametrize("situation", WITH)
def test_the_sentence_says_what_is_the_case_and_nothing_else(situation: str) -> None:
    facts, expected = WITH[situation]
    assert sentences(facts) == ["Rows up to 23 Nov 2026 21:40.", "Oct 2026 is final and complete.", *expected]


def test_an_empty_warehouse_is_said_to_be_empty() -> None:
    assert sentences(Facts(None, [])) == ["There are no rows yet."]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("failed", "Oct 2026 is not final: the last load failed."),
        ("red", "Oct 2026 is not final: a blocking check is red."),
        ("missing", "Oct 2026 is not final: never read."),
        ("uncomputed", "Oct 2026 is not final: read and not computed."),
        ("unfinished", "Oct 2026 is not final: last read before its end."),
    ],
)
def test_the_newest_closed_month_is_named_even_if_an_older_one_is_in_order(state: str, sentence: str) -> None:
    assert sentences(replace(FACTS, months=[FINAL, replace(OCTOBER, state=state), OPEN]))[1] == sentence


@pytest.mark.parametrize(("state", "problem"), [("failed", "the last load failed"), ("red", "a blocking check is red")])
def test_a_failed_or_red_load_of_the_open_month_leaves_the_closed_month_final(state: str, problem: str) -> None:
    facts = replace(FACTS, months=[FINAL, OCTOBER, replace(OPEN, state=state)])
    assert sentences(facts)[1:3] == [
        "Oct 2026 is final and complete.",
        f"Not in the figures, or not certain: {problem}: Nov 2026.",
    ]


def test_with_an_open_month_alone_every_figure_is_provisional() -> None:
    assert sentences(replace(FACTS, months=[OPEN]))[1] == "No month has ended yet: every figure is provisional."


def test_months_without_a_fault_do_not_dilute_the_share_of_another() -> None:
    history = [replace(FINAL, month=date(2023 + number // 12, number % 12 + 1, 1)) for number in range(32)]
    facts = replace(FACTS, months=[*history, FINAL, replace(OCTOBER, rows_landed=9_902, quarantined=98), OPEN])
    assert sentences(facts)[2] == (
        "Not in the figures, or not certain: 98 of 10,000 rows of Oct 2026 (1.0%) were quarantined."
    )


def test_three_months_beyond_a_limit_are_named_and_the_others_counted() -> None:
    months = [replace(FINAL, month=date(2026, number, 1), quarantined=100) for number in range(5, 11)]
    sentence = sentences(replace(FACTS, months=[*months, OPEN]))[2]
    assert [name in sentence for name in ("Oct", "Sep", "Aug", "Jul")] == [True, True, True, False]
    assert sentence.endswith("rows of Aug 2026 (1.0%), more than 0.1% of 3 other months were quarantined.")


@pytest.mark.parametrize(("quarantined", "unmapped"), [(10, 0), (0, 90)])
def test_a_share_of_exactly_the_limit_is_not_named(quarantined: int, unmapped: int) -> None:
    months = [
        FINAL,
        replace(OCTOBER, rows_landed=10_000 - quarantined, quarantined=quarantined, unmapped=unmapped),
        OPEN,
    ]
    assert sentences(replace(FACTS, months=months))[2:] == [*COMPARED]


def test_the_largest_moves_are_named_first_and_the_others_counted() -> None:
    changes = (2.0, -5.0, 3.0, 4.0)
    moved = [cell(change, is_beyond_chance=True) for change in changes]
    text = sentences(replace(FACTS, cells=[TOTAL, *moved]))[-2]
    assert [text.index(size) for size in ("5.0 p", "4.0 p", "3.0 p")] == sorted(
        text.index(size) for size in ("5.0 p", "4.0 p", "3.0 p")
    )
    assert text.endswith("1 more in the table; no other rate moved beyond chance.")


def test_a_channel_whose_outcomes_the_map_does_not_know_is_named_before_the_moves() -> None:
    calls = {"communication_type": "CALL", "has_unmapped": True, "unmapped1": 131, "unmapped0": 200}
    cells = [TOTAL, cell(8.7, **calls), cell(-8.4, **calls), FELL]
    unmapped, moves, _ = sentences(replace(FACTS, cells=cells))[2:]
    assert unmapped == (
        "131 of 2,400 attempts on CALL of 17 to 23 Nov 2026 have an unmapped outcome; changes on CALL may be that "
        "alone."
    )
    assert "RPC per contact on WHATSAPP down 4.1 points" in moves


def test_outcomes_unmapped_before_the_last_seven_days_are_named_with_their_span() -> None:
    unmapped, moves, _ = sentences(replace(FACTS, cells=[TOTAL | {"has_unmapped": True, "unmapped0": 97}]))[2:]
    assert unmapped == (
        "97 of 9,520 attempts of the 4 weeks before 17 Nov 2026 have an unmapped outcome; changes in total may be that "
        "alone."
    )
    assert moves == STILL.replace("no rate", "no other rate")


def test_days_that_end_before_yesterday_say_how_old_the_last_load_of_rows_is() -> None:
    facts = replace(FACTS, today=date(2026, 12, 10))
    assert sentences(facts)[2:] == ["The last load of rows is 16 days old.", *COMPARED]
    assert sentences(replace(FACTS, today=date(2026, 11, 25)))[2] == "The last load of rows is 1 day old."


def test_seven_days_in_two_months_name_both() -> None:
    days = {"from_date": date(2026, 10, 28), "until_date": date(2026, 11, 3)}
    assert sentences(replace(FACTS, cells=[TOTAL | days], today=date(2026, 11, 4)))[-2] == (
        "28 Oct to 3 Nov 2026 against the 4 weeks before: no rate moved beyond chance."
    )


def test_too_few_days_are_counted_instead_of_compared() -> None:
    text = sentences(replace(FACTS, cells=[cell(is_compared=False, days=5, reference_days=0)]))[-1]
    assert text == "The last 7 days are not compared: 5 of 7 whole days are loaded, and 0 of the 28 before."


def test_the_data_line_lists_every_month_that_is_not_final_and_rows_outside_the_figures() -> None:
    months = [
        replace(FINAL, month=date(2026, number, 1), state="missing", rows_landed=0, attempts=0) for number in (3, 4, 6)
    ]
    line = data_line(replace(FACTS, months=[*months, FINAL, replace(OCTOBER, state="red", quarantined=98), OPEN]))
    assert line == (
        "Data: 1 month final; red: Oct 2026; missing: Mar 2026 to Apr 2026, Jun 2026; open: Nov 2026; 98 of 30,098 "
        "rows quarantined; 0 of 27,000 attempts with an outcome that the map does not know."
    )
