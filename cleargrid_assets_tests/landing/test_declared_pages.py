"""A page is decoded and converted fast only if the result is exactly that of the slow path, whatever the page holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleargrid_assets.client import ClearGridError
from cleargrid_assets.client.declared_pages import page_decoder
from cleargrid_assets.client.envelope import Envelope, decode, parse_page
from cleargrid_assets.client.errors import CursorLoopError
from cleargrid_assets.client.pagination import CycleDetector
from cleargrid_assets.client.redaction import Redactor
from cleargrid_assets.client.response import Response
from cleargrid_assets.client.retry import FailedAttempt
from cleargrid_assets.client.status import classify
from cleargrid_assets.landing.rows import RowConverter
from cleargrid_assets.tables.d21 import D21
from cleargrid_assets.tables.d23 import D23
from cleargrid_assets_tests.landing.rows_of_may import MAY, row

SENT_AT = datetime(2026, 11, 1, tzinfo=UTC)
COMMUNICATION = {
    "public_id": f"{1:024x}",
    "communication_type": "CALL",
    "direction": "OUTBOUND",
    "from": "+971 4 000 0000",
    "to": "+971 50 000 0000",
    "subject": None,
    "status": "ANSWERED",
    "duration": 61.5,
    "communicated_at": "2026-05-21T12:05:44.000Z",
    "created_at": "2026-05-21T12:06:00.512Z",
    "updated_at": "2026-05-21T12:06:00.512Z",
}
GOOD = {D23: row(), D21: COMMUNICATION}
CONVERTERS = {dataset: RowConverter(dataset) for dataset in GOOD}


def outcome(converter, body, decode_page):
    """Everything that is made of one answer: its error, or its page with the batch of its rows."""
    response = Response(HTTPStatus.OK, body, {}, 0.1, SENT_AT)
    try:
        envelope = classify(response, Redactor(), decode_page=decode_page)
        if isinstance(envelope, FailedAttempt):
            return type(envelope.error), str(envelope.error)
        page = parse_page(envelope, MAY, is_first=True, wants_total=True)
    except ClearGridError as error:
        return type(error), str(error)
    batch = converter.convert(page.rows, MAY)
    columns = [batch.rows.schema, *(column.to_pylist() for column in batch.rows.columns)]
    return (
        len(page.rows),
        page.next_cursor,
        page.total,
        page.request_id,
        columns,
        batch.quarantined,
        batch.unknown_fields,
    )


def is_fast(converter, body):
    rows = page_decoder(converter.row_type)(body)["body"]["rows"]
    return {type(each) for each in rows} == {converter.row_type}


def require_agreement(dataset, body):
    converter = CONVERTERS[dataset]
    assert outcome(converter, body, page_decoder(converter.row_type)) == outcome(converter, body, decode)


def json_object(members):
    """JSON from pairs of names and JSON texts, which may repeat names, as bytes."""
    return b"{" + b",".join(name + b":" + value for name, value in members) + b"}"


def members(document):
    return [(json.dumps(name).encode(), json.dumps(value).encode()) for name, value in document.items()]


def page_of(rows, *, pagination=b'{"nextCursor":null,"total":3,"totalExact":true}', body=(), envelope=()):
    meta = b'{"since":"2026-05-01T00:00:00.000Z","until":"2026-06-01T00:00:00.000Z","tenantPathKind":"via"}'
    inner = [(b'"rows"', b"[" + b",".join(rows) + b"]"), (b'"pagination"', pagination), (b'"meta"', meta), *body]
    return json_object([(b'"code"', b"200"), (b'"errors"', b"[]"), (b'"body"', json_object(inner)), *envelope])


ODD_NUMBERS = [
    *(b"0", b"-0", b"-0.0", b"1", b"01", b"1.", b".5", b"+1", b"1.5", b"1e5", b"1E400", b"-1e400", b"1e-400", b"0.1"),
    *(b"9007199254740993", b"-9007199254740993", b"9223372036854775807", b"9223372036854775808", b"5e-324"),
    *(b"18446744073709551616", b"1" * 400, b"1" * 5_000, b"NaN", b"Infinity", b"-Infinity", b"1779365144000"),
]
ODD_TEXTS = [
    *(b'""', b'" "', b'"PTP"', b'"17"', b'"true"', b'"null"', b'"\\u0000"', b'"a\x00b"', b'"a\tb"', b'"\\u2003"'),
    *(b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"', b'"\xf0\x9f\x98\x80"', b'"\xed\xa0\x80"', b'"\\u12"'),
    *(b'"\xc0\xaf"', b'"caf\xe9"', b'"\\x"', b'"\xe2\x80\xa8"', b"'x'", b'"x'),
    *(b'"' + b"x" * 1_000 + b'"', b'"' + b"x" * 1_001 + b'"', b'"' + b"\xc3\xa9" * 1_000 + b'"'),
    b'"' + b"\xc3\xa9" * 1_001 + b'"',
]
ODD_INSTANTS = [
    *(b'"2026-05-21T12:05:44.000Z"', b'"2026-05-21T12:05:44Z"', b'"2026-05-21T12:05:44"', b'"2026-05-21"'),
    *(b'"2026-05-21 12:05:44Z"', b'"2026-05-21T12:05:44.1Z"', b'"2026-05-21T12:05:44.123456Z"', b'"2026-05-21T12:05Z"'),
    *(b'"2026-05-21T12:05:44.123456789Z"', b'"2026-05-21T16:05:44.500+04:00"', b'"2026-05-21T12:05:44+0400"'),
    *(b'"2026-02-30T00:00:00Z"', b'"2026-05-21T24:00:00Z"', b'"2026-05-21T12:05:60Z"', b'"0000-01-01T00:00:00Z"'),
    *(b'"9999-12-31T23:59:59Z"', b'"1969-12-31T23:59:59.999Z"', b'"2262-01-01T00:00:00Z"', b'"2026-06-01T00:00:00Z"'),
    *(
        b'"2026-05-21T12:05:44.000Z\\u0000"',
        b'" 2026-05-21T12:05:44.000Z"',
        b'"+2026-05-21T00:00:00Z"',
        b'"1779365144"',
    ),
]
ODD_JSON = [
    *(
        *ODD_NUMBERS,
        *ODD_TEXTS,
        *ODD_INSTANTS,
        b"null",
        b"true",
        b"false",
        b"[]",
        b"{}",
        b"[1,]",
        b'{"a":1}',
        b"",
        b"tru",
    ),
    *(b'[["public_id","x"]]', b"/**/1", b"[" * 500 + b"]" * 500, b"[" * 1_010 + b"]" * 1_010, b"[" * 100_000),
    b"[" * 5_000 + b"]" * 5_000,
]
ODD_NAMES = [
    b'""',
    b'"phone"',
    b'"public\\u005fid"',
    b'"PUBLIC_ID"',
    b'"\xff"',
    b'"\\ud800"',
    b'"a\\u0000"',
    b"phone",
    b"1",
]

ENVELOPE_KEYS = [b'"code"', b'"success"', b'"message"', b'"requestId"', b'"body"']
BODY_KEYS = [b'"rows"', b'"pagination"', b'"meta"']
PAGINATION_KEYS = [b'"nextCursor"', b'"total"', b'"totalExact"', b'"totalNote"']

VALUES = st.sampled_from(ODD_JSON) | st.text().map(lambda text: json.dumps(text).encode()) | st.binary(max_size=6)
FLOATS = st.floats().map(lambda number: repr(number).encode()) | st.integers().map(lambda number: str(number).encode())


@st.composite
def hostile_rows(draw, dataset):
    """A row whose fields are odd, missing, repeated, reordered or unknown; sometimes no object at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(VALUES)
    fields = members(GOOD[dataset])
    names = [name for name, _ in fields]
    changes = st.tuples(st.sampled_from([*names, *ODD_NAMES]), VALUES | FLOATS)
    for name, value in draw(st.lists(changes, max_size=3)):
        position = names.index(name) if name in names and draw(st.booleans()) else len(fields)
        fields[position : position + 1] = [(name, value)]
    if draw(st.integers(0, 4)) == 0:
        del fields[draw(st.integers(0, len(fields) - 1))]
    return json_object(draw(st.permutations(fields)) if draw(st.booleans()) else fields)


@st.composite
def hostile_pages(draw, dataset):
    """A page of few rows, most of them good, whose envelope may be odd, too."""
    good = st.just(json_object(members(GOOD[dataset])))
    rows = draw(st.lists(good | hostile_rows(dataset), max_size=4))

    def extra(names, most):
        return draw(st.just([]) | st.lists(st.tuples(st.sampled_from([*names, *ODD_NAMES]), VALUES), max_size=most))

    pagination = json_object([(b'"nextCursor"', b"null"), *extra(PAGINATION_KEYS, 3)])
    whole = page_of(rows, pagination=pagination, body=extra(BODY_KEYS, 1), envelope=extra(ENVELOPE_KEYS, 2))
    if draw(st.integers(0, 9)):
        return whole
    cut = draw(st.integers(0, len(whole)))
    return whole[:cut] + draw(st.binary(max_size=3)) + draw(st.sampled_from([b"", whole[cut:]]))


@pytest.mark.parametrize("dataset", GOOD, ids=["D23", "D21"])
@settings(max_examples=200)
@given(data=st.data())
def test_a_hostile_page_gives_what_the_slow_path_gives(dataset, data):
    require_agreement(dataset, data.draw(hostile_pages(dataset)))


@pytest.mark.parametrize("dataset", GOOD, ids=["D23", "D21"])
def test_an_odd_value_in_any_field_gives_what_the_slow_path_gives(dataset):
    good = members(GOOD[dataset])
    for number, (name, _) in enumerate(good):
        for odd in ODD_JSON:
            changed = [*good[:number], (name, odd), *good[number + 1 :]]
            require_agreement(dataset, page_of([json_object(good), json_object(changed)]))
            require_agreement(dataset, page_of([json_object([*good, (name, odd)])]))  # the name comes twice


@pytest.mark.parametrize("place", ["pagination", "body", "envelope"])
@pytest.mark.parametrize("name", [*ENVELOPE_KEYS, *BODY_KEYS, *PAGINATION_KEYS, b'"unknown"'])
def test_an_odd_value_in_the_envelope_gives_what_the_slow_path_gives(place, name):
    for odd in [*ODD_JSON, page_of([])]:
        extra = [(name, odd)]
        if place == "pagination":
            require_agreement(
                D23,
                page_of([json_object(members(row()))], pagination=json_object([(b'"nextCursor"', b"null"), *extra])),
            )
        else:
            require_agreement(D23, page_of([json_object(members(row()))], **{place: extra}))


@pytest.mark.parametrize(
    "around", [(b"\xef\xbb\xbf", b""), (b"", b"\n"), (b"", b"x"), (b"", b"\0"), (b"[", b"]"), (b" ", b"{}")]
)
def test_bytes_around_the_envelope_give_what_the_slow_path_gives(around):
    before, after = around
    require_agreement(D23, before + page_of([json_object(members(row()))]) + after)


@pytest.mark.parametrize("dataset", GOOD, ids=["D23", "D21"])
def test_a_page_of_good_rows_is_decoded_fast(dataset):
    nullable = {column.name: None for column in dataset.fields if column.nullable}
    rows = [GOOD[dataset], {**GOOD[dataset], **nullable}, dict(reversed(GOOD[dataset].items()))]
    body = page_of([json_object(members(each)) for each in rows], envelope=[(b'"unknown"', b'{"a":[1]}')])
    assert is_fast(CONVERTERS[dataset], body)
    require_agreement(dataset, body)


def test_a_page_without_personal_fields_is_decoded_fast():
    landed = {name: COMMUNICATION[name] for name in D21.field_names}
    assert is_fast(CONVERTERS[D21], page_of([json_object(members(landed))]))


def test_personal_fields_of_a_page_decoded_fast_are_in_no_row_that_is_set_aside():
    body = page_of([json_object(members({**COMMUNICATION, "public_id": " ", "subject": "Ahmed owes"}))])
    assert is_fast(CONVERTERS[D21], body)
    batch = CONVERTERS[D21].convert(page_decoder(CONVERTERS[D21].row_type)(body)["body"]["rows"], MAY)
    assert [bad.reasons for bad in batch.quarantined] == [("blank:public_id",)]
    assert "971" not in repr(batch)
    assert "Ahmed" not in repr(batch)


@pytest.mark.parametrize("dataset", GOOD, ids=lambda dataset: dataset.code)
@pytest.mark.parametrize("is_declared", [True, False], ids=["declared", "as received"])
def test_a_page_that_comes_again_under_new_cursors_is_detected_in_either_form(dataset, is_declared):
    decode_page = page_decoder(CONVERTERS[dataset].row_type) if is_declared else decode
    detector = CycleDetector()
    bodies = [
        page_of([json_object(members(GOOD[dataset]))], pagination=b'{"nextCursor":"%d"}' % number)
        for number in range(3)
    ]
    first, second, third = (
        parse_page(Envelope(decode_page(body), None), MAY, is_first=True, wants_total=False) for body in bodies
    )
    assert detector.record_page(first)
    assert detector.record_page(second)
    with pytest.raises(CursorLoopError, match="the same page came 3 times"):
        detector.record_page(third)
