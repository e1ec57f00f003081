"""JSON out of bodies: one odd value must not cost a page, half a document must not pass for one."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleargrid_assets.client import CursorLoopError, UnexpectedAnswerError, Window
from cleargrid_assets.client.envelope import (
    Envelope,
    Page,
    UndecodableBodyError,
    decode,
    error_details,
    is_error_envelope,
    parse_page,
    parse_total,
)
from cleargrid_assets.client.pagination import CycleDetector
from cleargrid_assets.client.response import Response

DAY = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("odd", "value"),
    [
        (b"NaN", math.nan),
        (b"Infinity", math.inf),
        (b"1e400", math.inf),
        (b"1" * 6_000, math.inf),
        (b'"\\ud800"', "\ud800"),
        (b'"a\x00b"', "a\0b"),
        (b'"a\tb"', "a\tb"),
        (b'"caf\xe9"', "caf\udce9"),
    ],
)
def test_an_odd_value_costs_no_other(odd, value):
    (decoded,) = decode(b'{"odd": ' + odd + b"}").values()
    assert decoded == value or (math.isnan(value) and math.isnan(decoded))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_every_json_document_is_decoded_as_the_standard_library_does(document):
    # Integers beyond 64 bits come as floats; no field and no count of the export is one.
    assert decode(json.dumps(document).encode()) == document


@pytest.mark.parametrize("length", [1, 10, 40])
def test_a_document_that_is_cut_is_no_document(length):
    with pytest.raises(UndecodableBodyError):
        decode(b'{"code": 200, "body": {"rows": [1, 2, 3]}}'[:length])


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000])
def test_what_is_no_json_is_no_document(body):
    with pytest.raises(UndecodableBodyError):
        decode(body)


@pytest.mark.parametrize(
    ("envelope", "is_error"),
    [
        ({"code": 200}, False),
        ({"code": "200"}, False),
        ({"code": 200.0}, False),
        ({"code": None}, False),
        ({}, False),
        ([], False),
        ({"code": 500}, True),
        ({"code": True}, True),
        ({"success": False}, True),
        ({"success": True}, False),
    ],
)
def test_an_envelope_says_itself_whether_it_is_an_error(envelope, is_error):
    assert is_error_envelope(envelope) is is_error


@pytest.mark.parametrize(
    ("total", "note", "exact", "expected"),
    [
        (17, None, True, (17, True, None)),
        (0, None, True, (0, True, None)),
        (17, None, None, (17, False, None)),
        (17, None, "true", (17, False, None)),
        (1000, "capped", False, (1000, False, "capped")),
        (None, "timeout", False, (None, False, "timeout")),
        (None, "window_required", False, (None, False, "window_required")),
        (None, None, True, (None, False, "absent")),
        ("17", None, True, (None, False, "unusable")),
        (17.0, None, True, (None, False, "unusable")),
        (-1, None, True, (None, False, "unusable")),
        (True, None, True, (None, False, "unusable")),
        (17, "a token perhaps", True, (17, False, "unknown")),
        (17, {"text": 1}, True, (17, False, "unknown")),
    ],
)
def test_a_total_is_a_number_only_when_it_is_one_and_exact_only_when_it_says_so(total, note, exact, expected):
    read = parse_total({"total": total, "totalNote": note, "totalExact": exact}, None)
    assert (read.total, read.exact, read.note) == expected


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b'{"success": false, "message": "m", "requestId": "r"}', {}, ("m", "r")),
        (b'{"message": "m"}', {"x-request-id": "h"}, ("m", "h")),
        (b'{"requestId": 17}', {}, (None, "17")),
        (b'{"requestId": ["r"]}', {"x-correlation-id": "h"}, (None, "h")),
        (b"<html>", {"x-amzn-requestid": "h"}, (None, "h")),
        (b"[1]", {}, (None, None)),
        (b"", {}, (None, None)),
    ],
)
def test_reason_and_request_id_are_found_wherever_they_are(body, headers, expected):
    assert error_details(Response(500, body, headers, 0.1)) == expected


def envelope_of(request_id=None, sent_at=None, **meta):
    return Envelope({"body": {"rows": [], "pagination": {"nextCursor": None}, "meta": meta}}, request_id, sent_at)


NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
"""In the middle of `DAY`: its end is in the future."""


@pytest.mark.parametrize(
    "until",
    [
        "2026-05-01T12:00:00.000Z",  # the request's own time
        "2026-05-01T12:00:01.250Z",
        "2026-05-01T23:59:59.999Z",
        "2026-05-02T00:00:00.000Z",  # as asked
        "2026-05-01T11:59:59Z",  # whole seconds, cut off
        "2026-05-01T11:59:55.000Z",  # a clock that is a few seconds behind ours
    ],
)
def test_an_end_in_the_future_may_be_brought_forward_to_now(until):
    envelope = envelope_of(sent_at=NOON, since="2026-05-01T00:00:00Z", until=until)
    assert parse_page(envelope, DAY, is_first=True, wants_total=False).rows == []


@pytest.mark.parametrize(
    "until", ["2026-05-01T11:59:00.000Z", "2026-05-01T00:00:00.000Z", "2026-05-02T00:00:00.001Z", "2026-05-03", None]
)
def test_an_end_in_the_future_may_be_brought_forward_no_further_and_never_back(until):
    envelope = envelope_of(sent_at=NOON, since="2026-05-01T00:00:00Z", until=until)
    with pytest.raises(UnexpectedAnswerError, match="asked for until=2026-05-02T00"):
        parse_page(envelope, DAY, is_first=True, wants_total=False)


def test_an_end_in_the_past_is_echoed_as_it_was_asked_for():
    envelope = envelope_of(sent_at=NOON.replace(day=3), since="2026-05-01T00:00:00Z", until="2026-05-01T23:00:00Z")
    with pytest.raises(UnexpectedAnswerError, match="asked for until=2026-05-02T00"):
        parse_page(envelope, DAY, is_first=True, wants_total=False)


def test_a_start_in_the_future_is_echoed_as_it_was_asked_for():
    envelope = envelope_of(sent_at=NOON.replace(month=4), since="2026-04-01T12:00:01Z", until="2026-05-02T00:00:00Z")
    with pytest.raises(UnexpectedAnswerError, match="asked for since=2026-05-01T00"):
        parse_page(envelope, DAY, is_first=True, wants_total=False)


@pytest.mark.parametrize(
    "since", ["2026-05-01T00:00:00.000Z", "2026-05-01T04:00:00+04:00", "2026-05-01", "20260501T00Z"]
)
def test_an_echo_in_any_form_of_the_same_instant_is_right(since):
    page = parse_page(envelope_of(since=since, until="2026-05-02T00:00:00Z"), DAY, is_first=True, wants_total=False)
    assert page.next_cursor is None


@pytest.mark.parametrize(
    "since", ["2026-05-01T00:00:00.001Z", "2026-04-30T20:00:00Z", 1777593600000, "", None, [], "9999-99-99"]
)
def test_an_echo_of_anything_else_is_a_breach(since):
    with pytest.raises(UnexpectedAnswerError, match="asked for since=2026-05-01T00"):
        parse_page(
            envelope_of("r", since=since, until="2026-05-02T00:00:00Z"),
            DAY,
            is_first=True,
            wants_total=False,
        )


def test_a_value_nested_deeper_than_python_can_write_does_not_end_a_window():
    detector = CycleDetector()
    rows = [{"public_id": "a", "outcome_option": decode(b"[" * 1_010 + b"]" * 1_010)}]
    pages = [Page(rows, f"cursor {number}", None, None) for number in range(3)]
    assert [detector.record_page(page) for page in pages[:2]] == [True, True]
    with pytest.raises(CursorLoopError):
        detector.record_page(pages[2])
