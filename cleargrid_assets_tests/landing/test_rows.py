"""Which received rows are valid, and what happens to the others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleargrid_assets.client.envelope import decode
from cleargrid_assets.landing.rows import RowConverter
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets_tests.landing.rows_of_may import MAY, row

FIELDS = D23.field_names
convert = RowConverter(D23).convert

BAD_ROWS = [
    ({"public_id": None}, "null:public_id"),
    ({"public_id": "  "}, "blank:public_id"),
    ({"public_id": 17}, "bad_type:public_id"),
    ({"is_active": "true"}, "bad_type:is_active"),
    ({"is_active": 1}, "bad_type:is_active"),
    ({"is_ptp_broken": None}, "null:is_ptp_broken"),
    ({"is_ptp_broken": float("nan")}, "bad_type:is_ptp_broken"),
    ({"is_ptp_broken": float("inf")}, "bad_type:is_ptp_broken"),
    ({"communicated_at": "yesterday"}, "unparsable:communicated_at"),
    ({"communicated_at": "2026-02-30T00:00:00.000Z"}, "unparsable:communicated_at"),
    ({"communicated_at": "2026-05-21T12:05:44"}, "unparsable:communicated_at"),
    ({"created_at": "0000-01-01T00:00:00Z"}, "unparsable:created_at"),
    ({"created_at": 1747000000}, "bad_type:created_at"),
    ({"communicated_at": "2026-06-01T00:00:00.000Z"}, "outside_window:communicated_at"),
    ({"communicated_at": "2026-04-30T23:59:59.999Z"}, "outside_window:communicated_at"),
    ({"outcome_option": "PT\0P"}, "nul_character:outcome_option"),
    ({"outcome_option": "\ud800"}, "not_unicode:outcome_option"),
    ({"outcome_option": "é" * 1_001}, "too_long:outcome_option"),
    ({"outcome_option": {"value": "PTP"}}, "bad_type:outcome_option"),
]


@pytest.mark.parametrize(("changed", "reason"), BAD_ROWS, ids=[reason for _, reason in BAD_ROWS])
def test_a_bad_row_is_set_aside_with_its_reason_and_costs_no_other_row(changed, reason):
    rows = [row(number) for number in range(1, 100)]
    rows[40] = row(41, **changed)
    batch = convert(rows, MAY)
    assert batch.rows.num_rows == 98
    assert [bad.reasons for bad in batch.quarantined] == [(reason,)]


@pytest.mark.parametrize("field", FIELDS)
def test_a_row_without_a_documented_field_is_set_aside(field):
    incomplete = {name: value for name, value in row().items() if name != field}
    (bad,) = convert([incomplete], MAY).quarantined
    assert bad.reasons == (f"missing:{field}",)


def test_all_reasons_against_a_row_are_named():
    (bad,) = convert([row(is_active="yes", created_at="never")], MAY).quarantined
    assert bad.reasons == ("bad_type:is_active", "unparsable:created_at")


@pytest.mark.parametrize("thing", [None, "text", 7, ["row"]])
def test_what_is_no_object_is_set_aside_and_its_content_is_not_kept(thing):
    (bad,) = convert([thing], MAY).quarantined
    assert (bad.public_id, bad.reasons, bad.row) == (None, ("not_an_object",), "null")


def test_a_quarantined_row_keeps_its_nine_fields_and_nothing_else():
    (bad,) = convert([row(5, is_active="true", phone="+971 50 000 0000")], MAY).quarantined
    assert json.loads(bad.row) == row(5, is_active="true")
    assert bad.public_id == f"{5:024x}"


SPOKEN = "call +971 50 123 4567 after five, ask for Ahmed"
SHORTENED = [
    ("outcome_option", SPOKEN, {"type": "text", "length": 47, "starts": "call"}),
    ("outcome_option", "+971501234567", {"type": "text", "length": 13, "starts": "+971"}),
    ("outcome_option", "Ahmed", {"type": "text", "length": 5, "starts": "Ahme"}),
    ("outcome_option", "AHMED ALI", {"type": "text", "length": 9, "starts": "AHME"}),
    ("outcome_option", "A_VALUE_LONGER_THAN_ANY_OF_A_VOCABULARY", {"type": "text", "length": 39, "starts": "A_VA"}),
    ("outcome_option", 971501234567, {"type": "number", "length": 12, "starts": "9715"}),
    ("outcome_option", 24.1234567, {"type": "number", "length": 10, "starts": "24.1"}),
    ("outcome_option", float("nan"), {"type": "number", "length": 3, "starts": "nan"}),
    ("outcome_option", 10**400, {"type": "number", "length": 401, "starts": "1000"}),
    ("outcome_option", {"value": "PTP", SPOKEN: SPOKEN}, {"type": "object", "size": 2}),
    ("outcome_option", [SPOKEN, {"note": SPOKEN}, 7], {"type": "array", "size": 3}),
    ("public_id", SPOKEN, {"type": "text", "length": 47, "starts": "call"}),
    ("public_id", "971501234567", {"type": "text", "length": 12, "starts": "9715"}),
    ("communicated_at", SPOKEN, {"type": "text", "length": 47, "starts": "call"}),
    ("communicated_at", "2026-05-21 call Ahmed", {"type": "text", "length": 21, "starts": "2026"}),
    ("communicated_at", "664a1b2c3d4e5f6071829abc", {"type": "text", "length": 24, "starts": "664a"}),
    ("created_at", 1_747_000_000_000, {"type": "number", "length": 13, "starts": "1747"}),
    ("is_active", "perhaps", {"type": "text", "length": 7, "starts": "perh"}),
]


@pytest.mark.parametrize(("field", "value", "kept"), SHORTENED)
def test_of_a_value_that_is_neither_an_id_nor_an_instant_quarantine_keeps_what_it_is_and_a_few_characters(
    field, value, kept
):
    (bad,) = convert([row(2, **{"is_ptp_broken": "no", field: value})], MAY).quarantined
    assert json.loads(bad.row) == row(2, **{"is_ptp_broken": "no", field: kept})


AS_SENT = [
    ("public_id", "664a1b2c3d4e5f6071829abc"),
    ("public_id", "9b2f6a1e-6f0c-4c53-9a56-3b8f0a7c1d2e"),
    ("communicated_at", "2026-02-30T00:00:00.000Z"),
    ("communicated_at", "2026-05-21T12:05:44"),
    ("created_at", "0000-01-01T00:00:00Z"),
    ("created_at", "2026-05-21 12:05:44.123456+04:00"),
    ("updated_at", "2026-05-21"),
    ("outcome_option", "NO_ANSWER"),
    ("outcome_option", "ptp"),
    ("outcome_option", ""),
    ("outcome_option", None),
    ("outcome_option", True),
    ("outcome_option", 17),
    ("is_active", "true"),
    ("is_active", 0.5),
]


@pytest.mark.parametrize(("field", "value"), AS_SENT)
def test_ids_instants_and_short_words_of_a_vocabulary_are_quarantined_as_sent(field, value):
    (bad,) = convert([row(2, **{"is_ptp_broken": "no", field: value})], MAY).quarantined
    assert json.loads(bad.row) == row(2, **{"is_ptp_broken": "no", field: value})


def test_text_in_place_of_an_id_is_nowhere_in_a_quarantined_row():
    (bad,) = convert([row(public_id=SPOKEN, is_active="no")], MAY).quarantined
    assert bad.public_id is None
    assert "971" not in repr(bad)


def test_a_value_nested_deeper_than_python_can_write_costs_its_row_alone():
    nested = decode(b"[" * 1_010 + b"]" * 1_010)
    (bad,) = convert([row(1), row(2, outcome_option=nested)], MAY).quarantined
    assert bad.reasons == ("bad_type:outcome_option",)
    assert json.loads(bad.row) == row(2, outcome_option={"type": "array", "size": 1})


def test_names_of_unknown_fields_are_told_and_their_values_are_not():
    batch = convert([row(1), row(2, phone="+971 50 000 0000")], MAY)
    assert batch.unknown_fields == {"phone"}
    assert "971" not in repr(batch)


def test_a_text_of_a_thousand_characters_lands_however_many_bytes_it_has():
    batch = convert([row(1, outcome_option="é" * 1_000)], MAY)
    assert batch.quarantined == ()
    assert batch.rows["outcome_option"].to_pylist() == ["é" * 1_000]


def test_a_null_channel_source_or_outcome_lands_as_null():
    batch = convert([row(communication_type=None, interaction_source=None, outcome_option=None)], MAY)
    assert batch.rows.num_rows == 1
    assert batch.rows["outcome_option"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("text", "landed"),
    [
        ("2026-05-21T12:05:44.000Z", "2026-05-21T12:05:44.000000"),
        ("2026-05-21T12:05:44.123Z", "2026-05-21T12:05:44.123000"),
        ("2026-05-21T12:05:44Z", "2026-05-21T12:05:44.000000"),
        ("2026-05-21T16:05:44.500+04:00", "2026-05-21T12:05:44.500000"),
    ],
)
def test_an_instant_lands_as_the_same_instant_in_utc(text, landed):
    (instant,) = convert([row(communicated_at=text)], MAY).rows["communicated_at"].to_pylist()
    assert instant.isoformat(timespec="microseconds") == landed


def test_the_window_includes_its_start_and_excludes_its_end():
    first, last = "2026-05-01T00:00:00.000Z", "2026-05-31T23:59:59.999Z"
    assert convert([row(1, communicated_at=first), row(2, communicated_at=last)], MAY).rows.num_rows == 2


MAX_KEPT_LENGTH = 1_000
"""Characters of nine shortened values."""


def fail(constant):
    """No strict reader of JSON knows NaN."""
    raise AssertionError(constant)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.characters(categories=["Cs"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
ROWS = st.lists(
    JSON_VALUES
    | st.builds(lambda changed: row(1, **changed), st.dictionaries(st.sampled_from(list(FIELDS)), JSON_VALUES)),
    max_size=12,
)


@given(ROWS)
def test_whatever_is_received_is_landed_or_quarantined_with_a_reason(rows):
    batch = convert(rows, MAY)
    assert batch.rows.num_rows + len(batch.quarantined) == len(rows)
    assert all(bad.reasons for bad in batch.quarantined)
    for bad in batch.quarantined:
        json.loads(bad.row, parse_constant=fail)
        assert len(bad.row) < MAX_KEPT_LENGTH
