"""The user's file overrides the shipped map; an unusable file is refused with one sentence."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleargrid_assets.outcome_map import OutcomeMap, OutcomeMapError, matching_key
from cleargrid_assets.outcome_map.matching import KEY_RULE
from cleargrid_assets.warehouse.schema import MACROS

HEADER = "outcome,contact_class,result_class,aliases"


def overlay(*lines: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    path = Path("outcomes.csv")
    path.write_text("\n".join([header, *lines]) + "\n", encoding=encoding)
    return path


def classify_spelling(spelling: str | None, path: Path | None = None) -> tuple[Any, ...]:
    (row,) = OutcomeMap.load(path).classify([spelling])
    return row["outcome"], row["contact_class"], row["result_class"], row["is_mapped"]


@pytest.mark.parametrize(
    "spelling",
    ["NO_ANSWER", "no-answer", " No Answer ", "no\tanswer", "\uff2e\uff2f answer", "No A\u0301nswer", "noanswer"],
)
def test_case_accents_width_and_separators_do_not_matter(spelling: str) -> None:
    assert classify_spelling(spelling) == ("no_answer", "no_connect", "none", True)


@pytest.mark.parametrize(
    "spelling", ["DC", "NC", "BPTP", "A", "B", "D", "Disconnected", "Rejected", "Follow up", "Will pay", "PTP later"]
)
def test_what_sources_contradict_each_other_on_stays_unmapped(spelling: str) -> None:
    assert classify_spelling(spelling) == ("unmapped", "unknown", "unknown", False)


def test_nothing_sent_is_null_and_nothing_to_match_is_unmapped() -> None:
    assert classify_spelling(None) == ("(null)", "unknown", "unknown", False)
    assert classify_spelling("---") == ("unmapped", "unknown", "unknown", False)


def test_the_users_rows_win_and_the_rest_stays() -> None:
    path = overlay("our_promise,right_party,promise,BPTP|ptp", "visit,third_party,none,Besuch")
    assert classify_spelling("B-P-T-P", path) == ("our_promise", "right_party", "promise", True)
    assert classify_spelling("PTP", path) == ("our_promise", "right_party", "promise", True)
    assert classify_spelling("Promise to pay", path) == ("ptp", "right_party", "promise", True)
    assert classify_spelling("BESUCH", path)[0] == "visit"


def test_a_blank_beside_the_name_of_an_outcome_makes_no_second_outcome() -> None:
    assert classify_spelling("PTP", overlay(" ptp ,right_party,promise,")) == classify_spelling("PTP")


@pytest.mark.parametrize("classes", ["unknown,unknown", "right_party,unknown", "unknown,none"])
def test_a_row_with_a_class_that_is_not_filled_in_names_its_spellings_and_maps_none(classes: str) -> None:
    path = overlay(f"our_name,{classes},BPTP|PTP")
    assert classify_spelling("B-P-T-P", path) == ("our_name", "unknown", "unknown", False)
    assert classify_spelling("PTP", path) == ("our_name", "unknown", "unknown", False)


def test_every_row_of_the_shipped_map_is_filled_in() -> None:
    assert [outcome for outcome in OutcomeMap.load().by_key.values() if not outcome.is_filled_in] == []


def test_an_empty_overlay_changes_nothing_and_a_row_changes_the_version() -> None:
    assert OutcomeMap.load(overlay()).version == OutcomeMap.load().version
    assert OutcomeMap.load(overlay("x,machine,none,y")).version != OutcomeMap.load().version


def test_the_version_does_not_depend_on_the_order_of_rows() -> None:
    first = OutcomeMap.load(overlay("x,machine,none,y", "z,machine,none,w")).version
    assert OutcomeMap.load(overlay("z,machine,none,w", "x,machine,none,y")).version == first


def test_a_file_that_a_spreadsheet_saved_with_a_byte_order_mark_is_read() -> None:
    assert classify_spelling("y", overlay("x,machine,none,y", encoding="utf-8-sig"))[0] == "x"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["x,somebody,none,y"], ["line 2", "contact_class 'somebody' is unknown", "right_party"]),
        (["x,machine,sometimes,y"], ["line 2", "result_class 'sometimes' is unknown", "promise"]),
        (["x,machine,none,A B", "y,machine,none,a-b"], ["'ab'", "x, machine", "line 2", "y, machine", "line 3"]),
        (["x,machine,none,y", "X2,machine,none,x"], ["'x'", "line 2", "X2, machine", "line 3"]),
        (["x,machine,none,y", "x,right_party,refusal,z"], ["x, machine", "line 2", "x, right_party", "line 3"]),
        (["x,machine,promise,y"], ["line 2", "implies that the right person was reached"]),
        (["x,machine,none"], ["line 2", "4 columns"]),
        (["x,machine,none,y,z"], ["line 2", "4 columns"]),
        (["---,machine,none,y"], ["line 2", "no letter or digit"]),
        (["x,machine,none,y|--"], ["line 2", "no letter or digit"]),
    ],
)
def test_a_bad_file_is_one_sentence_that_names_the_rows(lines: list[str], words: list[str]) -> None:
    with pytest.raises(OutcomeMapError) as caught:
        OutcomeMap.load(overlay(*lines))
    assert [word for word in [*words, "outcomes.csv"] if word not in str(caught.value)] == []
    assert "\n" not in str(caught.value)


def test_a_wrong_header_a_missing_file_and_another_encoding_are_said() -> None:
    with pytest.raises(OutcomeMapError, match=f"line 1: the header must be {HEADER}"):
        OutcomeMap.load(overlay(header="outcome,class"))
    with pytest.raises(OutcomeMapError, match=r"there is no file .*missing\.csv; correct CLEARGRID_OUTCOMES"):
        OutcomeMap.load(Path("missing.csv"))
    with pytest.raises(OutcomeMapError, match="UTF-8"):
        OutcomeMap.load(overlay("café,machine,none,y", encoding="latin-1"))


SPELLINGS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from('",|\n\r\t Éßİ_-=+@'), min_size=1, max_size=12
).filter(lambda words: matching_key(words) and not words.isspace())


def line_to_paste(spelling: str) -> str:
    with duckdb.connect() as connection:
        connection.execute(MACROS.read_text(encoding="utf-8"))
        ((line,),) = connection.execute("SELECT outcome_map_line(?)", [spelling]).fetchall()
    return str(line)


@pytest.mark.parametrize(
    "spelling",
    [
        '=HYPERLINK("http://example.com","pay")',
        "+971 paid",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        " = 1+1",
        "|=1+1",
        "==@-+1",
        "\u200b=1+1",
        "\uff1d1+1",
        "=-,x",
    ],
)
def test_no_cell_of_the_line_to_paste_is_a_formula_to_a_spreadsheet(spelling: str) -> None:
    line = line_to_paste(spelling)
    (cells,) = csv.reader([line])
    assert [cell for cell in cells if re.match(r"[=+\-@\uff1d\uff0b\uff0d\uff20\s]", cell)] == []
    assert classify_spelling(spelling, overlay(line))[0] == cells[0]


@settings(max_examples=120, deadline=None, derandomize=True)
@given(spelling=SPELLINGS)
def test_the_line_to_paste_maps_the_spelling_it_was_made_for(spelling: str) -> None:
    line = line_to_paste(spelling)
    assert not {"\n", "\r"} & set(line)
    outcome, *_, alias = next(csv.reader([line]))
    assert not re.match(r"[=+\-@\s]", alias)
    assert matching_key(alias) == matching_key(spelling)
    assert classify_spelling(spelling, overlay(line))[0] == outcome
    assert classify_spelling(spelling, overlay(line.replace("unknown,unknown", "machine,none")))[1:] == (
        "machine",
        "none",
        True,
    )


def test_the_version_changes_with_the_rule_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = OutcomeMap.load().version
    monkeypatch.setattr("cleargrid_assets.outcome_map.outcome_map.KEY_RULE", KEY_RULE + 1)
    assert OutcomeMap.load().version != before
